import KafkaWire
import Units

// The round: it begins, gathers, and gives out a generation.
extension ClassicGroup {
  /// How long a member that has never been through a round may wait in it.
  static let newMemberTimeoutMs: Int64 = 300_000

  /// Begins a round, or ends the one that runs where nobody is missing any more.
  mutating func rebalanceOrComplete(_ cause: RebalanceCause, _ world: World, into effects: inout Effects) {
    if state == .preparingRebalance {
      completeJoinIfAllHere(world, into: &effects)
    } else {
      prepareRebalance(cause, world, into: &effects)
    }
  }

  mutating func prepareRebalance(_ cause: RebalanceCause, _ world: World, into effects: inout Effects) {
    lastCause = cause
    rebalances += 1
    if state == .completingRebalance { refuseSyncs(.rebalanceInProgress, world, into: &effects) }
    syncsOwed.removeAll()
    effects.cancel(.sync(group: id))
    let isFirst = state == .empty
    enter(.preparingRebalance, at: world.context.wall)
    guard isFirst else {
      initialDelay = nil
      if hasEverybodyJoined {
        completeJoin(world, into: &effects)
      } else {
        effects.arm(.join(group: id), at: world.context.now.advanced(byMs: rebalanceTimeoutMs))
      }
      return
    }
    let delay = Int64(max(world.settings.initialRebalanceDelayMs, 0))
    initialDelay = InitialDelay(currentMs: delay, remainingMs: max(rebalanceTimeoutMs - delay, 0))
    if delay == 0 {
      completeJoin(world, into: &effects)
    } else {
      effects.arm(.join(group: id), at: world.context.now.advanced(byMs: delay))
    }
  }

  /// The time for joining is over. A first round waits longer while others keep coming.
  mutating func joinTimerFired(_ world: World, into effects: inout Effects) {
    guard state == .preparingRebalance else { return }
    guard var delay = initialDelay, delay.hasCompany, delay.remainingMs > 0 else {
      return completeJoin(world, into: &effects)
    }
    let next = min(Int64(world.settings.initialRebalanceDelayMs), delay.remainingMs)
    delay.remainingMs = max(delay.remainingMs - delay.currentMs, 0)
    delay.currentMs = next
    delay.hasCompany = false
    initialDelay = delay
    effects.arm(.join(group: id), at: world.context.now.advanced(byMs: next))
  }

  /// Ends the round where everybody is here. A first round lasts until its time is over.
  mutating func completeJoinIfAllHere(_ world: World, into effects: inout Effects) {
    guard state == .preparingRebalance, initialDelay == nil, hasEverybodyJoined else { return }
    completeJoin(world, into: &effects)
  }

  /// Ends the round: who has not rejoined is out, static members excepted, which their session decides about.
  mutating func completeJoin(_ world: World, into effects: inout Effects) {
    effects.cancel(.join(group: id))
    initialDelay = nil
    for member in members.values.filter({ !$0.hasJoined && $0.instance == nil }).sorted(by: { $0.arrival < $1.arrival })
    {
      remove(member.id)
      effects.cancel(.session(group: id, member: member.id))
    }
    electLeader()
    if let head = leader, members[head]?.hasJoined != true {
      let heir = members.values.filter(\.hasJoined).min { $0.arrival < $1.arrival }
      guard let heir else {
        // Static members alone, none of which has come back: the round goes on until one does, or their sessions end.
        effects.arm(.join(group: id), at: world.context.now.advanced(byMs: rebalanceTimeoutMs))
        return
      }
      leader = heir.id
    }
    generation = generation == .max ? 0 : generation + 1
    syncsOwed.removeAll()
    guard !members.isEmpty else {
      protocolName = nil
      learnSubscriptions()
      enter(.empty, at: world.context.wall)
      return write(&effects)
    }
    protocolName = chooseProtocol()
    learnSubscriptions()
    enter(.completingRebalance, at: world.context.wall)
    giveOutGeneration(world, into: &effects)
  }

  private mutating func giveOutGeneration(_ world: World, into effects: inout Effects) {
    let order = membersInOrder
    for member in order {
      if let waiter = member.join {
        effects.reply(
          to: waiter, joinReply(to: member.id, listing: member.id == leader ? order : []), sees: [mark])
      }
      members[member.id]?.join = nil
      members[member.id]?.hasJoined = false
      members[member.id]?.isNew = false
      syncsOwed.insert(member.id)
      armSession(member, world.context.now, into: &effects)
    }
    joined = 0
    effects.arm(.sync(group: id), at: world.context.now.advanced(byMs: rebalanceTimeoutMs))
  }

  /// What a member is told of the current generation; `listing`: the members, for the leader.
  func joinReply(to member: String, listing: [ClassicMember], skipsAssignment: Bool = false) -> JoinGroupResponse {
    JoinGroupResponse(
      generationId: generation, protocolType: protocolType, protocolName: protocolName, leader: leader ?? "",
      skipAssignment: skipsAssignment, memberId: member,
      members: listing.map {
        JoinGroupResponse.Member(
          memberId: $0.id, groupInstanceId: $0.instance, metadata: $0.metadata(of: protocolName))
      })
  }

  /// Those who have not synced in time are out, and the others begin again.
  mutating func syncTimerFired(_ world: World, into effects: inout Effects) {
    guard state == .completingRebalance || state == .stable, !syncsOwed.isEmpty else { return }
    let late = syncsOwed.compactMap { members[$0] }.sorted { $0.arrival < $1.arrival }
    for member in late {
      remove(member.id)
      effects.cancel(.session(group: id, member: member.id))
    }
    electLeader()
    guard let first = late.first else { return }
    prepareRebalance(RebalanceCause(.syncMissed, first, at: world.context.clock), world, into: &effects)
  }

  /// A member has not been heard of for the length of its session.
  mutating func sessionTimerFired(_ member: String, _ world: World, into effects: inout Effects) {
    if stopExpecting(member) {
      if state == .preparingRebalance, hasEverybodyJoined { completeJoin(world, into: &effects) }
      return
    }
    guard let expired = members[member] else { return }
    // Who waits for the group is not expected to say anything, unless it came first to this round.
    guard expired.isNew || !(expired.hasJoined || expired.sync != nil) else { return }
    dismiss(expired, into: &effects)
    electLeader()
    if state == .preparingRebalance {
      if hasEverybodyJoined { completeJoin(world, into: &effects) }
    } else {
      prepareRebalance(RebalanceCause(.sessionExpired, expired, at: world.context.clock), world, into: &effects)
    }
  }

  /// Takes a member out and answers what it waits for.
  mutating func dismiss(_ member: ClassicMember, into effects: inout Effects) {
    if let waiter = member.join {
      effects.reply(to: waiter, JoinGroupResponse(errorCode: ErrorCode.unknownMemberId.rawValue), sees: [mark])
    }
    if let waiter = member.sync {
      effects.reply(to: waiter, SyncGroupResponse(errorCode: ErrorCode.unknownMemberId.rawValue), sees: [mark])
    }
    effects.cancel(.session(group: id, member: member.id))
    remove(member.id)
  }

  /// Drops the assignments that were on their way.
  mutating func refuseSyncs(_ error: ErrorCode, _ world: World, into effects: inout Effects) {
    for member in membersInOrder {
      give([], to: member.id)
      guard let waiter = member.sync else { continue }
      members[member.id]?.sync = nil
      effects.reply(to: waiter, SyncGroupResponse(errorCode: error.rawValue), sees: [mark])
      armSession(member, world.context.now, into: &effects)
    }
  }

  func armSession(_ member: ClassicMember, _ now: Instant, into effects: inout Effects) {
    effects.arm(.session(group: id, member: member.id), at: now.advanced(byMs: Int64(member.sessionTimeoutMs)))
  }

  /// A member has said something: its session begins anew, unless it is waiting anyway.
  func memberWasHeard(_ id: String, _ now: Instant, into effects: inout Effects) {
    guard let member = members[id], !member.hasJoined, member.sync == nil else { return }
    armSession(member, now, into: &effects)
  }

  /// A commit is a sign of life as well, unless a transaction's producer sent it.
  mutating func memberCommitted(
    _ id: String, isSignOfLife: Bool, _ context: CoordinatorContext, into effects: inout Effects
  ) {
    members[id]?.lastCommit = context.wall
    if isSignOfLife { memberWasHeard(id, context.now, into: &effects) }
  }
}
