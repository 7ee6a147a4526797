package import Units

/// A stretch of a partition in one file that holds nothing but record batches back to back, so that Kafka's own tools
/// read it. The engine's view: extent as decided, index when loaded.
package struct Segment {
  package let base: Offset
  /// 0 as written by appends; compaction's output has one more than the highest of what it replaces.
  package let generation: UInt32
  /// Bytes decided; those of unsynced batches included.
  package var size: ByteCount
  /// The offset after the last record decided.
  package var end: Offset
  package var maxTimestamp: Timestamp
  /// The greatest timestamp of the first batch: what `segment.ms` counts from.
  package var firstTimestamp: Timestamp
  /// The wall clock at the last append: what age counts from where records carry no timestamps.
  package var written: Timestamp
  /// The sequence of the last batch, or of the checkpoint this run began with: compaction waits for a checkpoint behind it.
  package var lastWrite = JournalSequence.start
  /// The wall clock at its first append, or, for one of an earlier run, at its last.
  package var begun: Timestamp
  /// No batch follows: the next one begins a segment, although this one may have room.
  package var isClosed = false
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
    generation = 0
    size = .zero
    end = base
    maxTimestamp = .none
    firstTimestamp = .none
    written = .none
    begun = .none
    index = BlockIndex()
  }

  package init(_ description: SegmentDescription) {
    base = description.base
    generation = description.generation
    size = description.size
    end = description.end
    maxTimestamp = description.maxTimestamp
    firstTimestamp = description.firstTimestamp
    written = description.written
    begun = description.written
    digest = description.digest
  }

  package var description: SegmentDescription {
    SegmentDescription(
      base: base, generation: generation, size: size, end: end, maxTimestamp: maxTimestamp,
      firstTimestamp: firstTimestamp, written: written, digest: digest)
  }
}

/// Which file of which partition: the name of a segment on disk.
package struct SegmentKey: Hashable, Comparable, Sendable {
  package var partition: PartitionKey
  package var base: Offset
  package var generation: UInt32

  package init(partition: PartitionKey, base: Offset, generation: UInt32 = 0) {
    self.partition = partition
    self.base = base
    self.generation = generation
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(partition.word ^ UInt64(bitPattern: base.value) &* 0x9E37_79B9_7F4A_7C15)
  }

  package static func < (a: SegmentKey, b: SegmentKey) -> Bool {
    (a.partition, a.base, a.generation) < (b.partition, b.base, b.generation)
  }

  /// The segment's file and its index, by the former's path.
  static func files(of logPath: String) -> [String] {
    logPath.hasSuffix(".log") ? [logPath, logPath.dropLast(4) + ".blocks"] : [logPath]
  }

  /// Whether a file of this name, within a partition's folder, was made by compaction.
  static func isGeneration(_ name: String) -> Bool {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 3 && Int64(parts[0]) != nil && UInt32(parts[1]) != nil
      && (parts[2] == "log" || parts[2] == "blocks")
  }

  package var logPath: String { "\(partition.folder)/\(stem).log" }
  package var indexPath: String { "\(partition.folder)/\(stem).blocks" }

  /// The base offset in twenty digits, as Kafka names its segments; behind a dot the generation, where compaction wrote it.
  /// Kafka's tools read the base offset up to the first dot.
  private var stem: String {
    let digits = String(unsafeUninitializedCapacity: 20) { buffer in
      var rest = UInt64(bitPattern: base.value)
      for place in (0..<20).reversed() {
        buffer.initializeElement(at: place, to: UInt8(ascii: "0") + UInt8(rest % 10))
        rest /= 10
      }
      return 20
    }
    return generation == 0 ? digits : "\(digits).\(generation)"
  }
}
