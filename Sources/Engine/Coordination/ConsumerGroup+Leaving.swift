import KafkaWire
import Units

extension ConsumerGroup {
  /// A member leaves, for good or, static, for a while.
  mutating func leave(
    _ request: ConsumerGroupHeartbeatRequest, _ settings: ConsumerGroupSettings, _ context: CoordinatorContext,
    _ draft: inout Draft, into effects: inout Effects
  ) throws(Refusal) -> ConsumerGroupHeartbeatResponse {
    let member = request.memberId
    if let instance = request.instanceId {
      guard let holder = statics[instance] else {
        throw Refusal(.unknownMemberId, "the instance id \(instance) is not known")
      }
      guard holder == member else {
        throw Refusal(.fencedInstanceId, "member \(holder) has taken over the instance id \(instance)")
      }
    }
    guard state.members[member] != nil else { throw Refusal(.unknownMemberId, "member \(member) is not known") }
    if request.memberEpoch == MemberAssignment.awayEpoch {
      // Its share stays with it until the session ends or another member takes the instance id.
      var away = current(member)
      away.epoch = MemberAssignment.awayEpoch
      away.phase = .stable
      away.pending = [:]
      put(.current(member, away), &draft)
      stopWaiting(for: member, [.revoke, .confirm, .rejoin, .sync], into: &effects)
    } else {
      fence([member], .left, settings, context, &draft, into: &effects)
    }
    return ConsumerGroupHeartbeatResponse(memberId: member, memberEpoch: request.memberEpoch)
  }

  /// Removes members and starts a rebalance of the rest.
  mutating func fence(
    _ members: [String], _ reason: Rebalance.Reason, _ settings: ConsumerGroupSettings, _ context: CoordinatorContext,
    _ draft: inout Draft, into effects: inout Effects
  ) {
    guard let last = members.last else { return }
    let rebalance = Rebalance(reason, last, state.members[last])
    for member in members { remove(member, &draft, into: &effects) }
    forgetUnusedPatterns(&draft, into: &effects)
    bump(rebalance, context, &draft)
    assignIfDue(settings, context, &draft, into: &effects)
  }

  /// Forgets a member and its timers.
  mutating func remove(_ member: String, _ draft: inout Draft, into effects: inout Effects) {
    if state.current[member] != nil { put(.current(member, nil), &draft) }
    if state.target[member] != nil { put(.target(member, nil), &draft) }
    put(.member(member, nil), &draft)
    waits[member] = nil
    effects.cancel(.session(group: id, member: member))
    effects.cancel(.rebalance(group: id, member: member))
  }

  /// Gives the place and the share of a static member to the one that comes with the same instance id.
  mutating func replace(
    _ old: String, by new: String, _ said: ConsumerMember, _ draft: inout Draft, into effects: inout Effects
  ) {
    let share = state.target[old]
    var current = current(old)
    current.epoch = 0
    current.previousEpoch = 0
    current.phase = .stable
    current.pending = [:]
    remove(old, &draft, into: &effects)
    put(.member(new, said), &draft)
    if let share { put(.target(new, share), &draft) }
    put(.current(new, current), &draft)
  }

  /// A timer of this group is due.
  package mutating func timerFired(
    _ timer: CoordinatorTimer, _ settings: ConsumerGroupSettings, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    var draft = Draft()
    switch timer {
    case .session(_, let member):
      if state.members[member] != nil { fence([member], .fenced, settings, context, &draft, into: &effects) }
    case .rebalance(_, let member):
      if waits[member] != nil { fence([member], .fenced, settings, context, &draft, into: &effects) }
    case .assignment: assignIfDue(settings, context, &draft, into: &effects)
    case .patterns: matchPatterns(settings, context, into: &effects)
    default: break
    }
    finish(draft, into: &effects)
  }

  /// Drops the shares of members whose own record is not there: nobody would ever give those partitions up.
  private mutating func dropStrays(_ context: CoordinatorContext, _ draft: inout Draft) {
    for id in state.current.keys.sorted() where state.members[id] == nil { put(.current(id, nil), &draft) }
    for id in state.target.keys.sorted() where state.members[id] == nil { put(.target(id, nil), &draft) }
    if !draft.isEmpty, !isEmpty { bump(Rebalance(.left), context, &draft) }
  }

  /// The records have been replayed, after a restart or a conversion: timers start anew, with their full time, and what
  /// happened to topics meanwhile is looked at.
  package mutating func loaded(
    _ settings: ConsumerGroupSettings, _ context: CoordinatorContext, into effects: inout Effects
  ) {
    var draft = Draft()
    dropStrays(context, &draft)
    finish(draft, into: &effects)
    hasUnassigned = state.members.keys.contains { state.target[$0] == nil }
    for member in state.memberIDs {
      let session = state.members[member]?.classic?.sessionTimeoutMs ?? settings.sessionTimeoutMs
      effects.arm(.session(group: id, member: member), at: context.now.advanced(byMs: Int64(session)))
      if state.members[member]?.classic == nil, current(member).phase == .unrevoked {
        wait(for: member, .revoke, context, into: &effects)
      }
    }
    topicsChanged(settings, context, into: &effects)
  }
}
