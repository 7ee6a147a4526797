import Glibc

/// What the system says of a process.
package struct ProcessFacts: Equatable, Sendable {
  /// Memory in use now, and the most of it so far, in bytes.
  package var resident: Int
  package var peak: Int
  package var threads: Int
  package var descriptors: Int
  /// Seconds of user and of system time.
  package var user: Double
  package var system: Double

  package var processor: Double { user + system }

  /// As of now; nil where there is no such process, or none that may be looked at.
  package init?(of process: Int32) {
    guard let status = Self.text("/proc/\(process)/status"), let times = Self.processorSeconds(of: process),
      let files = Self.entries(in: "/proc/\(process)/fd")
    else { return nil }
    self.init(status: status, descriptors: files, times: times)
  }

  /// From the text of a `status` file.
  package init?(status: String, descriptors: Int, times: (user: Double, system: Double)) {
    var values: [Substring: Int] = [:]
    for line in status.split(separator: "\n") {
      let parts = line.split(whereSeparator: { $0 == ":" || $0 == "\t" || $0 == " " })
      if parts.count > 1, let value = Int(parts[1]) { values[parts[0]] = value }
    }
    guard let resident = values["VmRSS"], let peak = values["VmHWM"], let threads = values["Threads"] else {
      return nil
    }
    self.resident = resident * 1024
    self.peak = peak * 1024
    self.threads = threads
    self.descriptors = descriptors
    (user, system) = times
  }

  /// User and system time of a process; nil where there is none.
  package static func processorSeconds(of process: Int32) -> (user: Double, system: Double)? {
    text("/proc/\(process)/stat").flatMap { processorSeconds(stat: $0) }
  }

  /// The same from the text of a `stat` file.
  package static func processorSeconds(stat text: String) -> (user: Double, system: Double)? {
    // The name, in brackets, may hold anything; behind it stand the state and numbers.
    guard let bracket = text.lastIndex(of: ")") else { return nil }
    let fields = text[bracket...].split(separator: " ")
    guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else { return nil }
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    return (user / ticks, system / ticks)
  }

  private static func text(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 8192)
    let count = read(file, &bytes, bytes.count)
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
  }

  private static func entries(in folder: String) -> Int? {
    guard let stream = opendir(folder) else { return nil }
    defer { closedir(stream) }
    var count = 0
    while readdir(stream) != nil { count += 1 }
    return max(count - 2, 0)
  }
}
