import CLinux
import Glibc
import Reactor

/// A process that this run has started: the only ones it ever signals.
final class ChildProcess {
  let pid: pid_t
  /// The exit code, or 128 and the number of the signal that ended it; nil while it runs.
  private(set) var status: Int32?
  private let input: Int32
  private let output: Int32
  private var waiting: [UInt8] = []
  private var isInputOpen = true

  /// Starts `command`, found by PATH, with a standard input that stays open until `closeInput`. What it prints goes to
  /// the end of the file `log`, its standard output to `line` where `isHeard`.
  init(_ command: [String], environment: [String] = [], log: String, isHeard: Bool = false) throws(SystemError) {
    var (inputs, outputs): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
    guard linuxPipe(&inputs), linuxPipe(&outputs) else { throw SystemError(call: "pipe", code: errno) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, inputs[0], 0)
    posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    posix_spawn_file_actions_adddup2(&actions, isHeard ? outputs[1] : 2, 1)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // This program blocks signals that its children need.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let words = environment.isEmpty ? command : ["env"] + environment + command
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var started: pid_t = 0
    let code = posix_spawnp(&started, words[0], &actions, &attributes, &arguments, environ)
    for end in [inputs[0], outputs[1]] { close(end) }
    guard code == 0 else {
      for end in [inputs[1], outputs[0]] { close(end) }
      throw SystemError(call: "start of \(words[0])", code: code)
    }
    pid = started
    (input, output) = (inputs[1], outputs[0])
  }

  deinit {
    signal(SIGKILL)
    awaitEnd()
    closeInput()
    close(output)
  }

  func signal(_ number: Int32) { if status == nil { kill(pid, number) } }

  /// Whether it runs; learns its end without waiting for it.
  var isRunning: Bool {
    reap(WNOHANG)
    return status == nil
  }

  /// Waits for its end.
  func awaitEnd() { while status == nil { reap(0) } }

  /// `kill -9`, and its end.
  func crash() {
    signal(SIGKILL)
    awaitEnd()
  }

  func write(_ text: String) { _ = Array(text.utf8).withUnsafeBytes { Glibc.write(input, $0.baseAddress, $0.count) } }

  func closeInput() {
    if isInputOpen { close(input) }
    isInputOpen = false
  }

  /// The next line it has printed; nil where there is none within `ms`, or none to come.
  func line(withinMs ms: Int32) -> String? {
    while true {
      if let end = waiting.firstIndex(of: 10) {
        defer { waiting.removeSubrange(...end) }
        return String(decoding: waiting[..<end], as: UTF8.self)
      }
      var entry = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, ms) > 0 else { return nil }
      var part = [UInt8](repeating: 0, count: 4096)
      let count = read(output, &part, part.count)
      guard count > 0, waiting.count < 1 << 20 else { return nil }
      waiting += part[..<count]
    }
  }

  private func reap(_ flags: Int32) {
    guard status == nil else { return }
    var raw: Int32 = 0
    guard waitpid(pid, &raw, flags) == pid else { return }
    let signal = raw & 0x7f
    status = signal == 0 ? (raw >> 8) & 0xff : 128 + signal
  }
}

/// A pipe whose ends no other child inherits.
private func linuxPipe(_ ends: inout [Int32]) -> Bool {
  guard pipe(&ends) == 0 else { return false }
  for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  return true
}
