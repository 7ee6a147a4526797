import Glibc

/// Why a server could not be measured.
package struct MeasuringFailure: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// A server in a process of its own, started from its binary on a folder. Used by one thread.
package final class ServerProcess {
  package let process: Int32
  /// Where it accepts Kafka clients, as `host:port`.
  package let address: String
  /// From the start to the line that says it accepts clients, in milliseconds.
  package let startMs: Double
  private let output: Int32
  private var hasEnded = false

  /// Starts `binary serve` on `data` with `settings`; its log goes to the file `log`. Waits until it accepts clients, at
  /// most `patience` seconds.
  package init(
    _ binary: String, data: String, log: String, kafka: String = "127.0.0.1:0", settings: [String] = [],
    patience: Int = 300
  ) throws(MeasuringFailure) {
    var arguments = [binary, "serve", "--data", data, "--kafka", kafka]
    for setting in settings { arguments += ["--set", setting] }
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw MeasuringFailure("no pipe: error \(errno)") }
    let (readEnd, writeEnd) = (ends[0], ends[1])
    _ = fcntl(readEnd, F_SETFD, FD_CLOEXEC)
    _ = fcntl(writeEnd, F_SETFD, FD_CLOEXEC)
    let began = nanoseconds()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, writeEnd, 1)
    posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    defer { for word in words { free(word) } }
    words.append(nil)
    var made = pid_t()
    let code = posix_spawn(&made, binary, &actions, nil, words, environ)
    close(writeEnd)
    guard code == 0 else {
      close(readEnd)
      throw MeasuringFailure("\(binary) cannot be started: error \(code)")
    }
    process = made
    output = readEnd
    do throws(MeasuringFailure) {
      address = try Self.readyAddress(readEnd, patience: patience)
    } catch {
      kill(made, SIGKILL)
      waitpid(made, nil, 0)
      close(readEnd)
      throw MeasuringFailure("\(binary): \(error); its log is \(log)")
    }
    startMs = Double(nanoseconds() - began) / 1e6
  }

  deinit { killNow() }

  private static func readyAddress(_ output: Int32, patience: Int) throws(MeasuringFailure) -> String {
    var text = ""
    let deadline = nanoseconds() + Int64(patience) * 1_000_000_000
    while true {
      if let line = text.split(separator: "\n").first(where: { $0.hasPrefix("millrace ready") }),
        text.hasSuffix("\n"),
        let word = line.split(separator: " ").first(where: { $0.hasPrefix("kafka=") }),
        let first = word.dropFirst(6).split(separator: ",").first
      {
        return String(first)
      }
      var entry = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      let left = (deadline - nanoseconds()) / 1_000_000
      guard left > 0, poll(&entry, 1, Int32(clamping: left)) > 0 else {
        throw MeasuringFailure("not ready in \(patience) s")
      }
      var bytes = [UInt8](repeating: 0, count: 4096)
      let count = read(output, &bytes, bytes.count)
      guard count > 0 else { throw MeasuringFailure("it ended before it was ready") }
      text += String(decoding: bytes[..<count], as: UTF8.self)
    }
  }

  /// What the system says of it; fails when it is dead.
  package func facts() throws(MeasuringFailure) -> ProcessFacts {
    guard let facts = ProcessFacts(of: process) else { throw MeasuringFailure("the server has died") }
    return facts
  }

  /// Ends it without a warning.
  package func killNow() {
    guard !hasEnded else { return }
    hasEnded = true
    kill(process, SIGKILL)
    waitpid(process, nil, 0)
    close(output)
  }

  /// Asks it to stop and waits for it. Answers what that took in milliseconds, and its exit code (negative: a signal).
  package func stop() -> (ms: Double, code: Int32) {
    guard !hasEnded else { return (0, 0) }
    hasEnded = true
    let began = nanoseconds()
    kill(process, SIGTERM)
    var status: Int32 = 0
    waitpid(process, &status, 0)
    close(output)
    let signal = status & 0x7f
    return (Double(nanoseconds() - began) / 1e6, signal == 0 ? (status >> 8) & 0xff : -signal)
  }
}
