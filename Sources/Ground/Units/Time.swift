/// A moment of the monotonic clock, in nanoseconds since an unnamed start. For every timeout.
@usableFromInline
package struct Instant: Hashable, Comparable, Sendable {
  @usableFromInline package var nanoseconds: Int64

  @inlinable package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
  @inlinable package static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }

  /// The moment `milliseconds` later, held at the end of time instead of overflowing.
  @inlinable package func advanced(byMs milliseconds: Int64) -> Instant {
    let (product, tooLarge) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
    if tooLarge { return milliseconds < 0 ? self : .distantFuture }
    let (sum, overflow) = nanoseconds.addingReportingOverflow(product)
    return Instant(nanoseconds: overflow ? Int64.max : sum)
  }

  /// Milliseconds from here to `later`, rounded up; 0 when `later` is past.
  @inlinable package func milliseconds(until later: Instant) -> Int64 {
    later <= self ? 0 : (later.nanoseconds &- nanoseconds &+ 999_999) / 1_000_000
  }

  @inlinable package static var distantFuture: Instant { Instant(nanoseconds: Int64.max) }
}

/// Wall-clock time in milliseconds since 1970, as Kafka records carry it. -1 means "none".
@usableFromInline
package struct Timestamp: Hashable, Comparable, Sendable {
  @usableFromInline package var milliseconds: Int64

  @inlinable package init(milliseconds: Int64) { self.milliseconds = milliseconds }
  @inlinable package static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }
  @inlinable package static var none: Timestamp { Timestamp(milliseconds: -1) }

  /// The time `milliseconds` later, held at the end of time instead of overflowing.
  @inlinable package func advanced(byMs delta: Int64) -> Timestamp {
    let (sum, overflow) = milliseconds.addingReportingOverflow(delta)
    return Timestamp(milliseconds: overflow ? (delta < 0 ? Int64.min : Int64.max) : sum)
  }
}
