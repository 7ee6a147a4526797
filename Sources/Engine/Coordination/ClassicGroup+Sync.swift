import KafkaWire
import Units

// SyncGroup and Heartbeat. KIP-559 (protocol named in the request).
extension ClassicGroup {
  /// Answers a Sync, or keeps it until the leader has brought the assignment. Gives the member whose Sync was kept.
  mutating func sync(
    _ request: SyncGroupRequest, waiter: Waiter, _ world: World, into effects: inout Effects
  ) -> String? {
    if let refusal = refusal(of: request) {
      effects.reply(to: waiter, SyncGroupResponse(errorCode: refusal.rawValue), sees: [mark])
      return nil
    }
    guard let member = members[request.memberId] else { return nil }
    syncWasHeard(from: member.id, into: &effects)
    guard state == .completingRebalance else {
      memberWasHeard(member.id, world.context.now, into: &effects)
      effects.reply(to: waiter, syncReply(member.assignment), sees: [mark])
      return nil
    }
    if let older = member.sync {
      effects.reply(to: older, SyncGroupResponse(errorCode: ErrorCode.rebalanceInProgress.rawValue), sees: [mark])
    }
    members[member.id]?.sync = waiter
    effects.cancel(.session(group: id, member: member.id))
    if leader == member.id { assign(request.assignments, by: member, world, into: &effects) }
    return member.id
  }

  private func refusal(of request: SyncGroupRequest) -> ErrorCode? {
    if let refusal = refusal(ofMember: request.memberId, instance: request.groupInstanceId) { return refusal }
    guard request.generationId == generation else { return .illegalGeneration }
    if let named = request.protocolType, let known = protocolType, named != known { return .inconsistentGroupProtocol }
    if let named = request.protocolName, let known = protocolName, named != known { return .inconsistentGroupProtocol }
    return state == .preparingRebalance ? .rebalanceInProgress : nil
  }

  private mutating func syncWasHeard(from member: String, into effects: inout Effects) {
    guard syncsOwed.remove(member) != nil, syncsOwed.isEmpty else { return }
    effects.cancel(.sync(group: id))
  }

  /// The leader has decided: it is written down and given to all.
  private mutating func assign(
    _ assignments: [SyncGroupRequest.Assignment], by leader: ClassicMember, _ world: World, into effects: inout Effects
  ) {
    for member in members.keys { give([], to: member) }
    for one in assignments { give(one.assignment, to: one.memberId) }
    let before = (state, stateSince)
    enter(.stable, at: world.context.wall)
    let record = currentRecord
    guard (record.value?.count ?? 0) <= GroupLimits.recordBytes else {
      (state, stateSince) = before
      refuseSyncs(.unknownServerError, world, into: &effects)
      return prepareRebalance(
        RebalanceCause(.assignmentTooLarge, leader, at: world.context.clock), world, into: &effects)
    }
    write(record, &effects)
    for member in membersInOrder {
      guard let waiter = member.sync else { continue }
      members[member.id]?.sync = nil
      effects.reply(to: waiter, syncReply(member.assignment), sees: [mark])
      armSession(member, world.context.now, into: &effects)
    }
  }

  private func syncReply(_ assignment: [UInt8]) -> SyncGroupResponse {
    SyncGroupResponse(protocolType: protocolType, protocolName: protocolName, assignment: assignment)
  }

  /// What a member's sign of life is answered with.
  func heartbeat(_ request: HeartbeatRequest, _ now: Instant, into effects: inout Effects) -> ErrorCode {
    if let refusal = refusal(ofMember: request.memberId, instance: request.groupInstanceId) { return refusal }
    guard request.generationId == generation else { return .illegalGeneration }
    memberWasHeard(request.memberId, now, into: &effects)
    return state == .preparingRebalance ? .rebalanceInProgress : .none
  }

  /// Takes members out. KIP-345: several at once, static ones by their name alone.
  mutating func leave(
    _ leaving: [LeaveGroupRequest.Member], _ world: World, into effects: inout Effects
  ) -> [LeaveGroupResponse.Member] {
    var answers: [LeaveGroupResponse.Member] = []
    var cause: RebalanceCause?
    var hasChanged = false
    for entry in leaving {
      var error = ErrorCode.none
      let named = entry.memberId.isEmpty ? entry.groupInstanceId.flatMap { staticMembers[$0] } : entry.memberId
      if let named, pending.contains(named) {
        remove(named)
        effects.cancel(.session(group: id, member: named))
        hasChanged = true
      } else if let named, let member = members[named] {
        if let refusal = refusal(ofMember: named, instance: entry.groupInstanceId) {
          error = refusal
        } else {
          dismiss(member, into: &effects)
          hasChanged = true
          cause = cause ?? RebalanceCause(.memberLeft, member, reason: entry.reason, at: world.context.clock)
        }
      } else {
        error = entry.groupInstanceId.map { staticMembers[$0] != nil } == true ? .fencedInstanceId : .unknownMemberId
      }
      answers.append(
        .init(memberId: entry.memberId, groupInstanceId: entry.groupInstanceId, errorCode: error.rawValue))
    }
    guard hasChanged else { return answers }
    electLeader()
    if state == .preparingRebalance {
      completeJoinIfAllHere(world, into: &effects)
    } else if let cause {
      prepareRebalance(cause, world, into: &effects)
    }
    return answers
  }
}
