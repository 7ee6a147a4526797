package import ByteCodec
package import Compression
import Units

extension RecordBatchHeader {
  /// The most bytes of records in one batch: what the length field can count.
  static let maximumRecordBytes = Int(Int32.max) - (Layout.records - Layout.leaderEpoch)

  /// A batch of this header and `records`; length and checksum are computed.
  func batch(of records: ByteSlice) throws(CompressionError) -> ByteSlice {
    guard records.count <= RecordBatchHeader.maximumRecordBytes else { throw .tooLarge }
    var writer = ByteWriter(capacity: Layout.records + records.count)
    writer.writeInt64(baseOffset.value)
    writer.writeInt32(Int32(Layout.records - Layout.leaderEpoch + records.count))
    writer.writeInt32(partitionLeaderEpoch)
    writer.writeInt8(RecordBatchHeader.magic)
    writer.writeUInt32(0)
    writer.writeUInt16(attributes.rawValue)
    writer.writeInt32(lastOffsetDelta)
    writer.writeInt64(baseTimestamp.milliseconds)
    writer.writeInt64(maxTimestamp.milliseconds)
    writer.writeInt64(producerID)
    writer.writeInt16(producerEpoch)
    writer.writeInt32(baseSequence)
    writer.writeInt32(recordCount)
    records.withUnsafeBytes { writer.writeBytes($0) }
    let batch = writer.takeSlice()
    BatchStamp.setChecksum(of: batch)
    return batch
  }
}

extension RecordBatchView {
  /// The batch with its records encoded anew by `codec`. Offsets, timestamps, headers and producer fields stay.
  ///
  /// Fails with `corrupt` for records that cannot be decompressed, `tooLarge` for those that expand past `budget`.
  package func recompressed(
    with codec: CompressionCodec, level: Int32? = nil, compressor: Compressor, scratch: Decompressor,
    budget: DecompressionBudget = .init()
  ) throws(CompressionError) -> ByteSlice {
    let plain: ByteSlice
    do {
      plain = try plainRecords(scratch: scratch, budget: budget)
    } catch .budgetExceeded {
      throw .tooLarge
    } catch {
      throw .corrupt
    }
    var header = header
    header.attributes = header.attributes.with(plain.isEmpty ? .none : codec)
    return try header.batch(of: plain.isEmpty ? plain : compressor.compress(plain, codec: codec, level: level))
  }
}
