import ByteCodec
import LogStore
import Units

/// What recovery reads from disk: journal frames, control records, checkpoints with their state, index rows.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzStorage(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = ByteSlice(copying: Array(UnsafeBufferPointer(start: start, count: count)))
  let salt = JournalSalt(value: 0)
  for position in JournalFrameHeader.candidates(in: input) {
    _ = JournalFrameHeader.parse(input, at: position, salt: salt)
  }
  var control = ByteReader(input)
  if let record = try? ControlRecord(from: &control) {
    var writer = ByteWriter()
    record.encode(to: &writer)
    let written = writer.takeSlice()
    var again = ByteReader(written)
    precondition((try? ControlRecord(from: &again)) == record)
  }
  var whole = ByteWriter()
  whole.writeUInt32(Checkpoint.magic)
  whole.writeInt64(Int64(count + 2))
  var body = ByteWriter()
  body.writeUInt16(Checkpoint.version)
  input.withUnsafeBytes { body.writeBytes($0) }
  let content = body.takeSlice()
  whole.writeUInt32(Checksum.crc32c(content))
  content.withUnsafeBytes { whole.writeBytes($0) }
  for file in [input, whole.takeSlice()] {
    guard case .success(let checkpoint) = Checkpoint.decode(file) else { continue }
    var state = ByteReader(checkpoint.state)
    _ = try? LogState(from: &state, at: checkpoint.sequence)
  }
  var state = ByteReader(input)
  _ = try? LogState(from: &state, at: .start)
  let key = SegmentKey(partition: PartitionKey(topic: .zero, index: 0), base: Offset(0))
  _ = BlockIndex.Row(input.part(from: 0, count: BlockIndex.Row.encodedSize), of: key)
  return 0
}
