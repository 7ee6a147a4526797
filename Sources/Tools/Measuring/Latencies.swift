/// Times in buckets that grow by an eighth of a power of two: at most 12 % wide, whatever the range.
package struct Latencies: Sendable {
  private var buckets = [Int](repeating: 0, count: 64 * 8)
  package private(set) var count = 0
  private var largest: Int64 = 0

  package var largestMilliseconds: Double { Double(largest) / 1e6 }

  package init() {}

  /// Takes in one time.
  package mutating func add(nanoseconds: Int64) {
    buckets[Self.bucket(UInt64(max(nanoseconds, 1)))] += 1
    count += 1
    largest = max(largest, nanoseconds)
  }

  /// Takes in the times of `other`.
  package mutating func add(_ other: Latencies) {
    for (index, entries) in other.buckets.enumerated() { buckets[index] += entries }
    count += other.count
    largest = max(largest, other.largest)
  }

  /// The upper end of the bucket below which `share` of all times lie, in milliseconds.
  package func milliseconds(below share: Double) -> Double {
    guard count > 0 else { return 0 }
    var left = Int((Double(count) * share).rounded(.up))
    for (index, entries) in buckets.enumerated() {
      left -= entries
      if left <= 0 { return Self.upperEnd(index) / 1e6 }
    }
    return 0
  }

  private static func bucket(_ value: UInt64) -> Int {
    let exponent = 63 - value.leadingZeroBitCount
    let fraction = exponent >= 3 ? Int(value >> UInt64(exponent - 3) & 7) : Int(value << UInt64(3 - exponent) & 7)
    return exponent * 8 + fraction
  }

  private static func upperEnd(_ bucket: Int) -> Double {
    let base = Double(UInt64(1) << UInt64(bucket / 8))
    return base * (1 + Double(bucket % 8 + 1) / 8)
  }
}
