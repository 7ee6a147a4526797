package import KafkaWire
import Units

// The requests of the consumer protocol (KIP-848). A classic group becomes a consumer group with the first member of the
// new protocol, and a classic one again with its last.
extension GroupCoordinator {
  /// ConsumerGroupHeartbeat.
  package mutating func consumerGroupHeartbeat(
    _ request: ConsumerGroupHeartbeatRequest, from caller: Caller, waiter: Waiter, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    let id = request.groupId
    var settings = settings.consumer(id)
    settings.groupCount = max(groups.count, 1)
    let isConverted: Bool
    do throws(ConsumerGroup.Refusal) {
      guard self.settings.servesConsumerGroups else {
        throw ConsumerGroup.Refusal(.unsupportedVersion, "consumer groups are not enabled here")
      }
      try ConsumerGroup(id: id).check(request, caller.version, settings)
      guard admits(request, from: caller) else {
        throw ConsumerGroup.Refusal(.coordinatorNotAvailable, "the groups take all the memory that they may")
      }
      isConverted = try becomeConsumer(id, for: request, context, into: &effects)
    } catch {
      effects.reply(
        to: waiter, ConsumerGroupHeartbeatResponse(errorCode: error.code.rawValue, errorMessage: error.message),
        sees: [.membership(group: id)])
      return
    }
    changeConsumer(id, context, into: &effects) { [settings] in
      // In one step with the newcomer: without it the group would be all classic, and turn back.
      if isConverted { $0.loaded(settings, context, into: &$1) }
      $0.heartbeat(request, from: caller, waiter: waiter, settings, context, into: &$1)
    }
  }

  /// ConsumerGroupDescribe.
  package func consumerGroupDescribe(
    _ request: ConsumerGroupDescribeRequest, from caller: Caller, waiter: Waiter, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    let answers = request.groupIds.map { id -> ConsumerGroupDescribeResponse.Group in
      if id.isEmpty { return .init(errorCode: ErrorCode.invalidGroupId.rawValue, groupId: id) }
      if let group = groups[id]?.consumer {
        var description = group.describe(settings.consumer(id), context)
        if request.includeAuthorizedOperations { description.authorizedOperations = AllowedOperations.group }
        return description
      }
      let text = groups[id] == nil ? "Group \(id) not found." : "Group \(id) is not a consumer group."
      return .init(errorCode: ErrorCode.groupIdNotFound.rawValue, errorMessage: text, groupId: id)
    }
    effects.reply(
      to: waiter, ConsumerGroupDescribeResponse(groups: answers),
      sees: request.groupIds.map { .membership(group: $0) } + [.groups])
  }

  /// What patterns of a group matched, computed wherever there was time.
  package mutating func patternsMatched(
    _ result: PatternWork.Result, _ context: CoordinatorContext, into effects: inout Effects
  ) {
    let settings = settings.consumer(result.group)
    changeConsumer(result.group, context, into: &effects) {
      $0.patternsMatched(result, settings, context, into: &$1)
    }
  }

  /// Topics were made, extended or deleted.
  package mutating func topicsChanged(_ context: CoordinatorContext, into effects: inout Effects) {
    for id in groups.keys.sorted() where groups[id]?.consumer != nil {
      let settings = settings.consumer(id)
      changeConsumer(id, context, into: &effects) { $0.topicsChanged(settings, context, into: &$1) }
    }
  }

  /// Hands a timer to a consumer group; false where the group is none.
  mutating func changeConsumer(
    _ id: String, _ timer: CoordinatorTimer, _ context: CoordinatorContext, into effects: inout Effects
  ) -> Bool {
    guard groups[id]?.consumer != nil else { return false }
    let settings = settings.consumer(id)
    changeConsumer(id, context, into: &effects) { $0.timerFired(timer, settings, context, into: &$1) }
    return true
  }

  /// Lets `change` work on a consumer group in place, keeps the books, and turns it into a classic group where only
  /// classic members are left.
  mutating func changeConsumer(
    _ id: String, _ context: CoordinatorContext, into effects: inout Effects,
    _ change: (inout ConsumerGroup, inout Effects) -> Void
  ) {
    guard var group = groups[id]?.takeConsumer() else { return }
    let writes = effects.writes.count
    let epoch = group.state.epoch ?? 0
    change(&group, &effects)
    for index in effects.writes.indices.dropFirst(writes) { effects.writes[index].marks.append(.groups) }
    groups[id]?.membership = group.isBlank ? .classic(ClassicGroup(id: id)) : .consumer(group)
    if let said = group.lastRebalance, group.state.epoch ?? 0 != epoch { note(said, in: group, context) }
    forget(id)
    if settings.allowsDowngrade, group.isClassicOnly { becomeClassic(id, group, context, into: &effects) }
  }

  private mutating func note(
    _ said: ConsumerGroup.Rebalance, in group: ConsumerGroup, _ context: CoordinatorContext
  ) {
    let trigger: RebalanceCause.Trigger =
      switch said.reason {
      case .joined: .memberJoined
      case .left: .memberLeft
      case .fenced: .sessionExpired
      case .subscription: .subscriptionChanged
      case .topics: .topicsChanged
      }
    groups[group.id]?.cause = RebalanceCause(
      trigger, member: said.member ?? "", instance: said.instance, clientID: said.clientID, host: said.host,
      at: context.clock)
    groups[group.id]?.rounds += 1
    rebalances[trigger, default: 0] += 1
  }
}
