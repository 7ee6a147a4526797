package import Units

/// A stretch of a partition in one file that holds nothing but record batches back to back, so that Kafka's own tools
/// read it. The engine's view: extent as decided, index when loaded.
package struct Segment {
  package let base: Offset
  /// Bytes decided; those of unsynced batches included.
  package var size: ByteCount
  /// The offset after the last record decided.
  package var end: Offset
  package var maxTimestamp: Timestamp
  /// The greatest timestamp of the first batch: what `segment.ms` counts from.
  package var firstTimestamp: Timestamp
  /// CRC-32C of all bytes decided: says whether a file is this segment, whole and unchanged.
  package var digest: UInt32 = 0
  /// What of it was found damaged when its index was made; the index ends there.
  package var damage: IndexFailure?
  /// Loaded at the first append or read of this run.
  package var index: BlockIndex?
  /// How many closed rows of the index are in the index file.
  package var rowsWritten = 0

  package init(base: Offset) {
    self.base = base
    size = .zero
    end = base
    maxTimestamp = .none
    firstTimestamp = .none
    index = BlockIndex()
  }

  package init(_ description: SegmentDescription) {
    base = description.base
    size = description.size
    end = description.end
    maxTimestamp = description.maxTimestamp
    firstTimestamp = description.firstTimestamp
    digest = description.digest
  }

  package var description: SegmentDescription {
    SegmentDescription(
      base: base, size: size, end: end, maxTimestamp: maxTimestamp, firstTimestamp: firstTimestamp, digest: digest)
  }
}

/// Which file of which partition: the name of a segment on disk.
package struct SegmentKey: Hashable, Comparable, Sendable {
  package var partition: PartitionKey
  package var base: Offset

  package init(partition: PartitionKey, base: Offset) {
    self.partition = partition
    self.base = base
  }

  package static func < (a: SegmentKey, b: SegmentKey) -> Bool { (a.partition, a.base) < (b.partition, b.base) }

  package var logPath: String { "\(partition.folder)/\(stem).log" }
  package var indexPath: String { "\(partition.folder)/\(stem).blocks" }

  /// The base offset in twenty digits, as Kafka names its segments.
  private var stem: String {
    let digits = String(base.value)
    return String(repeating: "0", count: max(0, 20 - digits.utf8.count)) + digits
  }
}
