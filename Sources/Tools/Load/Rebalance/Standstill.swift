/// For how long partitions are read by nobody; all times are nanoseconds of one clock.
package final class Standstill {
  private struct Partition {
    var readers = 0
    /// Since when nobody reads it, or nil while somebody does.
    var idleSince: Int64?
    var idle: Int64 = 0
  }

  private var partitions: [Partition]
  /// Nothing counts before everything is read for the first time.
  private var isCounting = false
  /// The longest time that a partition stood still at once.
  package private(set) var longest: Int64 = 0

  /// All partitions, without readers.
  package init(partitions: Int) { self.partitions = [Partition](repeating: Partition(), count: partitions) }

  /// Whether somebody reads each partition.
  package var isComplete: Bool { partitions.allSatisfy { $0.readers > 0 } }

  /// Nanoseconds that a partition stood still, on the average.
  package var average: Double { partitions.reduce(0.0) { $0 + Double($1.idle) } / Double(partitions.count) }

  /// From now on partitions without a reader stand still.
  package func beginCounting() { isCounting = true }

  /// A member reads `taken` from `now` on.
  package func took(_ taken: some Sequence<Int32>, at now: Int64) {
    for place in taken.map(Int.init) where partitions.indices.contains(place) {
      partitions[place].readers += 1
      guard let since = partitions[place].idleSince else { continue }
      partitions[place].idle += now - since
      partitions[place].idleSince = nil
      longest = max(longest, now - since)
    }
  }

  /// A member reads `given` no longer.
  package func gaveUp(_ given: some Sequence<Int32>, at now: Int64) {
    for place in given.map(Int.init) where partitions.indices.contains(place) {
      partitions[place].readers -= 1
      if isCounting, partitions[place].readers == 0 { partitions[place].idleSince = now }
    }
  }
}
