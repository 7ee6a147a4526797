/// Where to begin reading a log, as people write it.
package enum StartPoint: Equatable, Sendable {
  case beginning
  case end
  case offset(Int64)
  /// So many records before the end.
  case last(Int64)
  /// Milliseconds since 1970.
  case time(Int64)

  /// The forms that `init` reads, for help and errors.
  package static let forms =
    "beginning, end, an offset (42), the last records (-10), a time (2026-11-23T19:20:00Z, @1795461600000) "
    + "or an age (-1h, -30m, -2d)"

  /// The place that `text` names, or nil. `now` is in milliseconds since 1970.
  package init?(_ text: String, now: Int64) {
    switch text {
    case "beginning", "start", "earliest": self = .beginning
    case "end", "latest": self = .end
    default:
      if let offset = Int64(text), text.first != "+" {
        guard offset > Int64.min else { return nil }
        self = offset < 0 || text.first == "-" ? .last(-offset) : .offset(offset)
      } else if text.first == "@", let time = Int64(text.dropFirst()), time >= 0 {
        self = .time(time)
      } else if text.first == "-", let age = TimeText.duration(text.dropFirst()) {
        self = .time(max(now - age, 0))
      } else if text.hasSuffix("-ago"), let age = TimeText.duration(text.dropLast(4)) {
        self = .time(max(now - age, 0))
      } else if let time = TimeText.milliseconds(iso: text) {
        self = .time(max(time, 0))
      } else {
        return nil
      }
    }
  }
}
