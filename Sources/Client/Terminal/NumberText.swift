/// Numbers as people read them.
package enum NumberText {
  /// "1,234,567".
  package static func grouped(_ number: some BinaryInteger) -> String {
    let digits = String(number.magnitude)
    var text = number < 0 ? "-" : ""
    for (place, digit) in digits.enumerated() {
      if place > 0, (digits.count - place) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return text
  }

  /// "512 B", "1.5 KiB", "2.0 GiB".
  package static func bytes(_ count: some BinaryInteger) -> String {
    var value = Double(count)
    guard value >= 1024 else { return "\(count) B" }
    for unit in ["KiB", "MiB", "GiB", "TiB"] {
      value /= 1024
      if value < 1023.95 || unit == "TiB" { return "\(oneDecimal(value)) \(unit)" }
    }
    return "\(count) B"
  }

  /// "1.5" for 1.54.
  package static func oneDecimal(_ value: Double) -> String {
    guard value.isFinite, value.magnitude < 1e15 else { return "-" }
    let tenths = Int64((value * 10).rounded())
    return "\(tenths < 0 ? "-" : "")\(tenths.magnitude / 10).\(tenths.magnitude % 10)"
  }

  /// "3 records", "1 record".
  package static func counted(_ count: Int, _ noun: String) -> String {
    "\(grouped(count)) \(noun)\(count == 1 ? "" : "s")"
  }
}
