import ByteCodec
import Coordination
import KafkaWire
import Units

/// Heartbeat 0-4 (KIP-345 static members). Needs no room: a full disk makes nobody leave.
extension KafkaDoor {
  func heartbeat(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(HeartbeatRequest.self)
    let call = CoordinatorCall(owners: [message.groupId], decides: false, seesTopics: false)
    return ask(call, for: request, refused: HeartbeatResponse(errorCode: ErrorCode.coordinatorNotAvailable.rawValue)) {
      groups, caller, waiter, context, effects in
      groups.heartbeat(message, from: caller, waiter: waiter, context, into: &effects)
    }
  }
}
