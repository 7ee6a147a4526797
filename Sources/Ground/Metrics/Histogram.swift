/// How often values fell below which bound: bounds double, from `first` on. Observing costs a few instructions and no
/// memory; the owner's thread alone touches it, and readers get a copy.
package struct Histogram: Sendable, Equatable {
  /// The first bound, in the values' own unit.
  package let first: UInt64
  /// How many values fell at or below each bound and above the one before; the last place is for all that are larger.
  package private(set) var counts: [UInt64]
  /// The sum of all values.
  package private(set) var sum: UInt64 = 0

  /// A histogram whose bounds are `first`, twice that, and so on, `bounds` of them (1 to 40).
  package init(first: UInt64, bounds: Int) {
    self.first = max(first, 1)
    counts = [UInt64](repeating: 0, count: min(max(bounds, 1), 40) + 1)
  }

  /// For durations in nanoseconds: 32 microseconds to 17 seconds.
  package static var latency: Histogram { Histogram(first: 32_768, bounds: 20) }

  /// Values observed.
  package var count: UInt64 { counts.reduce(0, &+) }

  /// The bounds, in order.
  package var bounds: [UInt64] { (0..<counts.count - 1).map { first << UInt64($0) } }

  /// Takes in one value.
  package mutating func observe(_ value: UInt64) {
    let steps = value <= first ? 0 : (value - 1) / first
    let place = UInt64.bitWidth - steps.leadingZeroBitCount
    counts[min(place, counts.count - 1)] &+= 1
    sum &+= value
  }

  /// Takes in a duration; a negative one counts as none.
  package mutating func observe(nanoseconds: Int64) { observe(UInt64(max(nanoseconds, 0))) }
}
