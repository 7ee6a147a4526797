import ByteCodec
import LogStore
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
    records: Int32, payload: Int, producer: Producer?, timestamp: Timestamp, forgesFrame: Bool = false,
    random: inout SeededRandom
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
    if forgesFrame { writeFrame(to: &body, random: &random) }
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

  /// What a client writes that wants its record to pass for a frame of the journal: one that says that far more was
  /// acknowledged than was ever written. It lies as a frame would, and is sound but for the folder's salt.
  private static func writeFrame(to body: inout ByteWriter, random: inout SeededRandom) {
    let last = JournalSequence(1 << 40)
    var frame = JournalFrameHeader(
      kind: .witness, endsUnit: true, incarnation: Incarnation(use: 1 << 20, random: random.next()),
      sequence: last.next, unit: last.value, durable: last, payloadLength: 0,
      payloadCRC: Checksum.crc32c(ByteSlice.empty), chain: 0)
    // The batch begins at a multiple of eight in the journal, and its records three bytes before one.
    body.writeBytes([0, 0, 0])
    frame.encode(to: &body, salt: JournalSalt(value: random.chance(permille: 500) ? 0 : random.next()))
  }
}
