package import ByteCodec
package import Compression
import Units

/// The records of a stored batch one after another, for tools, compaction and look-ups.
///
/// Compressed records are decompressed together first, within a budget.
package struct RecordReader: Sendable {
  package let header: RecordBatchHeader
  private let records: ByteSlice
  private var position = 0
  private var taken: Int32 = 0
  private var lastDelta: Int32 = -1

  /// Starts on `batch`, whose checksum the caller has verified where that matters.
  ///
  /// Fails with `badValue` for records that cannot be decompressed, `budgetExceeded` for those that expand too much,
  /// `badLength` for a negative record count.
  package init(_ batch: RecordBatchView, scratch: Decompressor, budget: DecompressionBudget = .init())
    throws(WireError)
  {
    header = batch.header
    guard header.recordCount >= 0 else { throw .badLength }
    records = try batch.plainRecords(scratch: scratch, budget: budget)
  }

  /// The next record, or nil after the last. Fails where a record's lengths do not fit, where offsets do not ascend
  /// within the batch's range, or where bytes follow the last record.
  package mutating func next() throws(WireError) -> RecordView? {
    guard taken < header.recordCount else {
      guard position == records.count else { throw .trailingBytes }
      return nil
    }
    let rest = records.dropping(position)
    var outer = ByteReader(rest)
    let length = Int(try outer.readVarInt32())
    let body = try outer.readPayload(length)
    let record = try read(body)
    position += outer.position
    taken += 1
    return record
  }

  private mutating func read(_ body: ByteSlice) throws(WireError) -> RecordView {
    var reader = ByteReader(body)
    _ = try reader.readInt8()
    let timestampDelta = try reader.readVarInt64()
    let delta = try reader.readVarInt32()
    guard delta > lastDelta, delta <= header.lastOffsetDelta else { throw .badValue }
    let key = try reader.readRecordField()
    let value = try reader.readRecordField()
    let count = try reader.readVarInt32()
    guard count >= 0, Int(count) <= reader.remaining / 2 else { throw .badLength }
    let headerBytes = body.dropping(reader.position)
    for _ in 0..<count {
      guard try reader.readRecordField() != nil else { throw .unexpectedNull }
      _ = try reader.readRecordField()
    }
    try reader.finish()
    lastDelta = delta
    let own = Timestamp(milliseconds: header.baseTimestamp.milliseconds &+ timestampDelta)
    return RecordView(
      offset: header.baseOffset.advanced(by: Int64(delta)),
      timestamp: header.usesLogAppendTime ? header.maxTimestamp : own, key: key, value: value,
      headerCount: Int(count), headerBytes: headerBytes)
  }
}

extension RecordBatchView {
  /// The records as they are when nothing compresses them; fails as `RecordReader` does.
  func plainRecords(scratch: Decompressor, budget: DecompressionBudget) throws(WireError) -> ByteSlice {
    guard let codec = header.attributes.codec else { throw .badValue }
    if codec == .none || (header.recordCount == 0 && records.isEmpty) { return records }
    do {
      return try scratch.decompress(records, codec: codec, budget: budget)
    } catch .tooLarge {
      throw .budgetExceeded
    } catch {
      throw .badValue
    }
  }
}
