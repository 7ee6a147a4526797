import KafkaWire
import Units

extension ConsumerGroup {
  /// How a request's epoch relates to what the group knows.
  enum Standing {
    /// The member's first request, in this life.
    case joining
    case current
    /// Its last answer was lost.
    case previous
  }

  /// Refuses what no group would serve.
  func check(
    _ request: ConsumerGroupHeartbeatRequest, _ version: Int16, _ settings: ConsumerGroupSettings
  ) throws(Refusal) {
    func invalid(_ text: String) -> Refusal { Refusal(.invalidRequest, text) }
    if request.groupId.isEmpty { throw invalid("the group id is empty") }
    if request.instanceId == "" { throw invalid("the instance id is empty") }
    if request.rackId == "" { throw invalid("the rack id is empty") }
    let names = request.subscribedTopicNames ?? []
    if names.count > GroupLimits.subscribedTopics {
      throw invalid("the member names more than \(GroupLimits.subscribedTopics) topics")
    }
    let texts = [request.memberId, request.instanceId ?? "", request.rackId ?? "", request.subscribedTopicRegex ?? ""]
    if (names + texts).reduce(0, { $0 + $1.utf8.count }) > GroupLimits.subscriptionBytes {
      throw invalid("what the member says of itself has more than \(GroupLimits.subscriptionBytes) bytes")
    }
    if request.memberId.isEmpty, request.memberEpoch != 0 || version >= 1 { throw invalid("the member id is empty") }
    switch request.memberEpoch {
    case 0:
      if request.rebalanceTimeoutMs < 0 { throw invalid("a member that joins must say its rebalance timeout") }
      guard let owned = request.topicPartitions, owned.isEmpty else {
        throw invalid("a member that joins owns no partitions, and must say so")
      }
      let names = request.subscribedTopicNames.map { !$0.isEmpty } ?? false
      let pattern = request.subscribedTopicRegex.map { !$0.isEmpty } ?? false
      if !names && !pattern { throw invalid("a member that joins must subscribe to topics") }
    case 1..., -1: break
    case -2: if request.instanceId == nil { throw invalid("only a static member can leave for a while") }
    default: throw invalid("the member epoch \(request.memberEpoch) has no meaning")
    }
    if let name = request.serverAssignor, Assignor(rawValue: name).map({ settings.assignors.contains($0) }) != true {
      let known = settings.assignors.map(\.rawValue).joined(separator: ", ")
      throw Refusal(.unsupportedAssignor, "there is no assignor \(name); there are: \(known)")
    }
  }

  /// A heartbeat of a member that stays, or joins.
  mutating func beat(
    _ request: ConsumerGroupHeartbeatRequest, _ caller: Caller, _ settings: ConsumerGroupSettings,
    _ context: CoordinatorContext, _ draft: inout Draft, into effects: inout Effects
  ) throws(Refusal) -> ConsumerGroupHeartbeatResponse {
    let member = request.memberId.isEmpty ? context.freshID().description : request.memberId
    let owned = request.topicPartitions.map { list in
      Set(list.flatMap { topic in topic.partitions.map { TopicPartition(topic: topic.topicId, partition: $0) } })
    }
    let (standing, replaced) = try standing(of: member, request, owned, settings)
    var said = state.members[replaced ?? member] ?? ConsumerMember()
    let before = said
    try take(request, caller, into: &said)
    try checkSize(of: said, member)

    if let replaced { replace(replaced, by: member, said, &draft, into: &effects) }
    if said != state.members[member] { put(.member(member, said), &draft) }
    let isNew = standing == .joining && replaced == nil
    let hasChanged = said.topics != before.topics || said.pattern != before.pattern
    if said.pattern != before.pattern { patternsChanged(said.pattern, settings, context, &draft, into: &effects) }
    if isNew || hasChanged {
      if isNew { hasUnassigned = true }
      bump(Rebalance(isNew ? .joined : .subscription, member, state.members[member]), context, &draft)
    }
    assignIfDue(joining: standing == .joining ? member : nil, settings, context, &draft, into: &effects)

    let old = current(member)
    if standing != .previous {
      reconcile(member, owned: owned, standing, context, &draft, into: &effects)
    }
    effects.arm(.session(group: id, member: member), at: context.now.advanced(byMs: Int64(settings.sessionTimeoutMs)))
    let now = current(member)
    let isFull =
      request.memberEpoch == 0
      || request.rebalanceTimeoutMs != -1 && owned != nil
        && (request.subscribedTopicNames != nil || request.subscribedTopicRegex != nil)
    let mustTell =
      isFull || standing == .previous || waits[member] == .confirm || now.assigned.keys != old.assigned.keys
    return ConsumerGroupHeartbeatResponse(
      memberId: member, memberEpoch: now.epoch, heartbeatIntervalMs: heartbeatInterval(of: now, settings),
      assignment: mustTell
        ? .init(
          topicPartitions: now.assigned.keys.byTopic().map { .init(topicId: $0.topic, partitions: $0.partitions) })
        : nil)
  }

  /// Short while the member has something to do or to wait for; at rest as short as the group's share of calls allows.
  private func heartbeatInterval(of member: MemberAssignment, _ settings: ConsumerGroupSettings) -> Int32 {
    let shortest = min(settings.heartbeatIntervalMs, settings.busyHeartbeatIntervalMs)
    guard member.phase == .stable, member.epoch == state.targetEpoch, !isTargetDue else { return shortest }
    let share = state.members.count * settings.groupCount * 1_000 / settings.restingCallsPerSecond
    return min(max(Int32(clamping: share), shortest), settings.heartbeatIntervalMs)
  }

  /// Who calls: a new member, perhaps in the place of another that has its instance id, or one that is known.
  private func standing(
    of member: String, _ request: ConsumerGroupHeartbeatRequest, _ owned: Set<TopicPartition>?,
    _ settings: ConsumerGroupSettings
  ) throws(Refusal) -> (Standing, replaced: String?) {
    let joins = request.memberEpoch == 0
    if let instance = request.instanceId {
      if let holder = statics[instance] {
        let isAway = current(holder).epoch == MemberAssignment.awayEpoch
        if joins, isAway || state.members[holder]?.classic != nil { return (.joining, holder) }
        if joins, holder != member {
          throw Refusal(.unreleasedInstanceId, "the instance id \(instance) is held by member \(holder)")
        }
        if holder != member {
          throw Refusal(.fencedInstanceId, "member \(holder) has taken over the instance id \(instance)")
        }
      } else if !joins {
        throw Refusal(.unknownMemberId, "the instance id \(instance) is not known")
      }
    }
    guard state.members[member] != nil else {
      guard joins else { throw Refusal(.unknownMemberId, "member \(member) is not known") }
      guard state.members.count < settings.maxSize else {
        throw Refusal(.groupMaxSizeReached, "the group has \(state.members.count) members already")
      }
      return (.joining, nil)
    }
    return (try standing(current(member), request.memberEpoch, owned), nil)
  }

  /// Accepts the member's epoch, and the one before where it names nothing that the member does not have.
  private func standing(
    _ known: MemberAssignment, _ epoch: Int32, _ owned: Set<TopicPartition>?
  ) throws(Refusal) -> Standing {
    if epoch == known.epoch { return epoch == 0 ? .joining : .current }
    if epoch < known.epoch, epoch == known.previousEpoch, let owned, owned.allSatisfy(known.holds) { return .previous }
    throw Refusal(
      .fencedMemberEpoch,
      "the member says epoch \(epoch), the group knows \(known.epoch): it must give everything up and join again")
  }

  /// Takes over what the request says of the member; a null leaves what was said before.
  private func take(
    _ request: ConsumerGroupHeartbeatRequest, _ caller: Caller, into said: inout ConsumerMember
  ) throws(Refusal) {
    if let instance = request.instanceId { said.instanceID = instance }
    if let rack = request.rackId { said.rackID = rack }
    if request.rebalanceTimeoutMs >= 0 { said.rebalanceTimeoutMs = request.rebalanceTimeoutMs }
    if let name = request.serverAssignor { said.assignor = name }
    if let names = request.subscribedTopicNames { said.topics = Set(names).sorted() }
    if let pattern = request.subscribedTopicRegex, pattern != said.pattern {
      if !pattern.isEmpty, state.patterns[pattern] == nil {
        do throws(TopicPattern.Invalid) {
          _ = try TopicPattern(pattern)
        } catch {
          throw Refusal(.invalidRegularExpression, "the pattern is not valid: \(error.reason)")
        }
      }
      said.pattern = pattern.isEmpty ? nil : pattern
    }
    said.clientID = caller.clientID
    said.clientHost = caller.host
    said.classic = nil
  }
}
