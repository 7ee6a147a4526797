import Conversation

/// A whole connection: requests, or bytes that are sent as they are, cut into pieces anywhere, through socket, door and
/// engine. The first byte chooses between the two, the next two where the cuts are. However the bytes are cut, the
/// answers are the same; only where the server hangs up, the last ones may be lost with the connection.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzConnection(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard count > 3, let start else { return 0 }
  let input = Array(UnsafeBufferPointer(start: start, count: count))
  let said = Utterance.prologue + (input[0] & 1 == 0 ? Utterance.requests(input[3...]) : Array(input[3...]))
  guard let whole = try? Conversation.hold([said]) else { preconditionFailure("no conversation came about") }
  precondition(whole.isComplete, "a conversation without an end")
  if input[0] & 2 != 0 {
    let pieces = Utterance.cut(said, seed: input[1], largest: 1 + Int(input[2]) * 4)
    guard let cut = try? Conversation.hold(pieces) else { preconditionFailure("no conversation came about") }
    let common = whole.wasClosed ? min(whole.bytes.count, cut.bytes.count) : max(whole.bytes.count, cut.bytes.count)
    precondition(
      cut.wasClosed == whole.wasClosed && cut.isComplete && cut.bytes.prefix(common) == whole.bytes.prefix(common),
      "the answers depend on where the bytes were cut")
  }
  return 0
}
