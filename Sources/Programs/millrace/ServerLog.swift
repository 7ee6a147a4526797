import Glibc
import Terminal

/// The server's log on standard error: a readable line on a terminal, JSON elsewhere.
enum ServerLog {
  static func write(_ message: String) {
    if ErrorOutput.isTerminal { return ErrorOutput.say(message) }
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let time = TimeText.iso(Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000)
    let line = JSONText.object([("time", .string(time)), ("message", .string(message))]).line
    ErrorOutput.write(line + "\n")
  }
}
