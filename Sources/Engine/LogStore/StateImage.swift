import ByteCodec
import Units

/// All that a checkpoint says, as of one moment: cheap to take on the engine's thread, sorted and encoded on the
/// checkpoint's.
struct StateImage: Sendable {
  let catalogue: Catalogue
  let partitions: [PartitionImage]

  /// Equal states have equal bytes.
  func encode(to writer: inout ByteWriter) {
    catalogue.encode(to: &writer)
    writer.writeList(partitions.sorted { $0.key < $1.key }) { writer, partition in partition.encode(to: &writer) }
  }

  func encoded() -> ByteSlice {
    var writer = ByteWriter(capacity: 1024 + 128 * partitions.count)
    encode(to: &writer)
    return writer.takeSlice()
  }
}

/// One partition, as a checkpoint keeps it.
struct PartitionImage: Sendable {
  let key: PartitionKey
  let start: Offset
  let end: Offset
  let cleanedThrough: Offset
  let segments: [SegmentDescription]
  let epochs: EpochHistory
  let producers: ProducerTable
  let aborted: AbortedIndex

  /// Equal partitions have equal bytes; `PartitionLog` reads them.
  func encode(to writer: inout ByteWriter) {
    key.encode(to: &writer)
    #if PLANTED_BUGS
      writer.writeInt64(PlantedBug.is(.logStartForgotten) ? 0 : start.value)
    #else
      writer.writeInt64(start.value)
    #endif
    #if PLANTED_BUGS
      writer.writeInt64(PlantedBug.is(.offsetReusedWhenEmpty) && segments.isEmpty ? 0 : end.value)
    #else
      writer.writeInt64(end.value)
    #endif
    writer.writeInt64(cleanedThrough.value)
    writer.writeList(segments) { writer, segment in segment.encode(to: &writer) }
    epochs.encode(to: &writer)
    #if PLANTED_BUGS
      (PlantedBug.is(.producersForgotten) ? ProducerTable() : producers).encode(to: &writer)
    #else
      producers.encode(to: &writer)
    #endif
    #if PLANTED_BUGS
      (PlantedBug.is(.abortedForgotten) ? AbortedIndex() : aborted).encode(to: &writer)
    #else
      aborted.encode(to: &writer)
    #endif
  }
}
