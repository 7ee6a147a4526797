import ByteCodec
import RecordFormat
import SimMachine
import Units

/// Makes record batches whose header is sound and whose records are random bytes: the log stores them as they are, and
/// doors have checked what is inside before it sees them.
enum BatchForge {
  struct Producer {
    var id: Int64
    var epoch: Int16
    var sequence: Int32
  }

  static func batch(
    records: Int32, payload: Int, producer: Producer?, timestamp: Timestamp, random: inout SeededRandom
  ) -> (bytes: ByteSlice, header: RecordBatchHeader)? {
    var body = ByteWriter(capacity: payload + 64)
    body.writeUInt16(0)
    body.writeInt32(records - 1)
    body.writeInt64(timestamp.milliseconds)
    body.writeInt64(timestamp.milliseconds)
    body.writeInt64(producer?.id ?? -1)
    body.writeInt16(producer?.epoch ?? -1)
    body.writeInt32(producer?.sequence ?? -1)
    body.writeInt32(records)
    for _ in 0..<(payload + 7) / 8 { body.writeUInt64(random.next()) }
    let checked = body.takeSlice()
    var batch = ByteWriter(capacity: checked.count + 32)
    batch.writeInt64(0)
    batch.writeInt32(Int32(truncatingIfNeeded: checked.count + 9))
    batch.writeInt32(-1)
    batch.writeInt8(RecordBatchHeader.magic)
    batch.writeUInt32(Checksum.crc32c(checked))
    checked.withUnsafeBytes { batch.writeBytes($0) }
    let bytes = batch.takeSlice()
    guard let header = try? RecordBatchHeader(bytes.bytes) else { return nil }
    return (bytes, header)
  }
}
