import Glibc
package import Measuring

/// A scenario under way: its options, its folder, and which of its bounds held.
package final class LimitRun {
  let options: [String: Int]
  /// Removed in the end, unless a bound was broken.
  package let folder: String
  private let binary: String
  private var broken: [String] = []

  package init(_ options: [String: Int]) throws(MeasuringFailure) {
    self.options = options
    binary = Self.variable("MILLRACE") ?? ".build/release/millrace"
    var template = Array("\(Self.variable("TMPDIR") ?? "/tmp")/millrace-limits-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw MeasuringFailure("no folder can be made: error \(errno)") }
    folder = String(cString: made)
    // The server inherits the limit: both need as many descriptors as there are.
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    signal(SIGPIPE, SIG_IGN)
  }

  private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  var dataFolder: String { "\(folder)/data" }

  subscript(option: String) -> Int { options[option] ?? 0 }

  /// A server on the run's folder. `kafka` keeps an address over a restart.
  func start(_ settings: [String] = [], kafka: String = "127.0.0.1:0") throws(MeasuringFailure) -> ServerProcess {
    try ServerProcess(binary, data: dataFolder, log: "\(folder)/log", kafka: kafka, settings: settings)
  }

  // MARK: Bounds

  /// Notes whether `value` is at most `most`.
  package func bound(_ what: String, _ value: Double, atMost most: Double, _ unit: String = "") {
    note(what, value <= most, "\(Number.text(value)) <= \(Number.text(most))\(unit.isEmpty ? "" : " " + unit)")
  }

  /// Notes whether `value` is at least `least`.
  package func bound(_ what: String, _ value: Double, atLeast least: Double, _ unit: String = "") {
    note(what, value >= least, "\(Number.text(value)) >= \(Number.text(least))\(unit.isEmpty ? "" : " " + unit)")
  }

  /// Notes whether a server that was stopped ended in order; a signal stands as a negative code.
  func bound(exitCode code: Int32) { note("exit code", code == 0, "\(code)") }

  private func note(_ what: String, _ holds: Bool, _ comparison: String) {
    tell("\(holds ? "holds " : "BROKEN") \(what): \(comparison)")
    if !holds { broken.append(what) }
  }

  package func tell(_ line: String) {
    print(line)
    fflush(nil)
  }

  /// Says what was broken and tidies up. True: nothing was.
  package func finish() -> Bool {
    guard broken.isEmpty else {
      tell("\(broken.count) bounds broken: \(broken.joined(separator: ", ")); the server's log is \(folder)/log")
      return false
    }
    FolderTree.remove(folder)
    return true
  }
}
