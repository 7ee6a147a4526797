/// The tracer: it makes system calls of the release binary fail, wait or kill.
enum Tracing {
  /// Whether a process may be traced here and its calls be changed.
  static let isAllowed: Bool = {
    guard let strace = Tools.strace, let scratch = try? Scratch() else { return false }
    return (try? run([strace, "-qq", "-o", "/dev/null", "true"], scratch: scratch).code) == 0
  }()

  /// Starts a server whose calls of the name are changed as `how` says: `error=EIO`, `signal=SIGKILL`; `when` counts them
  /// for each thread, and with `path` only those on that file. The tracer is a process beside the server, which stays the
  /// test's child.
  static func wrapper(
    _ call: String, _ how: String, when: String, path: String? = nil, log: String = "/dev/null"
  ) throws -> [String] {
    guard let strace = Tools.strace else { throw ChildFailure("no strace") }
    let injection = ["-e", "trace=\(call)", "-e", "inject=\(call):\(how):when=\(when)"]
    return [strace, "-D", "-f", "-qq", "-o", log] + (path.map { ["-P", $0] } ?? []) + injection
  }

  /// Changes calls of a server that runs, until the tracer is told to end. Returns when it has begun.
  static func attach(_ server: RunningServer, _ call: String, _ how: String, scratch: Scratch) throws -> Child {
    guard let strace = Tools.strace else { throw ChildFailure("no strace") }
    let command = [
      strace, "-f", "-p", "\(server.child.pid)", "-o", "/dev/null", "-e", "trace=\(call)", "-e",
      "inject=\(call):\(how)",
    ]
    let tracer = try Child(["sh", "-c", "exec \"$@\" 2>&1", "sh"] + command, scratch: scratch)
    guard let line = try tracer.output.line(within: 30), line.contains("attached") else {
      throw ChildFailure("strace does not attach")
    }
    return tracer
  }
}
