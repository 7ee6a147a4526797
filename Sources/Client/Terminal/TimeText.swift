/// Times and durations as people write them. All times are UTC unless a text says otherwise.
package enum TimeText {
  /// "2026-11-23T19:20:00.123Z" for milliseconds since 1970.
  package static func iso(_ milliseconds: Int64) -> String {
    let day: Int64 = 86_400_000
    var days = milliseconds / day
    var rest = milliseconds % day
    if rest < 0 { (days, rest) = (days - 1, rest + day) }
    let date = civil(days)
    let (hour, minute, second) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60)
    let sign = date.year < 0 ? "-" : ""
    return "\(sign)\(pad(abs(date.year), 4))-\(pad(date.month, 2))-\(pad(date.day, 2))"
      + "T\(pad(hour, 2)):\(pad(minute, 2)):\(pad(second, 2)).\(pad(rest % 1_000, 3))Z"
  }

  /// The milliseconds since 1970 of "2026-11-23", "2026-11-23T19:20", "2026-11-23 19:20:05.5Z" or
  /// "2026-11-23T19:20:05+01:00"; nil for anything else.
  package static func milliseconds(iso text: some StringProtocol) -> Int64? {
    var reader = DigitReader(Array(text.utf8))
    guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
      let day = reader.number(2), (1...12).contains(month), day >= 1
    else { return nil }
    let days = days(year: year, month: month, day: day)
    guard civil(days).day == day else { return nil }
    var result = days * 86_400_000
    if reader.isAtEnd { return result }
    guard reader.take("T") || reader.take("t") || reader.take(" "), let hour = reader.number(2), reader.take(":"),
      let minute = reader.number(2), hour < 24, minute < 60
    else { return nil }
    result += hour * 3_600_000 + minute * 60_000
    if reader.take(":") {
      guard let second = reader.number(2), second < 60 else { return nil }
      result += second * 1_000
      if reader.take(".") {
        guard let fraction = reader.fraction() else { return nil }
        result += fraction
      }
    }
    return finish(&reader, result)
  }

  /// Milliseconds of "500ms", "90s", "10m", "1h", "2d", "1w"; nil for anything else, or more than a thousand years.
  package static func duration(_ text: some StringProtocol) -> Int64? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int64(digits) else { return nil }
    let unit: Int64
    switch text[digits.endIndex...] {
    case "ms": unit = 1
    case "s": unit = 1_000
    case "m": unit = 60_000
    case "h": unit = 3_600_000
    case "d": unit = 86_400_000
    case "w": unit = 7 * 86_400_000
    default: return nil
    }
    let (product, overflow) = number.multipliedReportingOverflow(by: unit)
    return overflow || product > 1_000 * 366 * 86_400_000 ? nil : product
  }

  /// What may stand behind the time of day: nothing, "Z", or hours and minutes from UTC.
  private static func finish(_ reader: inout DigitReader, _ result: Int64) -> Int64? {
    if reader.isAtEnd { return result }
    if reader.take("Z") || reader.take("z") { return reader.isAtEnd ? result : nil }
    let sign: Int64
    if reader.take("+") { sign = -1 } else if reader.take("-") { sign = 1 } else { return nil }
    guard let hours = reader.number(2) else { return nil }
    _ = reader.take(":")
    guard let minutes = reader.number(2), hours < 24, minutes < 60, reader.isAtEnd else { return nil }
    return result + sign * (hours * 3_600_000 + minutes * 60_000)
  }

  /// Days since 1970 of a date of the Gregorian calendar. Years begin in March here, so that leap days come last.
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  /// The date of a day since 1970.
  private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  private static func pad(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(width - digits.utf8.count, 0)) + digits
  }
}

/// Reads digits of known numbers of places.
private struct DigitReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  mutating func take(_ letter: Unicode.Scalar) -> Bool {
    guard position < bytes.count, bytes[position] == UInt8(ascii: letter) else { return false }
    position += 1
    return true
  }

  mutating func number(_ places: Int) -> Int64? {
    var value: Int64 = 0
    for _ in 0..<places {
      guard let digit = digit() else { return nil }
      value = value * 10 + digit
    }
    return value
  }

  /// Milliseconds of one to nine places behind the point.
  mutating func fraction() -> Int64? {
    var nanoseconds: Int64 = 0
    var place: Int64 = 100_000_000
    var places = 0
    while let digit = digit() {
      places += 1
      guard places <= 9 else { return nil }
      nanoseconds += digit * place
      place /= 10
    }
    return places == 0 ? nil : nanoseconds / 1_000_000
  }

  private mutating func digit() -> Int64? {
    guard position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) else { return nil }
    position += 1
    return Int64(bytes[position - 1] - UInt8(ascii: "0"))
  }
}
