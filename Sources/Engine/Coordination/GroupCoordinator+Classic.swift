package import KafkaWire
import Units

// The requests of the classic protocol.
extension GroupCoordinator {
  /// JoinGroup: answered when the round is over, or at once where it is refused.
  package mutating func joinGroup(
    _ request: JoinGroupRequest, from caller: Caller, waiter: Waiter, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    let group = request.groupId
    if let refusal = refusal(of: request, from: caller) {
      effects.reply(
        to: waiter,
        JoinGroupResponse(errorCode: refusal.rawValue, protocolName: nil, memberId: request.memberId),
        sees: [.membership(group: group)])
      return
    }
    makeRoomForClassic(group, into: &effects)
    if groups[group]?.consumer != nil {
      let settings = settings.consumer(group)
      return changeConsumer(group, context, into: &effects) {
        $0.joinGroup(request, from: caller, waiter: waiter, settings, context, into: &$1)
      }
    }
    if groups[group] == nil { groups[group] = Group(id: group) }
    let joining = ClassicGroup.Joining(request, from: caller, waiter: waiter)
    changeClassic(group, context, into: &effects) { classic, world, effects in
      classic.join(joining, world, into: &effects).map { (waiter, $0) }
    }
    // A refused first member leaves no group behind.
    if let left = groups[group], left.offsets.isEmpty, !left.hasRecords { groups[group] = nil }
  }

  private func refusal(of request: JoinGroupRequest, from caller: Caller) -> ErrorCode? {
    if request.groupId.isEmpty { return .invalidGroupId }
    guard
      (settings.minSessionTimeoutMs...max(settings.minSessionTimeoutMs, settings.maxSessionTimeoutMs))
        .contains(request.sessionTimeoutMs)
    else { return .invalidSessionTimeout }
    let size = request.protocols.reduce(0) { $0 + $1.name.utf8.count + $1.metadata.count }
    if size > GroupLimits.protocolBytes { return .invalidRequest }
    if groups[request.groupId] == nil {
      if !request.memberId.isEmpty { return .unknownMemberId }
      if !hasRoom { return .policyViolation }
    }
    return admits(request, from: caller) ? nil : .coordinatorNotAvailable
  }

  /// SyncGroup: kept until the leader has brought the assignment.
  package mutating func syncGroup(
    _ request: SyncGroupRequest, from caller: Caller, waiter: Waiter, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    let mark = CoordinatorMark.membership(group: request.groupId)
    // From version 5 on members say what they have agreed on (KIP-559).
    let saysNothing = caller.version >= 5 && (request.protocolType == nil || request.protocolName == nil)
    guard !saysNothing, !request.groupId.isEmpty, groups[request.groupId] != nil else {
      let error: ErrorCode =
        request.groupId.isEmpty ? .invalidGroupId : saysNothing ? .inconsistentGroupProtocol : .unknownMemberId
      return effects.reply(to: waiter, SyncGroupResponse(errorCode: error.rawValue), sees: [mark])
    }
    guard admits(request) else {
      let error = ErrorCode.coordinatorNotAvailable.rawValue
      return effects.reply(to: waiter, SyncGroupResponse(errorCode: error), sees: [mark])
    }
    if groups[request.groupId]?.consumer != nil {
      return changeConsumer(request.groupId, context, into: &effects) {
        $0.syncGroup(request, waiter: waiter, context, into: &$1)
      }
    }
    changeClassic(request.groupId, context, into: &effects) { classic, world, effects in
      classic.sync(request, waiter: waiter, world, into: &effects).map { (waiter, $0) }
    }
  }

  /// Heartbeat.
  package mutating func heartbeat(
    _ request: HeartbeatRequest, from caller: Caller, waiter: Waiter, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    if groups[request.groupId]?.consumer != nil {
      return changeConsumer(request.groupId, context, into: &effects) {
        $0.classicHeartbeat(request, waiter: waiter, context, into: &$1)
      }
    }
    var error: ErrorCode = request.groupId.isEmpty ? .invalidGroupId : .unknownMemberId
    if !request.groupId.isEmpty, case .classic(let classic)? = groups[request.groupId]?.membership {
      error = classic.heartbeat(request, context.now, into: &effects)
    }
    effects.reply(
      to: waiter, HeartbeatResponse(errorCode: error.rawValue), sees: [.membership(group: request.groupId)])
  }

  /// LeaveGroup: one member up to version 2, several from version 3 on.
  package mutating func leaveGroup(
    _ request: LeaveGroupRequest, from caller: Caller, waiter: Waiter, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    if groups[request.groupId]?.consumer != nil {
      let settings = settings.consumer(request.groupId)
      return changeConsumer(request.groupId, context, into: &effects) {
        $0.leaveGroup(request, from: caller, waiter: waiter, settings, context, into: &$1)
      }
    }
    let leaving = caller.version < 3 ? [LeaveGroupRequest.Member(memberId: request.memberId)] : request.members
    var reply = LeaveGroupResponse()
    if request.groupId.isEmpty {
      reply.errorCode = ErrorCode.invalidGroupId.rawValue
    } else if groups[request.groupId] == nil {
      reply.members = leaving.map {
        .init(
          memberId: $0.memberId, groupInstanceId: $0.groupInstanceId,
          errorCode: ErrorCode.unknownMemberId.rawValue)
      }
    } else {
      changeClassic(request.groupId, context, into: &effects) { classic, world, effects in
        reply.members = classic.leave(leaving, world, into: &effects)
        return nil
      }
    }
    if caller.version < 3, reply.errorCode == 0 {
      reply.errorCode = reply.members.first?.errorCode ?? 0
      reply.members = []
    }
    effects.reply(to: waiter, reply, sees: [.membership(group: request.groupId)])
  }

  /// Lets `change` work on a classic group in place, and keeps the books: who waits, and how many rounds began.
  mutating func changeClassic(
    _ id: String, _ context: CoordinatorContext, into effects: inout Effects,
    _ change: (inout ClassicGroup, ClassicGroup.World, inout Effects) -> (Waiter, String)?
  ) {
    let world = ClassicGroup.World(settings: settings, context: context)
    let answered = effects.replies.count
    let roundsBefore = groups[id]?.classic?.rebalances ?? 0
    var kept: (Waiter, String)?
    if var classic = groups[id]?.takeClassic() {
      kept = change(&classic, world, &effects)
      if let cause = classic.lastCause, classic.rebalances > roundsBefore {
        rebalances[cause.trigger, default: 0] += UInt64(classic.rebalances - roundsBefore)
      }
      groups[id]?.membership = .classic(classic)
    }
    if let (waiter, member) = kept { parked[waiter] = ParkedMember(group: id, member: member) }
    for reply in effects.replies[answered...] { parked[reply.waiter] = nil }
  }

  /// The connection of a kept request is gone. That is no leave (its member may be back in a moment), but a newcomer that
  /// nobody waits for gets no longer than its session.
  package mutating func waiterGone(_ waiter: Waiter, _ context: CoordinatorContext, into effects: inout Effects) {
    guard let seat = parked.removeValue(forKey: waiter) else { return }
    groups[seat.group]?.classic?.waiterGone(waiter, of: seat.member, context.now, into: &effects)
  }
}

extension ClassicGroup {
  /// Forgets a waiter that cannot be answered any more.
  mutating func waiterGone(_ waiter: Waiter, of id: String, _ now: Instant, into effects: inout Effects) {
    guard let member = members[id] else { return }
    if member.join == waiter {
      members[id]?.join = nil
      if member.isNew { armSession(member, now, into: &effects) }
    }
    if member.sync == waiter {
      members[id]?.sync = nil
      armSession(member, now, into: &effects)
    }
  }
}
