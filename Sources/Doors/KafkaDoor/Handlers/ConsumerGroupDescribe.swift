import ByteCodec
import Coordination
import KafkaWire
import Units

/// ConsumerGroupDescribe 0-1 (KIP-848).
///
/// Differs from Kafka: a group named twice is answered once.
extension KafkaDoor {
  func consumerGroupDescribe(_ request: Request) throws(WireError) -> Answer {
    var message = try request.decode(ConsumerGroupDescribeRequest.self)
    if message.groupIds.shorten() { return refuseTooMany(request, with: message.refused(.invalidRequest)) }
    message.groupIds = message.groupIds.distinct
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
