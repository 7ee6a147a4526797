import Glibc
import Measuring

/// Processor time of the server, of the whole machine and of this program, from one moment on.
struct ProcessorMeter {
  /// Seconds.
  struct Reading {
    /// The server's user and system time; zero where its process is not known.
    var user = 0.0
    var system = 0.0
    /// What the whole machine used beside this program: the server, and what the kernel did in nobody's name.
    var besideUs = 0.0

    var server: Double { user + system }
  }

  private let process: Int32?
  private let begin: Reading

  init(process: Int32?) {
    self.process = process
    begin = Self.reading(process)
  }

  /// What was used since this meter was made.
  func used() -> Reading {
    let now = Self.reading(process)
    return Reading(
      user: now.user - begin.user, system: now.system - begin.system, besideUs: now.besideUs - begin.besideUs)
  }

  private static func reading(_ process: Int32?) -> Reading {
    var reading = Reading()
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    if let process, let used = ProcessFacts.processorSeconds(of: process) {
      (reading.user, reading.system) = used
    }
    // user, nice, system, idle, waiting for the disk, interrupts, soft interrupts
    let machine = contents("/proc/stat").split(separator: "\n").first?.split(separator: " ").dropFirst() ?? []
    let busy = [0, 1, 2, 5, 6].reduce(0.0) { sum, place in
      sum + (machine.dropFirst(place).first.flatMap { Double($0) } ?? 0)
    }
    var own = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &own)
    reading.besideUs = busy / ticks - seconds(own.ru_utime) - seconds(own.ru_stime)
    return reading
  }

  private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

  private static func contents(_ path: String) -> String {
    let file = open(path, O_RDONLY)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 4_096)
    let count = read(file, &bytes, bytes.count)
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : ""
  }
}
