import ByteCodec
import Coordination
import KafkaWire
import Units

/// SyncGroup 0-5 (KIP-345 static members, KIP-559 protocol type and name). Parked until the leader has assigned.
extension KafkaDoor {
  func syncGroup(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(SyncGroupRequest.self)
    let call = CoordinatorCall(owners: [message.groupId], decides: true, seesTopics: false)
    return ask(call, for: request, refused: SyncGroupResponse(errorCode: ErrorCode.coordinatorNotAvailable.rawValue)) {
      groups, caller, waiter, context, effects in
      groups.syncGroup(message, from: caller, waiter: waiter, context, into: &effects)
    }
  }
}
