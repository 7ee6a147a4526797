import Glibc
import TestFixtures

/// The release binary as a child, serving a folder.
final class RunningServer {
  /// `host:port` for Kafka clients.
  let bootstrap: String
  /// `host:port` of metrics and health.
  let http: String
  /// From the start of the process to the line that says it is ready.
  let startTime: Duration
  let child: Child
  let scratch: Scratch

  /// Starts on `folder`; `port` 0 chooses a free one. `wrapper` is a program, with its arguments, that starts it.
  init(
    folder: String, port: UInt16 = 0, settings: [String] = [], wrapper: [String] = [], scratch: Scratch
  ) throws {
    self.scratch = scratch
    let began = ContinuousClock.now
    let flags = settings.flatMap { ["--set", $0] }
    child = try Child(
      wrapper + [
        Tools.millrace, "serve", "--data", folder, "--kafka", "127.0.0.1:\(port)", "--http", "127.0.0.1:0",
      ] + flags, scratch: scratch)
    var ready = ""
    while ready.isEmpty, let line = try child.output.line(within: 30) {
      if line.hasPrefix("millrace ready") { ready = line }
    }
    startTime = ContinuousClock.now - began
    let words = ready.split(separator: " ")
    guard let kafka = words.first(where: { $0.hasPrefix("kafka=") })?.dropFirst(6),
      let http = words.first(where: { $0.hasPrefix("http=") })?.dropFirst(5)
    else {
      child.signal(SIGTERM)
      throw StartFailure(code: child.wait(), errors: child.errors)
    }
    bootstrap = String(kafka)
    self.http = String(http)
  }

  /// What `/metrics` shows for the sample of that name and labels.
  func metric(_ sample: String) throws -> Double? {
    let text = try HTTPClient.get(http, "/metrics")
    return text.split(whereSeparator: \.isNewline).first { $0.hasPrefix(sample + " ") }
      .flatMap { Double($0.dropFirst(sample.count + 1)) }
  }

  /// Asks for the metrics again and again until the sample has that value; whether it had within half a minute.
  func reaches(_ sample: String, _ value: Double) throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < deadline {
      if try metric(sample) == value { return true }
    }
    return false
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

/// A server that ended, or was ended, before it was ready.
struct StartFailure: Error, CustomStringConvertible {
  let code: Int32
  let errors: String

  var description: String { "the server did not start, and ended with \(code): \(errors)" }
}
