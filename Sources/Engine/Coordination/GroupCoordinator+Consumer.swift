package import KafkaWire

// The requests of the consumer protocol (KIP-848).
extension GroupCoordinator {
  /// ConsumerGroupHeartbeat.
  package mutating func consumerGroupHeartbeat(
    _ request: ConsumerGroupHeartbeatRequest, from caller: Caller, waiter: Waiter, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    effects.reply(
      to: waiter,
      ConsumerGroupHeartbeatResponse(
        errorCode: ErrorCode.groupIdNotFound.rawValue, errorMessage: "Group \(request.groupId) is no consumer group."),
      sees: [.membership(group: request.groupId)])
  }

  /// ConsumerGroupDescribe.
  package func consumerGroupDescribe(
    _ request: ConsumerGroupDescribeRequest, from caller: Caller, waiter: Waiter, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    let groups = request.groupIds.map {
      ConsumerGroupDescribeResponse.Group(
        errorCode: ErrorCode.groupIdNotFound.rawValue, errorMessage: "Group \($0) is no consumer group.", groupId: $0)
    }
    effects.reply(
      to: waiter, ConsumerGroupDescribeResponse(groups: groups),
      sees: request.groupIds.map { .membership(group: $0) })
  }
}
