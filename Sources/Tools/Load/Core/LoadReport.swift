import Glibc
import Measuring

/// What a run found, as `name=value` pairs on one line: to read, and for a script to take apart.
struct LoadReport: CustomStringConvertible {
  private var pairs: [String] = []

  mutating func add(_ name: String, _ value: Int) { pairs.append("\(name)=\(value)") }

  mutating func add(_ name: String, _ value: Double, digits: Int = 2) {
    pairs.append("\(name)=\(Self.text(value, digits))")
  }

  mutating func add(_ name: String, _ value: String) { pairs.append("\(name)=\(value)") }

  /// The usual percentiles, in milliseconds.
  mutating func add(_ prefix: String, _ latencies: Latencies) {
    for (name, share) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)] {
      add("\(prefix)\(name)_ms", latencies.milliseconds(below: share), digits: 3)
    }
    add("\(prefix)max_ms", latencies.largestMilliseconds, digits: 3)
  }

  /// Processor time for each of `units`, which are `scale` of the unit that is counted.
  mutating func add(_ used: ProcessorMeter.Reading, per unit: String, _ units: Double, scale: Double = 1) {
    guard units > 0 else { return }
    add("server_cpu_per_\(unit)", used.server / units * scale, digits: 3)
    add("server_user_per_\(unit)", used.user / units * scale, digits: 3)
    add("beside_client_cpu_per_\(unit)", used.besideUs / units * scale, digits: 3)
  }

  var description: String { pairs.joined(separator: " ") }

  static func text(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "nan" }
    let scale = pow(10, Double(digits))
    let scaled = Int((abs(value) * scale).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(scaled)" }
    let fraction = String(scaled % Int(scale))
    return sign + "\(scaled / Int(scale))." + String(repeating: "0", count: digits - fraction.count) + fraction
  }
}
