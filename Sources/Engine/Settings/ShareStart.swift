/// Where a share group starts on a partition it has not read (KIP-932).
package enum ShareStart: Equatable, Sendable {
  case latest
  case earliest
  /// The first record younger than this many milliseconds.
  case youngerThan(milliseconds: Int64)

  /// The start that `text` names, or nil.
  package init?(_ text: String) {
    let prefix = "by_duration:"
    switch text {
    case "latest": self = .latest
    case "earliest": self = .earliest
    default:
      guard text.hasPrefix(prefix), let age = ShareStart.milliseconds(of: text.dropFirst(prefix.count)) else {
        return nil
      }
      self = .youngerThan(milliseconds: age)
    }
  }

  /// The milliseconds of an ISO 8601 duration of days, hours, minutes and seconds (`P1DT2H30M0.5S`), or nil.
  static func milliseconds(of text: some StringProtocol) -> Int64? {
    var rest = text.uppercased()[...]
    guard text.utf8.count <= 64, rest.popFirst() == "P" else { return nil }
    var units: [(Character, Int64)] = [("D", 86_400_000), ("T", 0), ("H", 3_600_000), ("M", 60_000), ("S", 1_000)]
    var total: Int64 = 0
    var inTime = false
    var isEmpty = true
    while let first = rest.first {
      if first == "T" {
        guard !inTime else { return nil }
        inTime = true
        isEmpty = true
        rest = rest.dropFirst()
        units.removeAll { $0.0 == "D" || $0.0 == "T" }
        continue
      }
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(digits.count)
      var thousandths: Int64 = 0
      if rest.first == "." {
        let fraction = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
        rest = rest.dropFirst(fraction.count + 1)
        guard !fraction.isEmpty, fraction.count <= 9, rest.first == "S" else { return nil }
        thousandths = Int64((fraction + "00").prefix(3)) ?? 0
      }
      guard let number = Int64(digits), let unit = rest.popFirst(), (unit == "D") != inTime,
        let place = units.firstIndex(where: { $0.0 == unit })
      else { return nil }
      let (product, tooLarge) = number.multipliedReportingOverflow(by: units[place].1)
      let (sum, overflow) = total.addingReportingOverflow(product)
      let (whole, overflowing) = sum.addingReportingOverflow(thousandths)
      guard !tooLarge, !overflow, !overflowing else { return nil }
      total = whole
      units.removeFirst(place + 1)
      isEmpty = false
    }
    return isEmpty ? nil : total
  }
}
