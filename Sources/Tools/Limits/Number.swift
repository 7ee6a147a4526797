import Glibc

/// Figures as a table shows them.
package enum Number {
  /// As many digits as matter: 12345, 123.4, 1.23.
  package static func text(_ value: Double) -> String {
    guard value.isFinite, value.magnitude < 1e15 else { return "-" }
    let digits = value.magnitude >= 1_000 ? 0 : value.magnitude >= 100 ? 1 : 2
    let scale = digits == 0 ? 1 : digits == 1 ? 10 : 100
    let scaled = Int((value.magnitude * Double(scale)).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(scaled)" }
    let fraction = String(scaled % scale)
    return "\(sign)\(scaled / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
  }

  static func mebi(_ bytes: Int) -> Double { Double(bytes) / 1_048_576 }
}
