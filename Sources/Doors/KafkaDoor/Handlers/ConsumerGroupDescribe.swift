import ByteCodec
import Coordination
import KafkaWire
import Units

/// ConsumerGroupDescribe 0-1 (KIP-848).
extension KafkaDoor {
  func consumerGroupDescribe(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(ConsumerGroupDescribeRequest.self)
    let call = CoordinatorCall(owners: message.groupIds, decides: false, seesTopics: true)
    return ask(call, for: request, refused: message.refused(.coordinatorNotAvailable)) {
      groups, caller, waiter, context, effects in
      groups.consumerGroupDescribe(message, from: caller, waiter: waiter, context, into: &effects)
    }
  }
}

extension ConsumerGroupDescribeRequest {
  fileprivate func refused(_ code: ErrorCode) -> ConsumerGroupDescribeResponse {
    ConsumerGroupDescribeResponse(groups: groupIds.map { .init(errorCode: code.rawValue, groupId: $0) })
  }
}
