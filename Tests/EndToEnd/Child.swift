import Glibc

/// A process this test started: the only ones it ever signals.
final class Child {
  let pid: pid_t
  /// What it prints, while it runs.
  let output: LineReader
  private let inputEnd: Int32
  private let errorPath: String
  private var isInputOpen = true
  private var status: Int32?

  /// Starts `command`, found by PATH, with an own standard input that stays open until `closeInput`. `output` carries its
  /// standard output; its standard error goes to a file that `errors` shows.
  init(_ command: [String], environment: [String: String] = [:], scratch: Scratch) throws {
    errorPath = scratch.newPath("stderr")
    var input: [Int32] = [-1, -1]
    var output: [Int32] = [-1, -1]
    guard pipe2(&input), pipe2(&output) else { throw ChildFailure("no pipes: \(errno)") }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input[0], 0)
    posix_spawn_file_actions_adddup2(&actions, output[1], 1)
    posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    let settings = environment.map { "\($0.key)=\($0.value)" }
    let words = settings.isEmpty ? command : ["env"] + settings + command
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var started: pid_t = 0
    let code = posix_spawnp(&started, words[0], &actions, nil, &arguments, environ)
    close(input[0])
    close(output[1])
    guard code == 0 else {
      close(input[1])
      close(output[0])
      throw ChildFailure("\(words[0]) does not start: \(String(cString: strerror(code)))")
    }
    pid = started
    inputEnd = input[1]
    self.output = LineReader(output[0])
  }

  /// Ends it, if it still runs.
  deinit {
    if status == nil {
      kill(pid, SIGKILL)
      _ = wait()
    }
    closeInput()
  }

  /// What it printed on standard error so far.
  var errors: String { (try? Scratch.read(errorPath)) ?? "" }

  func write(_ text: String) throws {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(inputEnd, $0.baseAddress, $0.count) }
      guard count > 0 else { throw ChildFailure("its standard input is closed: \(errno)") }
      rest = rest.dropFirst(count)
    }
  }

  func closeInput() {
    if isInputOpen { close(inputEnd) }
    isInputOpen = false
  }

  func signal(_ number: Int32) { if status == nil { kill(pid, number) } }

  /// Waits for its end: the exit code, or 128 and the signal's number.
  func wait() -> Int32 {
    if let status { return status }
    var raw: Int32 = 0
    while waitpid(pid, &raw, 0) < 0, errno == EINTR {}
    let signal = raw & 0x7f
    let code = signal == 0 ? (raw >> 8) & 0xff : 128 + signal
    status = code
    return code
  }
}

/// A pipe whose ends no other child inherits.
private func pipe2(_ ends: inout [Int32]) -> Bool {
  guard pipe(&ends) == 0 else { return false }
  for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  return true
}

/// Something about a child process that keeps the test from going on.
struct ChildFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// What a finished program left.
struct Outcome {
  let code: Int32
  let output: String
  let errors: String

  var lines: [String] { output.split(separator: "\n").map(String.init) }
}

/// Runs `command` to its end, `input` on its standard input; `timeout` ends it after `seconds`.
func run(
  _ command: [String], input: String = "", environment: [String: String] = [:], seconds: Int = 60, scratch: Scratch
) throws -> Outcome {
  let path = scratch.newPath("stdin")
  try Scratch.write(input, to: path)
  let shell = ["sh", "-c", "exec \"$@\" < \"$0\"", path, "timeout", "-k", "5", "\(seconds)"]
  let child = try Child(shell + command, environment: environment, scratch: scratch)
  let output = try child.output.rest(within: seconds + 10)
  let code = child.wait()
  return Outcome(code: code, output: output, errors: child.errors)
}
