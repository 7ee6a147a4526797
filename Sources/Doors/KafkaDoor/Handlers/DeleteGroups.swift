import ByteCodec
import Coordination
import KafkaWire
import Units

/// DeleteGroups 0-2 (KIP-229): empty groups, with their offsets. A group named twice is answered once, as in Kafka.
extension KafkaDoor {
  func deleteGroups(_ request: Request) throws(WireError) -> Answer {
    var message = try request.decode(DeleteGroupsRequest.self)
    if message.groupsNames.shorten() { return refuseTooMany(request, with: message.refused(.invalidRequest)) }
    message.groupsNames = message.groupsNames.distinct
    let call = CoordinatorCall(owners: message.groupsNames, decides: true, seesTopics: false)
    return ask(call, for: request, refused: message.refused(.coordinatorNotAvailable)) {
      groups, caller, waiter, context, effects in
      groups.deleteGroups(message, from: caller, waiter: waiter, context, into: &effects)
    }
  }
}

extension DeleteGroupsRequest {
  fileprivate func refused(_ code: ErrorCode) -> DeleteGroupsResponse {
    DeleteGroupsResponse(results: groupsNames.map { .init(groupId: $0, errorCode: code.rawValue) })
  }
}
