package import ByteCodec
package import Compression
package import Units

/// Builds one batch: records in ascending order of offset, then `build`.
package struct RecordBatchBuilder {
  /// What a batch says about itself besides its records.
  package struct Properties: Sendable {
    package var baseOffset = Offset(0)
    package var partitionLeaderEpoch: Int32 = -1
    /// -1 for none; likewise the two that follow.
    package var producerID: Int64 = -1
    package var producerEpoch: Int16 = -1
    package var baseSequence: Int32 = -1
    package var isTransactional = false
    package var isControl = false
    package var codec = CompressionCodec.none
    /// The codec's level, or nil for its own.
    package var level: Int32?
    /// The append time, where the broker sets the time instead of the producer.
    package var logAppendTime: Timestamp?
    /// When compaction may drop the batch's tombstones (KIP-534); it takes the place of the base timestamp.
    package var deleteHorizon: Timestamp?
    /// The last offset of the range that the batch stands for, where that is past its last record: compaction keeps
    /// ranges when it removes records.
    package var lastOffset: Offset?

    /// A plain batch at offset 0, without a producer.
    package init() {}

    /// The properties of a batch that exists, without its records; the delete horizon stays.
    package init(keeping header: RecordBatchHeader) {
      baseOffset = header.baseOffset
      partitionLeaderEpoch = header.partitionLeaderEpoch
      producerID = header.producerID
      producerEpoch = header.producerEpoch
      baseSequence = header.baseSequence
      isTransactional = header.isTransactional
      isControl = header.isControl
      codec = header.attributes.codec ?? .none
      logAppendTime = header.usesLogAppendTime ? header.maxTimestamp : nil
      deleteHorizon = header.deleteHorizon
      lastOffset = header.lastOffset
    }

    var attributes: BatchAttributes {
      var attributes: BatchAttributes = []
      if isTransactional { attributes.insert(.transactional) }
      if isControl { attributes.insert(.control) }
      if logAppendTime != nil { attributes.insert(.logAppendTime) }
      if deleteHorizon != nil { attributes.insert(.deleteHorizon) }
      return attributes
    }
  }

  private let properties: Properties
  private var baseTimestamp: Timestamp?
  private var latest = Timestamp.none
  private var encoded = ByteWriter(capacity: 4096)
  private var lastDelta: Int64 = -1
  /// Records appended.
  package private(set) var count: Int32 = 0
  /// An offset that no batch can reach from its base, or that does not ascend: `build` fails.
  private var isOutOfRange = false

  /// A builder without records yet. Their timestamps count from the first one's, or from the delete horizon.
  package init(_ properties: Properties = .init()) {
    self.properties = properties
    baseTimestamp = properties.deleteHorizon
  }

  /// Bytes of a batch of the records so far, before they are compressed.
  package var plainSize: Int { RecordBatchHeader.size + encoded.count }

  /// Adds a record at `offset`, or right after the one before.
  package mutating func append(_ record: Record, at offset: Offset? = nil) {
    let headerSize = record.headers.reduce(0) { sum, header in
      sum + RecordBatchBuilder.size(ofField: header.key) + RecordBatchBuilder.size(ofField: header.value)
    }
    begin(
      at: offset, timestamp: record.timestamp, key: record.key, value: record.value, headerCount: record.headers.count,
      headerSize: headerSize)
    for header in record.headers {
      writeField(header.key)
      writeField(header.value)
    }
  }

  /// Adds a record of another batch, at its own offset.
  package mutating func append(_ record: RecordView) {
    begin(
      at: record.offset, timestamp: record.timestamp, key: record.key, value: record.value,
      headerCount: record.headerCount, headerSize: record.headerBytes.count)
    record.headerBytes.withUnsafeBytes { encoded.writeBytes($0) }
  }

  /// The batch. Fails with `tooLarge` where its length, count or offsets do not fit the format, with `unsupported` for
  /// a level that the codec does not have. The builder is spent.
  package mutating func build(using compressor: Compressor) throws(CompressionError) -> ByteSlice {
    let lastOffset = properties.lastOffset?.value ?? properties.baseOffset.value &+ lastDelta
    let range = lastOffset.subtractingReportingOverflow(properties.baseOffset.value)
    guard !isOutOfRange, !range.overflow, range.partialValue >= lastDelta,
      let lastOffsetDelta = Int32(exactly: range.partialValue),
      encoded.count <= RecordBatchHeader.maximumRecordBytes
    else { throw .tooLarge }
    let codec = count == 0 ? .none : properties.codec
    let plain = encoded.count == 0 ? .empty : encoded.takeSlice()
    let records = try compressor.compress(plain, codec: codec, level: properties.level)
    let header = RecordBatchHeader(
      baseOffset: properties.baseOffset, batchLength: 0, partitionLeaderEpoch: properties.partitionLeaderEpoch,
      checksum: 0, attributes: properties.attributes.with(codec), lastOffsetDelta: lastOffsetDelta,
      baseTimestamp: baseTimestamp ?? .none, maxTimestamp: properties.logAppendTime ?? latest,
      producerID: properties.producerID, producerEpoch: properties.producerEpoch,
      baseSequence: properties.baseSequence, recordCount: count)
    return try header.batch(of: records)
  }

  /// A batch without records that keeps the offset range, the latest timestamp and the producer's state of one that
  /// compaction has emptied. Fails only if `header`'s range is none.
  package static func emptyBatch(keeping header: RecordBatchHeader) throws(CompressionError) -> ByteSlice {
    guard header.lastOffsetDelta >= 0 else { throw .tooLarge }
    var empty = header
    empty.attributes = header.attributes.with(.none)
    empty.baseTimestamp = header.deleteHorizon ?? .none
    empty.recordCount = 0
    return try empty.batch(of: .empty)
  }

  /// Writes a record up to its headers, of which the caller writes `headerSize` bytes.
  private mutating func begin(
    at offset: Offset?, timestamp: Timestamp, key: ByteSlice?, value: ByteSlice?, headerCount: Int, headerSize: Int
  ) {
    let base = baseTimestamp ?? timestamp
    baseTimestamp = base
    latest = max(latest, timestamp)
    let delta = offset.map { $0.value &- properties.baseOffset.value } ?? lastDelta + 1
    if delta <= lastDelta || delta > Int64(Int32.max) || count == Int32.max {
      isOutOfRange = true
    } else {
      lastDelta = delta
      count += 1
    }
    let timestampDelta = timestamp.milliseconds &- base.milliseconds
    let attributesSize = 1
    let fields = RecordBatchBuilder.size(ofField: key) + RecordBatchBuilder.size(ofField: value) + headerSize
    let deltas = RecordBatchBuilder.size(ofVarint: timestampDelta) + RecordBatchBuilder.size(ofVarint: delta)
    let size = attributesSize + deltas + fields + RecordBatchBuilder.size(ofVarint: Int64(headerCount))
    encoded.writeVarInt64(Int64(size))
    encoded.writeInt8(0)
    encoded.writeVarInt64(timestampDelta)
    encoded.writeVarInt64(delta)
    writeField(key)
    writeField(value)
    encoded.writeVarInt64(Int64(headerCount))
  }

  /// A length that does not fit 32 bits makes the whole too large, which `build` refuses.
  private mutating func writeField(_ bytes: ByteSlice?) {
    guard let bytes else { return encoded.writeVarInt64(-1) }
    encoded.writeVarInt64(Int64(bytes.count))
    bytes.withUnsafeBytes { encoded.writeBytes($0) }
  }

  private static func size(ofField bytes: ByteSlice?) -> Int {
    guard let bytes else { return 1 }
    return size(ofVarint: Int64(bytes.count)) + bytes.count
  }

  /// Bytes of a zig-zag varint: seven bits each, at least one byte.
  private static func size(ofVarint value: Int64) -> Int {
    let raw = UInt64(bitPattern: value &<< 1) ^ UInt64(bitPattern: value >> 63)
    return max((70 - raw.leadingZeroBitCount) / 7, 1)
  }
}
