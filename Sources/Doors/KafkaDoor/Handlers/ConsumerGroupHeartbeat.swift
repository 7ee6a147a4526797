import ByteCodec
import Coordination
import KafkaWire
import Units

/// ConsumerGroupHeartbeat 0-1 (KIP-848): joining, staying and leaving of members whose partitions the server assigns.
extension KafkaDoor {
  func consumerGroupHeartbeat(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(ConsumerGroupHeartbeatRequest.self)
    let call = CoordinatorCall(owners: [message.groupId], decides: true, seesTopics: true)
    return ask(
      call, for: request, refused: ConsumerGroupHeartbeatResponse(errorCode: ErrorCode.coordinatorNotAvailable.rawValue)
    ) {
      groups, caller, waiter, context, effects in
      groups.consumerGroupHeartbeat(message, from: caller, waiter: waiter, context, into: &effects)
    }
  }
}
