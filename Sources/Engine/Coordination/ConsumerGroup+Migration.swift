import ByteCodec
import KafkaWire
import Units

/// A classic group as a conversion sees it.
package struct ClassicGroupFacts: Equatable, Sendable {
  package var generation: Int32
  package var members: [Member]

  package init(generation: Int32, members: [Member]) {
    self.generation = generation
    self.members = members
  }

  package struct Member: Equatable, Sendable {
    package var id: String
    package var instanceID: String?
    package var clientID = ""
    package var clientHost = ""
    package var rebalanceTimeoutMs: Int32 = -1
    package var sessionTimeoutMs: Int32 = 0
    /// The preferred first.
    package var protocols: [ClassicProtocol] = []
    /// In the layout of the embedded protocol.
    package var assignment: [UInt8] = []

    package init(id: String) { self.id = id }
  }
}

extension ConsumerGroup {
  /// The records of a consumer group that goes on where a classic group of protocol type `consumer` stands: members,
  /// shares and generation stay. Nil where a member's bytes cannot be read.
  package static func records(
    converting facts: ClassicGroupFacts, id: String, chosen: String?, _ context: CoordinatorContext
  ) -> [CoordinatorRecord]? {
    var group = ConsumerGroup(id: id)
    var draft = Draft()
    for one in facts.members.sorted(by: { $0.id < $1.id }) {
      let bytes = one.protocols.first { $0.name == chosen } ?? one.protocols.first
      guard let bytes, let (subscription, share) = read(bytes.metadata, one.assignment) else { return nil }
      var member = ConsumerMember()
      member.instanceID = one.instanceID
      member.rackID = subscription.rack
      (member.clientID, member.clientHost) = (one.clientID, one.clientHost)
      member.topics = Set(subscription.topics).sorted()
      member.rebalanceTimeoutMs = one.rebalanceTimeoutMs
      member.classic = .init(sessionTimeoutMs: one.sessionTimeoutMs, protocols: one.protocols)
      // A leader may have given a partition to two members: the first keeps it.
      let partitions = Set(context.topics.identified(share.partitions)).filter { group.owners[$0] == nil }
      var current = MemberAssignment()
      current.epoch = facts.generation
      current.previousEpoch = facts.generation
      for partition in partitions { current.assigned[partition] = facts.generation }
      group.put(.member(one.id, member), &draft)
      group.put(.target(one.id, partitions.sorted()), &draft)
      group.put(.current(one.id, current), &draft)
    }
    group.put(
      .group(.init(epoch: facts.generation, metadataHash: group.metadataHash(context.topics))), &draft)
    group.put(
      .targetEpoch(
        .init(assignmentEpoch: facts.generation, assignmentTimestamp: context.wall.milliseconds)), &draft)
    return draft
  }

  private static func read(
    _ subscription: [UInt8], _ assignment: [UInt8]
  ) -> (ConsumerSubscription, ConsumerAssignment)? {
    do throws(WireError) {
      return (try ConsumerSubscription(subscription), try ConsumerAssignment(assignment))
    } catch {
      return nil
    }
  }

  /// This group as a classic one, once `isClassicOnly`: the members with the shares the target gives them, and the group's
  /// epoch for a generation. What becomes of it must begin with a rebalance.
  package func classicFacts(_ context: CoordinatorContext) -> ClassicGroupFacts {
    let members = state.memberIDs.compactMap { id -> ClassicGroupFacts.Member? in
      guard let said = state.members[id], let side = said.classic else { return nil }
      let share = ConsumerAssignment(partitions: context.topics.named(state.target[id] ?? []))
      var member = ClassicGroupFacts.Member(id: id)
      member.instanceID = said.instanceID
      (member.clientID, member.clientHost) = (said.clientID, said.clientHost)
      member.rebalanceTimeoutMs = said.rebalanceTimeoutMs
      member.sessionTimeoutMs = side.sessionTimeoutMs
      member.protocols = side.protocols
      member.assignment = share.encoded(version: side.protocols.first.map { Self.embeddedVersion($0.metadata) } ?? 0)
      return member
    }
    return ClassicGroupFacts(generation: state.epoch ?? 0, members: members)
  }
}
