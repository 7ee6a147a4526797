/// Metrics in Prometheus' text format: families in the order they are added, each with its help and type once.
package struct MetricsText {
  /// The text so far.
  package private(set) var text = ""

  /// What the values of a family are.
  package enum Kind: String { case counter, gauge, histogram }

  /// How the integers of a histogram become the numbers shown.
  package enum Unit {
    /// Nanoseconds, shown as seconds.
    case nanoseconds
    /// Shown as they are.
    case plain
  }

  package init() {}

  /// Begins a family; its samples follow. `help` is one line.
  package mutating func family(_ name: String, _ kind: Kind, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
  }

  /// One sample of the family begun last.
  package mutating func sample(_ name: String, _ labels: [(String, String)] = [], _ value: some FixedWidthInteger) {
    text += "\(name)\(Self.shown(labels)) \(value)\n"
  }

  /// One sample that need not be whole.
  package mutating func sample(_ name: String, _ labels: [(String, String)] = [], seconds value: Double) {
    text += "\(name)\(Self.shown(labels)) \(value)\n"
  }

  /// A family of one sample.
  package mutating func single(_ name: String, _ kind: Kind, _ help: String, _ value: some FixedWidthInteger) {
    family(name, kind, help)
    sample(name, [], value)
  }

  /// The samples of one histogram of the family begun last.
  package mutating func histogram(
    _ name: String, _ labels: [(String, String)] = [], _ histogram: Histogram, _ unit: Unit
  ) {
    var seen: UInt64 = 0
    for (place, bound) in histogram.bounds.enumerated() {
      seen &+= histogram.counts[place]
      sample("\(name)_bucket", labels + [("le", Self.shown(bound, unit))], seen)
    }
    sample("\(name)_bucket", labels + [("le", "+Inf")], histogram.count)
    text += "\(name)_sum\(Self.shown(labels)) \(Self.shown(histogram.sum, unit))\n"
    sample("\(name)_count", labels, histogram.count)
  }

  private static func shown(_ value: UInt64, _ unit: Unit) -> String {
    switch unit {
    case .nanoseconds: "\(Double(value) / 1e9)"
    case .plain: "\(value)"
    }
  }

  private static func shown(_ labels: [(String, String)]) -> String {
    if labels.isEmpty { return "" }
    return "{" + labels.map { "\($0.0)=\"\(escaped($0.1))\"" }.joined(separator: ",") + "}"
  }

  private static func escaped(_ value: String) -> String {
    guard value.utf8.contains(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") || $0 < 0x20 }) else {
      return value
    }
    // By scalars: a character may hide a quote or a line feed, as "\r\n" does.
    var text = String.UnicodeScalarView()
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": text.append(contentsOf: "\\\\".unicodeScalars)
      case "\"": text.append(contentsOf: "\\\"".unicodeScalars)
      case "\n": text.append(contentsOf: "\\n".unicodeScalars)
      default: text.append(scalar)
      }
    }
    return String(text)
  }
}
