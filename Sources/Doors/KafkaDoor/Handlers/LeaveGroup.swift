import ByteCodec
import Coordination
import KafkaWire
import Units

/// LeaveGroup 0-5 (KIP-345 many members from version 3 on, KIP-800 reasons).
extension KafkaDoor {
  func leaveGroup(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(LeaveGroupRequest.self)
    let call = CoordinatorCall(owners: [message.groupId], decides: true, seesTopics: false)
    return ask(call, for: request, refused: LeaveGroupResponse(errorCode: ErrorCode.coordinatorNotAvailable.rawValue)) {
      groups, caller, waiter, context, effects in
      groups.leaveGroup(message, from: caller, waiter: waiter, context, into: &effects)
    }
  }
}
