import Measuring

/// When records ought to be sent: evenly, at a given rate. Latencies count from there, so that a broker that holds up the
/// generator is charged for the records that had to wait.
package struct Schedule {
  /// Nanoseconds of the monotonic clock.
  package let start: Int64
  /// Nanoseconds between two records of one producer.
  private let interval: Double
  /// Records that one producer sends in all.
  package let count: Int
  /// Records of one producer that only warm the broker.
  package let warming: Int

  /// The schedule of producer `number` of `producers`, which together send `rate` records a second.
  package init(start: Int64, rate: Double, seconds: Double, warmingSeconds: Double, number: Int, producers: Int) {
    interval = 1e9 / rate * Double(producers)
    self.start = start + Int64(1e9 / rate * Double(number))
    warming = Int(warmingSeconds * 1e9 / interval)
    count = warming + Int(seconds * 1e9 / interval)
  }

  /// When record `index` ought to be sent.
  package func time(of index: Int) -> Int64 { start + Int64(Double(index) * interval) }

  /// How many records ought to have been sent by `now`.
  package func due(by now: Int64) -> Int { now < start ? 0 : min(Int(Double(now - start) / interval) + 1, count) }
}
