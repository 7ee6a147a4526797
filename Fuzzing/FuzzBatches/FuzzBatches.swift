import ByteCodec
import Compression
import RecordFormat

/// Record batches as producers send them, and the decompressors alone: the first byte chooses. Most batches get the length
/// and the checksum that they should have, or none would come past its header.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzBatches(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard count > 1, let start else { return 0 }
  var bytes = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
  let scratch = Decompressor()
  if let codec = CompressionCodec(rawValue: start[0]) {
    let budget = DecompressionBudget(maximumOutput: 1 << 20)
    if let output = try? scratch.decompress(ByteSlice(copying: bytes), codec: codec, budget: budget) {
      precondition(output.count <= 1 << 20)
    }
    return 0
  }
  if start[0] & 2 == 0 { seal(&bytes) }
  let input = ByteSlice(copying: bytes)
  var rules = BatchRules()
  rules.requiresKeys = start[0] & 1 == 0
  if case .valid = BatchValidator.validate(input, rules: rules, scratch: scratch) {
    guard let view = try? RecordBatchView(input), var records = try? RecordReader(view, scratch: scratch) else {
      preconditionFailure("a valid batch cannot be read")
    }
    var read: Int32 = 0
    while (try? records.next()) != nil { read += 1 }
    precondition(read == view.header.recordCount)
  }
  var walk = RecordBatchWalk(input)
  while (try? walk.next()) != nil {}
  return 0
}

/// Writes the length behind the base offset, and the checksum before what it covers.
private func seal(_ batch: inout [UInt8]) {
  guard batch.count >= RecordBatchHeader.size else { return }
  let (length, checksum, covered) = (8, 17, 21)
  write(UInt32(batch.count - 12), at: length, in: &batch)
  write(batch[covered...].withUnsafeBytes { Checksum.crc32c($0) }, at: checksum, in: &batch)
}

private func write(_ value: UInt32, at position: Int, in bytes: inout [UInt8]) {
  withUnsafeBytes(of: value.bigEndian) { bytes.replaceSubrange(position..<position + 4, with: $0) }
}
