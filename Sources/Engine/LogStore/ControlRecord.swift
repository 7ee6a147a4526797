package import ByteCodec
package import Units

/// What a control frame says: a change of the catalogue, or of a partition's extent. Written once, applied live and on
/// replay by the very same code.
package enum ControlRecord: Equatable, Sendable {
  case topicCreated(TopicDescription)
  case topicDeleted(UniqueID)
  /// The topic now has `count` partitions.
  case partitionsAdded(topic: UniqueID, count: Int32)
  /// The topic's overrides, all of them.
  case topicSettingsChanged(topic: UniqueID, overrides: [String: String])
  /// The overrides of another resource (a broker, the brokers' default, a group), all of them.
  case settingsChanged(ConfiguredResource, overrides: [String: String])
  /// Producer ids below `upTo` may have been given out.
  case producerIDsReserved(upTo: Int64)
  /// Records below `offset` are gone.
  case logStartMoved(PartitionKey, offset: Offset)
  /// Compaction put `added` in the place of the segments whose base offsets are `removed`.
  /// Below `cleanedThrough`, each key has one record.
  case segmentsSwapped(PartitionKey, removed: [Offset], added: [SegmentDescription], cleanedThrough: Offset)
  /// Producers not seen since `limit` that have no open transaction are forgotten, in all partitions.
  case producersExpired(notSeenSince: Timestamp)
  /// Compaction has left nothing of the aborted transactions whose markers stood at these offsets.
  case abortedForgotten(PartitionKey, markers: [Offset])

  private enum Tag: UInt8 {
    case topicCreated = 1
    case topicDeleted, partitionsAdded, topicSettingsChanged, settingsChanged, producerIDsReserved
    case logStartMoved, segmentsSwapped, producersExpired, abortedForgotten
  }

  package func encode(to writer: inout ByteWriter) {
    switch self {
    case .topicCreated(let topic):
      writer.writeUInt8(Tag.topicCreated.rawValue)
      topic.encode(to: &writer)
    case .topicDeleted(let id):
      writer.writeUInt8(Tag.topicDeleted.rawValue)
      writer.writeUUID(id)
    case .partitionsAdded(let topic, let count):
      writer.writeUInt8(Tag.partitionsAdded.rawValue)
      writer.writeUUID(topic)
      writer.writeInt32(count)
    case .topicSettingsChanged(let topic, let overrides):
      writer.writeUInt8(Tag.topicSettingsChanged.rawValue)
      writer.writeUUID(topic)
      writer.writeOverrides(overrides)
    case .settingsChanged(let resource, let overrides):
      writer.writeUInt8(Tag.settingsChanged.rawValue)
      resource.encode(to: &writer)
      writer.writeOverrides(overrides)
    case .producerIDsReserved(let upTo):
      writer.writeUInt8(Tag.producerIDsReserved.rawValue)
      writer.writeInt64(upTo)
    case .logStartMoved(let partition, let offset):
      writer.writeUInt8(Tag.logStartMoved.rawValue)
      partition.encode(to: &writer)
      writer.writeInt64(offset.value)
    case .segmentsSwapped(let partition, let removed, let added, let cleaned):
      writer.writeUInt8(Tag.segmentsSwapped.rawValue)
      partition.encode(to: &writer)
      writer.writeList(removed) { writer, base in writer.writeInt64(base.value) }
      writer.writeList(added) { writer, segment in segment.encode(to: &writer) }
      writer.writeInt64(cleaned.value)
    case .producersExpired(let limit):
      writer.writeUInt8(Tag.producersExpired.rawValue)
      writer.writeInt64(limit.milliseconds)
    case .abortedForgotten(let partition, let markers):
      writer.writeUInt8(Tag.abortedForgotten.rawValue)
      partition.encode(to: &writer)
      writer.writeList(markers) { writer, offset in writer.writeInt64(offset.value) }
    }
  }

  package init(from reader: inout ByteReader) throws(WireError) {
    guard let tag = Tag(rawValue: try reader.readUInt8()) else { throw .badValue }
    switch tag {
    case .topicCreated: self = .topicCreated(try TopicDescription(from: &reader))
    case .topicDeleted: self = .topicDeleted(try reader.readUUID())
    case .partitionsAdded:
      self = .partitionsAdded(topic: try reader.readUUID(), count: try reader.readInt32())
    case .topicSettingsChanged:
      self = .topicSettingsChanged(topic: try reader.readUUID(), overrides: try reader.readOverrides())
    case .settingsChanged:
      self = .settingsChanged(try ConfiguredResource(from: &reader), overrides: try reader.readOverrides())
    case .producerIDsReserved: self = .producerIDsReserved(upTo: try reader.readInt64())
    case .logStartMoved:
      self = .logStartMoved(try PartitionKey(from: &reader), offset: Offset(try reader.readInt64()))
    case .segmentsSwapped:
      let partition = try PartitionKey(from: &reader)
      let removed = try reader.readList(minimumSize: 8) { reader throws(WireError) in Offset(try reader.readInt64()) }
      let added = try reader.readList(minimumSize: SegmentDescription.encodedSize) { reader throws(WireError) in
        try SegmentDescription(from: &reader)
      }
      self = .segmentsSwapped(
        partition, removed: removed, added: added, cleanedThrough: Offset(try reader.readInt64()))
    case .producersExpired:
      self = .producersExpired(notSeenSince: Timestamp(milliseconds: try reader.readInt64()))
    case .abortedForgotten:
      let partition = try PartitionKey(from: &reader)
      self = .abortedForgotten(
        partition,
        markers: try reader.readList(minimumSize: 8) { reader throws(WireError) in Offset(try reader.readInt64()) })
    }
  }
}

/// A topic as the catalogue keeps it.
package struct TopicDescription: Equatable, Sendable {
  package var id: UniqueID
  package var name: String
  package var partitionCount: Int32
  /// Settings that differ from the broker's, as text under Kafka's names.
  package var overrides: [String: String]

  package init(id: UniqueID, name: String, partitionCount: Int32, overrides: [String: String] = [:]) {
    self.id = id
    self.name = name
    self.partitionCount = partitionCount
    self.overrides = overrides
  }

  func encode(to writer: inout ByteWriter) {
    writer.writeUUID(id)
    writer.writeLongText(name)
    writer.writeInt32(partitionCount)
    writer.writeOverrides(overrides)
  }

  init(from reader: inout ByteReader) throws(WireError) {
    id = try reader.readUUID()
    name = try reader.readLongText()
    partitionCount = try reader.readInt32()
    overrides = try reader.readOverrides()
  }
}

/// Whose settings: topics keep theirs in their description.
package struct ConfiguredResource: Hashable, Comparable, Sendable {
  package enum Kind: UInt8, Sendable { case broker = 4, clientMetrics = 16, group = 32 }

  package var kind: Kind
  /// A node id, a group's name; empty for the default of all brokers.
  package var name: String

  package init(kind: Kind, name: String) {
    self.kind = kind
    self.name = name
  }

  package static func < (a: ConfiguredResource, b: ConfiguredResource) -> Bool {
    (a.kind.rawValue, a.name) < (b.kind.rawValue, b.name)
  }

  func encode(to writer: inout ByteWriter) {
    writer.writeUInt8(kind.rawValue)
    writer.writeLongText(name)
  }

  init(from reader: inout ByteReader) throws(WireError) {
    guard let kind = Kind(rawValue: try reader.readUInt8()) else { throw .badValue }
    self.kind = kind
    name = try reader.readLongText()
  }
}

/// A segment's extent as checkpoints and swaps record it.
package struct SegmentDescription: Equatable, Sendable {
  package var base: Offset
  package var generation: UInt32
  package var size: ByteCount
  /// The offset after the last record this segment covers.
  package var end: Offset
  package var maxTimestamp: Timestamp
  /// The greatest timestamp of the segment's first batch: what `segment.ms` counts from.
  package var firstTimestamp: Timestamp
  /// The wall clock at the last append.
  package var written: Timestamp
  /// CRC-32C of all its bytes.
  package var digest: UInt32

  static let encodedSize = 56

  func encode(to writer: inout ByteWriter) {
    writer.writeInt64(base.value)
    writer.writeUInt32(generation)
    writer.writeInt64(size.value)
    writer.writeInt64(end.value)
    writer.writeInt64(maxTimestamp.milliseconds)
    writer.writeInt64(firstTimestamp.milliseconds)
    writer.writeInt64(written.milliseconds)
    writer.writeUInt32(digest)
  }

  init(from reader: inout ByteReader) throws(WireError) {
    base = Offset(try reader.readInt64())
    generation = try reader.readUInt32()
    size = ByteCount(try reader.readInt64())
    end = Offset(try reader.readInt64())
    maxTimestamp = Timestamp(milliseconds: try reader.readInt64())
    firstTimestamp = Timestamp(milliseconds: try reader.readInt64())
    written = Timestamp(milliseconds: try reader.readInt64())
    digest = try reader.readUInt32()
  }

  package init(
    base: Offset, generation: UInt32, size: ByteCount, end: Offset, maxTimestamp: Timestamp,
    firstTimestamp: Timestamp, written: Timestamp, digest: UInt32
  ) {
    self.base = base
    self.generation = generation
    self.size = size
    self.end = end
    self.maxTimestamp = maxTimestamp
    self.firstTimestamp = firstTimestamp
    self.written = written
    self.digest = digest
  }
}
