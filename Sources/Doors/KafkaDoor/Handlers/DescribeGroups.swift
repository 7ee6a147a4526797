import ByteCodec
import Coordination
import KafkaWire
import Units

/// DescribeGroups 0-6 (KIP-430 allowed operations, KIP-1043 GROUP_ID_NOT_FOUND from version 6 on).
///
/// Differs from Kafka: a group named twice is answered once.
extension KafkaDoor {
  func describeGroups(_ request: Request) throws(WireError) -> Answer {
    var message = try request.decode(DescribeGroupsRequest.self)
    if message.groups.shorten() { return refuseTooMany(request, with: message.refused(.invalidRequest)) }
    message.groups = message.groups.distinct
    let call = CoordinatorCall(owners: message.groups, decides: false, seesTopics: false)
    return ask(call, for: request, refused: message.refused(.coordinatorNotAvailable)) {
      groups, caller, waiter, context, effects in
      groups.describeGroups(message, from: caller, waiter: waiter, context, into: &effects)
    }
  }
}

extension DescribeGroupsRequest {
  fileprivate func refused(_ code: ErrorCode) -> DescribeGroupsResponse {
    DescribeGroupsResponse(groups: groups.map { .init(errorCode: code.rawValue, groupId: $0) })
  }
}
