import Glibc

/// The release binary as a child, serving a folder.
final class RunningServer {
  /// `host:port` for Kafka clients.
  let bootstrap: String
  /// From the start of the process to the line that says it is ready.
  let startTime: Duration
  let child: Child
  let scratch: Scratch

  /// Starts on `folder`; `port` 0 chooses a free one.
  init(folder: String, port: UInt16 = 0, settings: [String] = [], scratch: Scratch) throws {
    self.scratch = scratch
    let began = ContinuousClock.now
    let flags = settings.flatMap { ["--set", $0] }
    child = try Child(
      [Tools.millrace, "serve", "--data", folder, "--kafka", "127.0.0.1:\(port)"] + flags, scratch: scratch)
    var found: String?
    while found == nil, let line = try child.output.line(within: 30) {
      guard line.hasPrefix("millrace ready") else { continue }
      found = line.split(separator: " ").first { $0.hasPrefix("kafka=") }.map { String($0.dropFirst(6)) }
    }
    startTime = ContinuousClock.now - began
    guard let found else { throw ChildFailure("the server did not start: \(child.errors)") }
    bootstrap = found
  }

  var port: UInt16 { bootstrap.split(separator: ":").last.flatMap { UInt16($0) } ?? 0 }

  /// Ends it as a crash does.
  func crash() {
    child.signal(SIGKILL)
    _ = child.wait()
  }

  /// Asks it to stop; its exit code.
  func stop() -> Int32 {
    child.signal(SIGTERM)
    return child.wait()
  }
}
