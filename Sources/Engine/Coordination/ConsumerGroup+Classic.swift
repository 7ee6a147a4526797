import ByteCodec
package import KafkaWire
import Units

/// Members of the classic protocol inside a consumer group, while an application moves from one protocol to the other:
/// the server assigns for them too, their generation is their member epoch, and they are sent to rejoin for each step.
extension ConsumerGroup {
  /// The version of JoinGroup from which on a member without an id is given one and must come again with it.
  private static let memberIDVersion: Int16 = 4

  /// Serves a JoinGroup. Session timeouts out of bounds are refused before.
  package mutating func joinGroup(
    _ request: JoinGroupRequest, from caller: Caller, waiter: Waiter, _ settings: ConsumerGroupSettings,
    _ context: CoordinatorContext, into effects: inout Effects
  ) {
    var draft = Draft()
    var response: JoinGroupResponse
    do throws(Refusal) {
      dissolveIfExhausted(&draft, into: &effects)
      response = try join(request, caller, settings, context, &draft, into: &effects)
    } catch {
      response = JoinGroupResponse(
        errorCode: error.code.rawValue,
        memberId: error.code == .memberIdRequired ? error.message : request.memberId)
    }
    finish(draft, into: &effects)
    effects.reply(to: waiter, response, sees: [mark])
  }

  private mutating func join(
    _ request: JoinGroupRequest, _ caller: Caller, _ settings: ConsumerGroupSettings, _ context: CoordinatorContext,
    _ draft: inout Draft, into effects: inout Effects
  ) throws(Refusal) -> JoinGroupResponse {
    let names = Set(request.protocols.map(\.name))
    guard request.protocolType == EmbeddedProtocol.name, let preferred = request.protocols.first, supports(names),
      let subscription = Self.subscription(preferred.metadata)
    else { throw Refusal(.inconsistentGroupProtocol, "") }
    let isUnknown = request.memberId.isEmpty
    let member = isUnknown ? "\(caller.clientID)-\(context.freshID())" : request.memberId
    if isUnknown, caller.version >= Self.memberIDVersion, request.groupInstanceId == nil {
      throw Refusal(.memberIdRequired, member)
    }
    let replaced = try holder(of: request.groupInstanceId, isUnknown: isUnknown, member)
    if state.members[member] == nil, replaced == nil, state.members.count >= settings.maxSize {
      throw Refusal(.groupMaxSizeReached, "")
    }
    let before = state.members[replaced ?? member] ?? ConsumerMember()
    let isNew = state.members[replaced ?? member] == nil
    var said = before
    said.instanceID = request.groupInstanceId ?? said.instanceID
    said.rackID = subscription.rack ?? said.rackID
    said.rebalanceTimeoutMs = request.rebalanceTimeoutMs >= 0 ? request.rebalanceTimeoutMs : request.sessionTimeoutMs
    said.topics = Set(subscription.topics).sorted()
    said.pattern = nil
    said.assignor = nil
    (said.clientID, said.clientHost) = (caller.clientID, caller.host)
    said.classic = .init(
      sessionTimeoutMs: request.sessionTimeoutMs,
      protocols: request.protocols.map { ClassicProtocol(name: $0.name, metadata: $0.metadata) })
    try checkSize(of: said, member)

    if let replaced { replace(replaced, by: member, said, &draft, into: &effects) }
    if said != state.members[member] { put(.member(member, said), &draft) }
    if before.pattern != nil { forgetUnusedPatterns(&draft, into: &effects) }
    if isNew || said.topics != before.topics || before.pattern != nil {
      if isNew { hasUnassigned = true }
      bump(Rebalance(isNew ? .joined : .subscription, member, state.members[member]), context, &draft)
    }
    assignIfDue(joining: isNew ? member : nil, settings, context, &draft, into: &effects)
    reconcile(
      member, owned: Set(context.topics.identified(subscription.owned)),
      isNew || replaced != nil ? .joining : .current, context, &draft, into: &effects)
    armClassic(member, request.sessionTimeoutMs, context, into: &effects)
    wait(for: member, .sync, context, into: &effects, again: true)
    return JoinGroupResponse(
      generationId: current(member).epoch, protocolType: EmbeddedProtocol.name, protocolName: preferred.name,
      memberId: member)
  }

  /// The static member whose place a new one takes; nil where there is none.
  private func holder(
    of instance: String?, isUnknown: Bool, _ member: String
  ) throws(Refusal) -> String? {
    guard let instance, let holder = statics[instance] else {
      if instance != nil, !isUnknown { throw Refusal(.unknownMemberId, "") }
      return nil
    }
    if isUnknown { return holder }
    guard holder == member else { throw Refusal(.fencedInstanceId, "") }
    return nil
  }

  /// Whether all classic members share one of these protocols, or there are none.
  private func supports(_ names: Set<String>) -> Bool {
    var common = names
    for member in state.members.values {
      guard let side = member.classic else { continue }
      common.formIntersection(side.protocols.map(\.name))
    }
    return !common.isEmpty
  }

  private static func subscription(_ bytes: [UInt8]) -> ConsumerSubscription? {
    do throws(WireError) {
      return try ConsumerSubscription(bytes)
    } catch {
      return nil
    }
  }

  private func armClassic(
    _ member: String, _ sessionTimeoutMs: Int32, _ context: CoordinatorContext, into effects: inout Effects
  ) {
    effects.arm(.session(group: id, member: member), at: context.now.advanced(byMs: Int64(max(0, sessionTimeoutMs))))
  }

  /// The classic member that a request names, with the generation it believes in.
  private func classicMember(
    _ member: String, _ instance: String?, generation: Int32
  ) throws(Refusal) -> ConsumerMember.ClassicSide {
    if let instance {
      guard let holder = statics[instance] else { throw Refusal(.unknownMemberId, "") }
      guard holder == member else { throw Refusal(.fencedInstanceId, "") }
    }
    guard let side = state.members[member]?.classic else { throw Refusal(.unknownMemberId, "") }
    guard current(member).epoch == generation else { throw Refusal(.illegalGeneration, "") }
    return side
  }

  /// Serves a SyncGroup: what the member was given when it joined.
  package mutating func syncGroup(
    _ request: SyncGroupRequest, waiter: Waiter, _ context: CoordinatorContext, into effects: inout Effects
  ) {
    var response = SyncGroupResponse()
    do throws(Refusal) {
      let member = request.memberId
      let side = try classicMember(member, request.groupInstanceId, generation: request.generationId)
      guard let preferred = side.protocols.first,
        request.protocolType ?? EmbeddedProtocol.name == EmbeddedProtocol.name,
        request.protocolName ?? preferred.name == preferred.name
      else { throw Refusal(.inconsistentGroupProtocol, "") }
      let current = current(member)
      if current.epoch < state.targetEpoch ?? 0, current.phase != .unrevoked {
        wait(for: member, .rejoin, context, into: &effects)
        throw Refusal(.rebalanceInProgress, "")
      }
      stopWaiting(for: member, [.sync], into: &effects)
      armClassic(member, side.sessionTimeoutMs, context, into: &effects)
      let share = ConsumerAssignment(partitions: context.topics.named(current.assigned.keys))
      response.protocolType = EmbeddedProtocol.name
      response.protocolName = preferred.name
      response.assignment = share.encoded(version: Self.embeddedVersion(preferred.metadata))
    } catch {
      response = SyncGroupResponse(errorCode: error.code.rawValue)
    }
    effects.reply(to: waiter, response, sees: [mark])
  }

  static func embeddedVersion(_ bytes: [UInt8]) -> Int16 {
    EmbeddedProtocol.version(of: bytes) ?? 0
  }

  /// Serves a classic Heartbeat: 27 sends the member to join again for its next step.
  package mutating func classicHeartbeat(
    _ request: HeartbeatRequest, waiter: Waiter, _ context: CoordinatorContext, into effects: inout Effects
  ) {
    var response = HeartbeatResponse()
    do throws(Refusal) {
      let member = request.memberId
      let side = try classicMember(member, request.groupInstanceId, generation: request.generationId)
      armClassic(member, side.sessionTimeoutMs, context, into: &effects)
      let current = current(member)
      if current.epoch < state.targetEpoch ?? 0 || current.phase == .unrevoked
        || current.phase == .unreleased && canTakeMore(member, current)
      {
        if waits[member] != .sync { wait(for: member, .rejoin, context, into: &effects) }
        response.errorCode = ErrorCode.rebalanceInProgress.rawValue
      }
    } catch {
      response.errorCode = error.code.rawValue
    }
    effects.reply(to: waiter, response, sees: [mark])
  }

  /// Whether something that the member waits for has become free.
  private func canTakeMore(_ member: String, _ current: MemberAssignment) -> Bool {
    (state.target[member] ?? []).contains { current.assigned[$0] == nil && owners[$0] == nil }
  }

  /// Serves a LeaveGroup, each member with its own outcome.
  package mutating func leaveGroup(
    _ request: LeaveGroupRequest, from caller: Caller, waiter: Waiter, _ settings: ConsumerGroupSettings,
    _ context: CoordinatorContext, into effects: inout Effects
  ) {
    var draft = Draft()
    let named =
      caller.version >= 3 ? request.members : [LeaveGroupRequest.Member(memberId: request.memberId)]
    var leaving: [String] = []
    var response = LeaveGroupResponse()
    for one in named {
      var code = ErrorCode.none
      let holder = one.groupInstanceId.map { statics[$0] } ?? one.memberId
      if let holder, state.members[holder]?.classic != nil, !leaving.contains(holder) {
        if one.groupInstanceId != nil, !one.memberId.isEmpty, one.memberId != holder {
          code = .fencedInstanceId
        } else {
          leaving.append(holder)
        }
      } else {
        code = .unknownMemberId
      }
      response.members.append(
        .init(memberId: one.memberId, groupInstanceId: one.groupInstanceId, errorCode: code.rawValue))
    }
    fence(leaving, .left, settings, context, &draft, into: &effects)
    if caller.version < 3 { response.errorCode = response.members.first?.errorCode ?? 0 }
    finish(draft, into: &effects)
    effects.reply(to: waiter, response, sees: [mark])
  }
}
