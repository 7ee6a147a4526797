import ByteCodec
import Coordination
import KafkaWire
import Units

/// OffsetDelete 0 (KIP-496): offsets of topics that the group has not subscribed to.
extension KafkaDoor {
  func offsetDelete(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(OffsetDeleteRequest.self)
    let call = CoordinatorCall(owners: [message.groupId], decides: true, seesTopics: true)
    return ask(call, for: request, refused: OffsetDeleteResponse(errorCode: ErrorCode.coordinatorNotAvailable.rawValue))
    {
      groups, caller, waiter, context, effects in
      groups.deleteOffsets(message, from: caller, waiter: waiter, context, into: &effects)
    }
  }
}
