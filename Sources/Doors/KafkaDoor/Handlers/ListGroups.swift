import ByteCodec
import Coordination
import KafkaWire
import Units

/// ListGroups 0-5 (KIP-518 states filter from version 4 on, KIP-848 types from version 5 on).
extension KafkaDoor {
  func listGroups(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(ListGroupsRequest.self)
    let call = CoordinatorCall(owners: [], decides: false, seesTopics: false)
    return ask(call, for: request, refused: ListGroupsResponse(errorCode: ErrorCode.coordinatorNotAvailable.rawValue)) {
      groups, caller, waiter, context, effects in
      groups.listGroups(message, from: caller, waiter: waiter, context, into: &effects)
    }
  }
}
