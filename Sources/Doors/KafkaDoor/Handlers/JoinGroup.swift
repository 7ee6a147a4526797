import ByteCodec
import Coordination
import KafkaWire
import Units

/// JoinGroup 0-9 (KIP-62 rebalance timeout, KIP-345 static members, KIP-394 member ids, KIP-800 reasons, KIP-814 skipped
/// assignments). Parked until the round of joining is over.
extension KafkaDoor {
  func joinGroup(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(JoinGroupRequest.self)
    let call = CoordinatorCall(owners: [message.groupId], decides: true, seesTopics: false)
    return ask(
      call, for: request,
      refused: JoinGroupResponse(errorCode: ErrorCode.coordinatorNotAvailable.rawValue, memberId: message.memberId)
    ) {
      groups, caller, waiter, context, effects in
      groups.joinGroup(message, from: caller, waiter: waiter, context, into: &effects)
    }
  }
}
