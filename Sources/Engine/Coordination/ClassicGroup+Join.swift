import KafkaWire
import Units

// JoinGroup. KIP-62 (rebalance timeout), KIP-345 (static members), KIP-394 (member id required), KIP-800 (reasons),
// KIP-814 (static leaders skip the assignment).
extension ClassicGroup {
  /// A Join as the group looks at it.
  struct Joining {
    var request: JoinGroupRequest
    var offers: [ClassicMember.Offer]
    var caller: Caller
    var waiter: Waiter

    init(_ request: JoinGroupRequest, from caller: Caller, waiter: Waiter) {
      self.request = request
      self.caller = caller
      self.waiter = waiter
      offers = ClassicMember.offers(of: request.protocols)
    }

    /// Version 0 knows only the session's timeout.
    var rebalanceTimeoutMs: Int32 {
      request.rebalanceTimeoutMs < 0 ? request.sessionTimeoutMs : request.rebalanceTimeoutMs
    }
  }

  /// Answers a Join or keeps it. Gives the member whose Join was kept.
  mutating func join(_ joining: Joining, _ world: World, into effects: inout Effects) -> String? {
    let request = joining.request
    guard accepts(request.memberId, world.settings) else {
      remove(request.memberId)
      electLeader()
      refuse(joining, .groupMaxSizeReached, as: "", into: &effects)
      return nil
    }
    guard speaks(request.protocolType, joining.offers) else {
      refuse(joining, .inconsistentGroupProtocol, as: request.memberId, into: &effects)
      return nil
    }
    if request.memberId.isEmpty { return joinWithoutID(joining, world, into: &effects) }
    if pending.contains(request.memberId) {
      return admit(request.memberId, joining, world, into: &effects)
    }
    if let refusal = refusal(ofMember: request.memberId, instance: request.groupInstanceId) {
      refuse(joining, refusal, as: request.memberId, into: &effects)
      return nil
    }
    return rejoin(joining, world, into: &effects)
  }

  private func accepts(_ member: String, _ settings: GroupCoordinatorSettings) -> Bool {
    let most = min(Int(settings.maxSize), GroupLimits.members)
    switch state {
    case .empty: return true
    case .preparingRebalance: return members[member]?.hasJoined == true || joined < most
    case .completingRebalance, .stable: return members[member] != nil || members.count < most
    }
  }

  private func refuse(_ joining: Joining, _ error: ErrorCode, as member: String, into effects: inout Effects) {
    effects.reply(
      to: joining.waiter, JoinGroupResponse(errorCode: error.rawValue, protocolName: nil, memberId: member),
      sees: [mark])
  }

  private mutating func joinWithoutID(_ joining: Joining, _ world: World, into effects: inout Effects) -> String? {
    let prefix = joining.request.groupInstanceId ?? joining.caller.clientID
    let fresh = "\(prefix)-\(world.context.freshID().dashed)"
    if let instance = joining.request.groupInstanceId {
      guard let old = staticMembers[instance] else { return admit(fresh, joining, world, into: &effects) }
      return replace(old, by: fresh, joining, world, into: &effects)
    }
    guard joining.caller.version >= 4 else { return admit(fresh, joining, world, into: &effects) }
    guard pending.count < GroupLimits.pendingMembers else {
      refuse(joining, .groupMaxSizeReached, as: "", into: &effects)
      return nil
    }
    if record == nil { write(&effects) }
    expect(fresh)
    effects.arm(
      .session(group: id, member: fresh),
      at: world.context.now.advanced(byMs: Int64(joining.request.sessionTimeoutMs)))
    refuse(joining, .memberIdRequired, as: fresh, into: &effects)
    return nil
  }

  /// A new member comes in.
  private mutating func admit(
    _ member: String, _ joining: Joining, _ world: World, into effects: inout Effects
  ) -> String? {
    let newcomer = ClassicMember(
      id: member, instance: joining.request.groupInstanceId, clientID: joining.caller.clientID,
      host: joining.caller.host, rebalanceTimeoutMs: joining.rebalanceTimeoutMs,
      sessionTimeoutMs: joining.request.sessionTimeoutMs, offers: joining.offers, isNew: true, hasJoined: true,
      join: joining.waiter)
    if members.isEmpty { protocolType = joining.request.protocolType }
    if record == nil { write(&effects) }
    initialDelay?.hasCompany = true
    add(newcomer)
    effects.arm(
      .session(group: id, member: member), at: world.context.now.advanced(byMs: Self.newMemberTimeoutMs))
    rebalanceOrComplete(
      RebalanceCause(.memberJoined, newcomer, reason: joining.request.reason, at: world.context.clock), world,
      into: &effects)
    return member
  }

  private mutating func rejoin(_ joining: Joining, _ world: World, into effects: inout Effects) -> String? {
    let request = joining.request
    guard let member = members[request.memberId] else { return nil }
    let isSame = member.offers == joining.offers
    let isLeader = leader == member.id
    let trigger: RebalanceCause.Trigger
    switch state {
    case .empty:
      refuse(joining, .unknownMemberId, as: request.memberId, into: &effects)
      return nil
    case .preparingRebalance: trigger = .memberRejoined
    case .completingRebalance where isSame, .stable where isSame && !isLeader:
      // It has missed the answer: it gets it again.
      memberWasHeard(member.id, world.context.now, into: &effects)
      effects.reply(
        to: joining.waiter,
        joinReply(to: member.id, listing: isLeader ? membersInOrder : []), sees: [mark])
      return nil
    case .completingRebalance, .stable: trigger = isSame ? .leaderRejoined : .subscriptionChanged
    }
    update(member.id, joining, into: &effects)
    rebalanceOrComplete(
      RebalanceCause(trigger, member, reason: request.reason, at: world.context.clock), world, into: &effects)
    return member.id
  }

  /// A member offers what its Join says, and waits.
  private mutating func update(_ id: String, _ joining: Joining, into effects: inout Effects) {
    guard var member = members[id] else { return }
    count(member, -1)
    member.offers = joining.offers
    member.rebalanceTimeoutMs = joining.rebalanceTimeoutMs
    member.sessionTimeoutMs = joining.request.sessionTimeoutMs
    member.clientID = joining.caller.clientID
    member.host = joining.caller.host
    count(member, 1)
    if let waiter = member.join {
      // The client has asked again: only its newer request gets the generation.
      effects.reply(to: waiter, JoinGroupResponse(errorCode: ErrorCode.rebalanceInProgress.rawValue), sees: [mark])
    }
    if !member.hasJoined { joined += 1 }
    member.hasJoined = true
    member.join = joining.waiter
    members[id] = member
    if !member.isNew { effects.cancel(.session(group: self.id, member: id)) }
  }

  /// A static member has started again and does not know its id: the new process takes the old one's place.
  private mutating func replace(
    _ old: String, by fresh: String, _ joining: Joining, _ world: World, into effects: inout Effects
  ) -> String? {
    guard var member = members[old] else { return nil }
    guard canResume(member, as: fresh, joining) else {
      refuse(joining, .unknownServerError, as: joining.request.memberId, into: &effects)
      return nil
    }
    fence(member, into: &effects)
    members[old] = nil
    count(member, -1)
    member.id = fresh
    count(member, 1)
    member.join = nil
    member.sync = nil
    if member.hasJoined { joined -= 1 }
    member.hasJoined = false
    members[fresh] = member
    if leader == old { leader = fresh }
    if syncsOwed.remove(old) != nil { syncsOwed.insert(fresh) }
    if let instance = member.instance { staticMembers[instance] = fresh }
    let reason = joining.request.reason
    switch state {
    case .stable:
      update(fresh, joining, into: &effects)
      guard chooseProtocol() == protocolName else {
        prepareRebalance(
          RebalanceCause(.protocolChanged, member, reason: reason, at: world.context.clock), world, into: &effects)
        return fresh
      }
      resume(fresh, after: old, joining, world, into: &effects)
      return nil
    case .completingRebalance:
      update(fresh, joining, into: &effects)
      prepareRebalance(
        RebalanceCause(.staticMemberReplaced, member, reason: reason, at: world.context.clock), world,
        into: &effects)
    case .empty, .preparingRebalance:
      update(fresh, joining, into: &effects)
      if members[fresh]?.isNew == true { armSessionOfNewcomer(fresh, world, into: &effects) }
      completeJoinIfAllHere(world, into: &effects)
    }
    return fresh
  }

  /// Whether the group, if it is stable, could be written down with what the new process of `member` says.
  private func canResume(_ member: ClassicMember, as fresh: String, _ joining: Joining) -> Bool {
    guard state == .stable else { return true }
    let texts = fresh.utf8.count + joining.caller.clientID.utf8.count + joining.caller.host.utf8.count
    let subscription = joining.offers.first { $0.name == protocolName }?.metadata.count ?? 0
    let before = member.metadata(of: protocolName).count
    return (record?.count ?? 0) - before + texts + subscription <= GroupLimits.recordBytes
  }

  private func armSessionOfNewcomer(_ id: String, _ world: World, into effects: inout Effects) {
    effects.arm(
      .session(group: self.id, member: id), at: world.context.now.advanced(byMs: Self.newMemberTimeoutMs))
  }

  /// The old process of a static member is told that it has been replaced.
  private func fence(_ member: ClassicMember, into effects: inout Effects) {
    effects.cancel(.session(group: id, member: member.id))
    let fenced = ErrorCode.fencedInstanceId.rawValue
    if let waiter = member.join {
      effects.reply(
        to: waiter, JoinGroupResponse(errorCode: fenced, protocolName: nil, memberId: member.id), sees: [mark])
    }
    if let waiter = member.sync {
      effects.reply(to: waiter, SyncGroupResponse(errorCode: fenced), sees: [mark])
    }
  }

  /// A static member is back in a stable group that does not mind: it gets its generation without a round. The new id is
  /// written down, so that no crash brings the old one back.
  private mutating func resume(
    _ id: String, after old: String, _ joining: Joining, _ world: World, into effects: inout Effects
  ) {
    joined -= 1
    members[id]?.hasJoined = false
    members[id]?.join = nil
    guard let member = members[id] else { return }
    learnSubscriptions()
    write(&effects)
    armSession(member, world.context.now, into: &effects)
    let isLeader = leader == id
    let skips = joining.caller.version >= 9
    var reply = joinReply(
      to: id, listing: isLeader && skips ? membersInOrder : [], skipsAssignment: isLeader && skips)
    // An older leader would compute an assignment that nobody waits for: it is told that its former self leads.
    if isLeader, !skips { reply.leader = old }
    effects.reply(to: joining.waiter, reply, sees: [mark])
  }
}

extension UniqueID {
  /// The id as 32 hexadecimal digits in five parts.
  var dashed: String {
    let digits = Array(hexadecimal)
    let cuts = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
    return cuts.map { String(digits[$0]) }.joined(separator: "-")
  }
}
