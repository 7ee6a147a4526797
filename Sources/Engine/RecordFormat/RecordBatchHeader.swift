package import ByteCodec
package import Units

/// The 61 bytes before a batch's records (message format v2), as plain values. Reading one allocates nothing.
package struct RecordBatchHeader: Equatable, Sendable {
  /// Where the fields lie, in bytes from the batch's start.
  package enum Layout {
    package static var length: Int { 8 }
    package static var leaderEpoch: Int { 12 }
    package static var magic: Int { 16 }
    package static var checksum: Int { 17 }
    /// The checksum covers everything from here to the batch's end.
    package static var attributes: Int { 21 }
    package static var lastOffsetDelta: Int { 23 }
    package static var baseTimestamp: Int { 27 }
    package static var maxTimestamp: Int { 35 }
    package static var producerID: Int { 43 }
    package static var producerEpoch: Int { 51 }
    package static var baseSequence: Int { 53 }
    package static var recordCount: Int { 57 }
    package static var records: Int { 61 }
  }

  /// Bytes of a header.
  package static var size: Int { Layout.records }
  /// Bytes that the length field does not count: the base offset and itself.
  package static var uncountedSize: Int { Layout.leaderEpoch }
  /// The only batch format that is served.
  package static var magic: Int8 { 2 }

  package var baseOffset: Offset
  /// The length field: bytes after it, 49 and up.
  package var batchLength: Int32
  package var partitionLeaderEpoch: Int32
  package var checksum: UInt32
  package var attributes: BatchAttributes
  package var lastOffsetDelta: Int32
  /// What the records' timestamps count from; with the `deleteHorizon` attribute also the horizon.
  package var baseTimestamp: Timestamp
  package var maxTimestamp: Timestamp
  /// -1 for none.
  package var producerID: Int64
  /// -1 for none.
  package var producerEpoch: Int16
  /// -1 for none.
  package var baseSequence: Int32
  /// What the header says; only a walk tells whether it is so.
  package var recordCount: Int32

  /// Bytes of the whole batch.
  package var totalSize: Int { Int(batchLength) &+ RecordBatchHeader.uncountedSize }

  /// The last offset that the batch stands for, whether or not a record is still there.
  package var lastOffset: Offset { baseOffset.advanced(by: Int64(lastOffsetDelta)) }

  /// The offset of the batch that follows.
  package var nextOffset: Offset { baseOffset.advanced(by: Int64(lastOffsetDelta) &+ 1) }

  /// The sequence of the last record, or -1 where the batch has none.
  package var lastSequence: Int32 {
    baseSequence < 0 ? -1 : RecordBatchHeader.sequence(baseSequence, advancedBy: lastOffsetDelta)
  }

  /// The sequence `count` records after `sequence`; 0 follows 2147483647 (KIP-98), it is never negative.
  package static func sequence(_ sequence: Int32, advancedBy count: Int32) -> Int32 {
    Int32(truncatingIfNeeded: (Int64(sequence) &+ Int64(count)) & 0x7FFF_FFFF)
  }

  /// Whether an idempotent or transactional producer wrote the batch.
  package var hasProducerID: Bool { producerID >= 0 }
  package var isTransactional: Bool { attributes.contains(.transactional) }
  package var isControl: Bool { attributes.contains(.control) }
  package var usesLogAppendTime: Bool { attributes.contains(.logAppendTime) }

  /// When compaction may drop the batch's tombstones and markers, or nil where it has not set that yet.
  package var deleteHorizon: Timestamp? { attributes.contains(.deleteHorizon) ? baseTimestamp : nil }
}

extension RecordBatchHeader {
  /// Reads the header at `position` of `bytes`, which may go on behind the batch or end within its records.
  ///
  /// Fails with `truncated` where fewer bytes remain than a header has, `unsupportedVersion` for magic 0 or 1 or an
  /// unknown one, `badLength` for a length that cannot hold a header.
  package init(_ bytes: RawSpan, at position: Int = 0) throws(WireError) {
    guard position >= 0, position <= bytes.byteCount, bytes.byteCount &- position > Layout.magic else {
      throw .truncated
    }
    guard RecordBatchHeader.load(bytes, position &+ Layout.magic, as: Int8.self) == RecordBatchHeader.magic else {
      throw .unsupportedVersion
    }
    batchLength = RecordBatchHeader.load(bytes, position &+ Layout.length, as: Int32.self)
    guard Int(batchLength) >= Layout.records &- Layout.leaderEpoch else { throw .badLength }
    guard bytes.byteCount &- position >= Layout.records else { throw .truncated }
    baseOffset = Offset(RecordBatchHeader.load(bytes, position, as: Int64.self))
    partitionLeaderEpoch = RecordBatchHeader.load(bytes, position &+ Layout.leaderEpoch, as: Int32.self)
    checksum = RecordBatchHeader.load(bytes, position &+ Layout.checksum, as: UInt32.self)
    attributes = BatchAttributes(
      rawValue: RecordBatchHeader.load(bytes, position &+ Layout.attributes, as: UInt16.self))
    lastOffsetDelta = RecordBatchHeader.load(bytes, position &+ Layout.lastOffsetDelta, as: Int32.self)
    let base = RecordBatchHeader.load(bytes, position &+ Layout.baseTimestamp, as: Int64.self)
    baseTimestamp = Timestamp(milliseconds: base)
    let latest = RecordBatchHeader.load(bytes, position &+ Layout.maxTimestamp, as: Int64.self)
    maxTimestamp = Timestamp(milliseconds: latest)
    producerID = RecordBatchHeader.load(bytes, position &+ Layout.producerID, as: Int64.self)
    producerEpoch = RecordBatchHeader.load(bytes, position &+ Layout.producerEpoch, as: Int16.self)
    baseSequence = RecordBatchHeader.load(bytes, position &+ Layout.baseSequence, as: Int32.self)
    recordCount = RecordBatchHeader.load(bytes, position &+ Layout.recordCount, as: Int32.self)
  }

  /// The big-endian number at `place`, which the caller has checked.
  static func load<T: FixedWidthInteger & BitwiseCopyable>(_ bytes: RawSpan, _ place: Int, as type: T.Type) -> T {
    T(bigEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: place, as: T.self))
  }
}
