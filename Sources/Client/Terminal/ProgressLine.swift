/// A line on a terminal's standard error that is written over and over. Elsewhere it stays silent.
package struct ProgressLine {
  /// Nanoseconds between two updates: five a second are enough for eyes.
  private static let interval: Int64 = 200_000_000

  private let isShown: Bool
  private var last: Int64 = 0
  private var isOpen = false

  /// A line that is shown where standard error is a terminal.
  package init() { isShown = ErrorOutput.isTerminal }

  /// Writes `text` if it is time to. `now` is of a monotonic clock, in nanoseconds.
  package mutating func update(now: Int64, _ text: () -> String) {
    guard isShown, now - last >= Self.interval else { return }
    last = now
    isOpen = true
    ErrorOutput.write("\r\u{1B}[K" + text())
  }

  /// Takes the line away, so that another text can stand there.
  package mutating func clear() {
    guard isOpen else { return }
    isOpen = false
    ErrorOutput.write("\r\u{1B}[K")
  }
}
