import ByteCodec
import Compression
import RecordFormat

/// Record batches as producers send them, and the decompressors alone: the first byte chooses.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzBatches(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard count > 1, let start else { return 0 }
  let input = ByteSlice(copying: Array(UnsafeBufferPointer(start: start + 1, count: count - 1)))
  let scratch = Decompressor()
  if let codec = CompressionCodec(rawValue: start[0]) {
    let budget = DecompressionBudget(maximumOutput: 1 << 20)
    if let output = try? scratch.decompress(input, codec: codec, budget: budget) {
      precondition(output.count <= 1 << 20)
    }
    return 0
  }
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
