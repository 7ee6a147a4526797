import KafkaWire
import Units

// Where the two protocols meet: groups of one that become groups of the other.
extension GroupCoordinator {
  /// Makes sure that there is a consumer group for a heartbeat, or says why there is none. True where members came along
  /// from a classic group: their timers are to be armed.
  mutating func becomeConsumer(
    _ id: String, for request: ConsumerGroupHeartbeatRequest, _ context: CoordinatorContext, into effects: inout Effects
  ) throws(ConsumerGroup.Refusal) -> Bool {
    guard let group = groups[id] else {
      guard request.memberEpoch == 0 else {
        throw ConsumerGroup.Refusal(.groupIdNotFound, "Group \(id) not found.")
      }
      guard hasRoom else { throw ConsumerGroup.Refusal(.policyViolation, "there are too many groups") }
      groups[id] = Group()
      groups[id]?.membership = .consumer(ConsumerGroup(id: id))
      return false
    }
    guard case .classic(let classic) = group.membership else { return false }
    guard request.memberEpoch == 0 else {
      throw ConsumerGroup.Refusal(.groupIdNotFound, "Group \(id) is not a consumer group.")
    }
    if classic.members.isEmpty {
      endClassic(classic, with: [], context, into: &effects)
      groups[making: id].membership = .consumer(ConsumerGroup(id: id))
      return false
    }
    guard settings.allowsUpgrade, classic.protocolType == EmbeddedProtocol.name,
      classic.members.count < Int(settings.consumer(id).maxSize),
      let records = ConsumerGroup.records(converting: classic.facts, id: id, chosen: classic.protocolName, context)
    else {
      throw ConsumerGroup.Refusal(.groupIdNotFound, "Group \(id) is a classic group and cannot be converted.")
    }
    endClassic(classic, with: records, context, into: &effects)
    return true
  }

  /// Ends a classic group: its members' requests are answered so that they ask again, its record goes, and `successors`
  /// come in the same write.
  private mutating func endClassic(
    _ classic: ClassicGroup, with successors: [CoordinatorRecord], _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    let id = classic.id
    let answered = effects.replies.count
    for member in classic.membersInOrder {
      let again = ErrorCode.rebalanceInProgress.rawValue
      if let waiter = member.join {
        effects.reply(to: waiter, JoinGroupResponse(errorCode: again, memberId: member.id), sees: [classic.mark])
      }
      if let waiter = member.sync {
        effects.reply(to: waiter, SyncGroupResponse(errorCode: again), sees: [classic.mark])
      }
      effects.cancel(.session(group: id, member: member.id))
    }
    for reply in effects.replies[answered...] { parked[reply.waiter] = nil }
    for member in classic.pending.sorted() { effects.cancel(.session(group: id, member: member)) }
    effects.cancel(.join(group: id))
    effects.cancel(.sync(group: id))
    let ending = classic.record == nil ? [] : [GroupRecord.classic(nil as [UInt8]?, of: id)]
    write(ending + successors, of: id, [.membership(group: id), .groups], into: &effects)
  }

  /// A consumer group without members gives its name to a classic one.
  mutating func makeRoomForClassic(_ id: String, into effects: inout Effects) {
    guard let consumer = groups[id]?.consumer, consumer.isEmpty else { return }
    effects.cancel(.assignment(group: id))
    effects.cancel(.patterns(group: id))
    write(consumer.removalRecords(), of: id, [.membership(group: id), .groups], into: &effects)
  }

  /// The last member of the new protocol has left: the others go on as a classic group, and begin with a round.
  mutating func becomeClassic(
    _ id: String, _ consumer: ConsumerGroup, _ context: CoordinatorContext, into effects: inout Effects
  ) {
    // A group that its one record could not hold stays what it is: its members do not mind.
    guard consumer.state.bytes <= GroupLimits.recordBytes else { return }
    var classic = ClassicGroup(id: id, consumer.classicFacts(context), at: context.wall)
    let record = classic.currentRecord
    guard (record.value?.count ?? 0) <= GroupLimits.recordBytes else { return }
    for member in consumer.state.memberIDs {
      effects.cancel(.session(group: id, member: member))
      effects.cancel(.rebalance(group: id, member: member))
    }
    effects.cancel(.assignment(group: id))
    effects.cancel(.patterns(group: id))
    let records = consumer.removalRecords() + [record]
    write(records, of: id, [.membership(group: id), .groups], into: &effects)
    classic.replay(records.last?.value)
    groups[id]?.membership = .classic(classic)
    let cause = RebalanceCause(.protocolChanged, member: consumer.lastRebalance?.member ?? "", at: context.clock)
    changeClassic(id, context, into: &effects) { classic, world, effects in
      for member in classic.membersInOrder { classic.armSession(member, world.context.now, into: &effects) }
      classic.prepareRebalance(cause, world, into: &effects)
      return nil
    }
  }
}

extension ClassicGroup {
  /// The group as a conversion sees it.
  var facts: ClassicGroupFacts {
    ClassicGroupFacts(
      generation: generation,
      members: membersInOrder.map { member in
        var facts = ClassicGroupFacts.Member(id: member.id)
        facts.instanceID = member.instance
        (facts.clientID, facts.clientHost) = (member.clientID, member.host)
        (facts.rebalanceTimeoutMs, facts.sessionTimeoutMs) = (member.rebalanceTimeoutMs, member.sessionTimeoutMs)
        facts.protocols = member.offers.map { ClassicProtocol(name: $0.name, metadata: $0.metadata) }
        facts.assignment = member.assignment
        return facts
      })
  }

  /// A stable group that goes on where a consumer group stood.
  init(id: String, _ facts: ClassicGroupFacts, at time: Timestamp) {
    self.init(id: id)
    protocolType = EmbeddedProtocol.name
    generation = facts.generation
    for member in facts.members {
      add(
        ClassicMember(
          id: member.id, instance: member.instanceID, clientID: member.clientID, host: member.clientHost,
          rebalanceTimeoutMs: member.rebalanceTimeoutMs, sessionTimeoutMs: member.sessionTimeoutMs,
          offers: member.protocols.map { ClassicMember.Offer(name: $0.name, metadata: $0.metadata) },
          assignment: member.assignment))
    }
    enter(.stable, at: time)
    protocolName = chooseProtocol()
    learnSubscriptions()
  }
}
