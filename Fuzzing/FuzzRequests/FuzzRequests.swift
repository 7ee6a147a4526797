import ByteCodec
import KafkaWire

/// Whole requests: header, then the body of whatever API and version the header names.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRequests(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = ByteSlice(copying: Array(UnsafeBufferPointer(start: start, count: count)))
  var reader = ByteReader(input)
  guard let header = try? RequestHeader(from: &reader), let api = header.api, api.decodes(header.apiVersion),
    let message = try? api.requestType.init(from: &reader, version: header.apiVersion)
  else { return 0 }
  var writer = ByteWriter()
  message.encode(to: &writer, version: header.apiVersion)
  let written = writer.takeSlice()
  // What was decoded can be decoded again from what is written.
  var again = ByteReader(written)
  precondition((try? api.requestType.init(from: &again, version: header.apiVersion)) != nil)
  return 0
}
