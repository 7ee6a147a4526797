import ByteCodec
import KafkaWire
import Units

extension ClassicGroup {
  /// The group as its record has it.
  init(id: String, _ value: GroupMetadataValue, record: [UInt8]?) {
    self.init(id: id)
    replay(record)
    generation = value.generation
    protocolType = value.protocolType.isEmpty ? nil : value.protocolType
    protocolName = value.protocol
    stateSince = Timestamp(milliseconds: value.currentStateTimestamp)
    state = value.members.isEmpty ? .empty : .stable
    for stored in value.members {
      add(
        ClassicMember(
          id: stored.memberId, instance: stored.groupInstanceId, clientID: stored.clientId, host: stored.clientHost,
          rebalanceTimeoutMs: stored.rebalanceTimeout < 0 ? stored.sessionTimeout : stored.rebalanceTimeout,
          sessionTimeoutMs: stored.sessionTimeout,
          offers: [ClassicMember.Offer(name: value.protocol ?? "", metadata: stored.subscription)],
          assignment: stored.assignment))
    }
    if let named = value.leader, members[named] != nil { leader = named }
    learnSubscriptions()
  }

  /// The record that says what the group is now.
  var currentRecord: CoordinatorRecord {
    GroupRecord.classic(
      GroupMetadataValue(
        protocolType: protocolType ?? "", generation: generation, protocol: protocolName, leader: leader,
        currentStateTimestamp: stateSince.milliseconds,
        members: membersInOrder.map { member in
          GroupMetadataValue.Member(
            memberId: member.id, groupInstanceId: member.instance, clientId: member.clientID,
            clientHost: member.host, rebalanceTimeout: member.rebalanceTimeoutMs,
            sessionTimeout: member.sessionTimeoutMs, subscription: member.metadata(of: protocolName),
            assignment: member.assignment)
        }), of: id)
  }

  /// Writes the group down as it is.
  mutating func write(_ effects: inout Effects) { write(currentRecord, &effects) }

  mutating func write(_ record: CoordinatorRecord, _ effects: inout Effects) {
    replay(record.value)
    effects.writes.append(
      CoordinatorWrite(topic: .consumerOffsets, owner: id, records: [record], marks: [mark, .groups]))
  }
}

extension ClassicGroup {
  /// Becomes what its record says.
  mutating func load() {
    guard let record, case .classic(_, let value?) = GroupRecord(GroupRecord.classic(record, of: id)) else { return }
    self = ClassicGroup(id: id, value, record: record)
  }

  /// The members' sessions begin anew after a restart.
  mutating func resume(_ world: World, into effects: inout Effects) {
    for member in membersInOrder { armSession(member, world.context.now, into: &effects) }
    guard members.count > min(Int(world.settings.maxSize), GroupLimits.members), let last = membersInOrder.last
    else { return }
    // The limit was lowered: the round that begins now lets in as many as it allows.
    prepareRebalance(RebalanceCause(.tooManyMembers, last, at: world.context.clock), world, into: &effects)
  }
}
