package import Units

/// Keeps a flood of events from becoming a flood of lines: so many a second, then a count of what was left out. Pure.
package struct LogLimiter {
  private let perSecond: Int
  private var second: Int64 = -1
  private var written = 0
  private var suppressed = 0

  package init(perSecond: Int) { self.perSecond = perSecond }

  /// Whether a line may be written at `now`, and how many were left out since the last one.
  package mutating func admit(now: Instant) -> (isAdmitted: Bool, suppressedBefore: Int) {
    let current = now.nanoseconds / 1_000_000_000
    if current != second { (second, written) = (current, 0) }
    guard written < perSecond else {
      suppressed += 1
      return (false, 0)
    }
    written += 1
    defer { suppressed = 0 }
    return (true, suppressed)
  }
}

/// Text from outside, as it may stand in a log: no control characters, no escape sequences, not endless.
package struct LoggedText: CustomStringConvertible {
  /// Characters shown of any text from outside.
  package static let maximumLength = 64

  package let description: String

  package init(_ text: String) {
    var shown = ""
    for scalar in text.unicodeScalars.prefix(Self.maximumLength) {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
        shown += "\\u{" + String(scalar.value, radix: 16) + "}"
      default: shown.unicodeScalars.append(scalar)
      }
    }
    if text.unicodeScalars.count > Self.maximumLength { shown += "..." }
    description = shown
  }
}
