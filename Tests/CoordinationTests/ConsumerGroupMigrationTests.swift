import Coordination
import KafkaWire
import Testing
import Units

@Suite struct ConsumerGroupMigrationTests {
  private func subscription(owned: [Int32] = []) -> [UInt8] {
    let held = owned.isEmpty ? [] : [TopicPartitions(topic: "t", partitions: owned)]
    return ConsumerSubscription(topics: ["t"], owned: held).encoded(version: 1)
  }

  private func join(_ bench: ConsumerBench, _ member: String, owned: [Int32] = []) -> JoinGroupResponse {
    var effects = Effects()
    bench.group.joinGroup(
      JoinGroupRequest(
        groupId: "g", sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 20_000, memberId: member, protocolType: "consumer",
        protocols: [.init(name: "cooperative-sticky", metadata: subscription(owned: owned))]),
      from: Caller(clientID: "c", host: "/h", version: 9), waiter: Waiter(1), bench.settings, bench.context,
      into: &effects)
    return bench.take(effects) as? JoinGroupResponse ?? JoinGroupResponse(errorCode: -1)
  }

  private func sync(_ bench: ConsumerBench, _ member: String, _ generation: Int32) throws -> [Int32]? {
    var effects = Effects()
    bench.group.syncGroup(
      SyncGroupRequest(groupId: "g", generationId: generation, memberId: member), waiter: Waiter(1), bench.context,
      into: &effects)
    let reply = bench.take(effects) as? SyncGroupResponse
    guard let reply, reply.errorCode == 0 else { return nil }
    return try ConsumerAssignment(reply.assignment).partitions.flatMap(\.partitions)
  }

  private func heartbeat(_ bench: ConsumerBench, _ member: String, _ generation: Int32) -> ErrorCode {
    var effects = Effects()
    bench.group.classicHeartbeat(
      HeartbeatRequest(groupId: "g", generationId: generation, memberId: member), waiter: Waiter(1), bench.context,
      into: &effects)
    let reply = bench.take(effects) as? HeartbeatResponse
    return ErrorCode(rawValue: reply?.errorCode ?? -1)
  }

  /// A classic group that a member of the new protocol joins, goes on under the new rules, and back.
  @Test func aGroupGoesOverAndBack() throws {
    let bench = ConsumerBench()
    bench.topics.make("t", 4)
    let share = ConsumerAssignment(partitions: [TopicPartitions(topic: "t", partitions: [0, 1, 2, 3])])
    var old = ClassicGroupFacts.Member(id: "old")
    old.rebalanceTimeoutMs = 20_000
    old.sessionTimeoutMs = 10_000
    old.protocols = [ClassicProtocol(name: "cooperative-sticky", metadata: subscription())]
    old.assignment = share.encoded(version: 1)
    let facts = ClassicGroupFacts(generation: 5, members: [old])
    let records = ConsumerGroup.records(
      converting: facts, id: "g", chosen: "cooperative-sticky", bench.context)
    bench.log = try #require(records)
    bench.restart()
    #expect(bench.group.state.epoch == 5 && bench.group.isClassicOnly)
    #expect(heartbeat(bench, "old", 5) == .none)

    bench.wait(2_000)
    #expect(bench.join("new").memberEpoch == 6)
    #expect(!bench.group.isClassicOnly)
    #expect(heartbeat(bench, "old", 5) == .rebalanceInProgress)
    let first = join(bench, "old", owned: [0, 1, 2, 3])
    #expect(first.errorCode == 0 && first.protocolName == "cooperative-sticky")
    #expect(try sync(bench, "old", first.generationId) == [0, 1])
    #expect(bench.beat("new", 6).partitions == nil)
    // It has given up the rest, and joins again to say so.
    #expect(heartbeat(bench, "old", first.generationId) == .rebalanceInProgress)
    let second = join(bench, "old", owned: [0, 1])
    #expect(try sync(bench, "old", second.generationId) == [0, 1])
    #expect(bench.beat("new", 6).partitions == [2, 3])
    #expect(heartbeat(bench, "old", second.generationId) == .none)
    #expect(heartbeat(bench, "old", 5) == .illegalGeneration || second.generationId == 5)
    #expect(heartbeat(bench, "new", 6) == .unknownMemberId)

    _ = bench.beat("new", -1)
    #expect(bench.group.isClassicOnly)
    let back = bench.group.classicFacts(bench.context)
    #expect(back.generation == bench.group.state.epoch)
    #expect(back.members.map(\.id) == ["old"] && back.members[0].protocols.map(\.name) == ["cooperative-sticky"])
    #expect(ConsumerBench.replayed(bench.log) == bench.group)
  }

  @Test func classicMembersAreCheckedAndLeave() {
    let bench = ConsumerBench()
    bench.topics.make("t", 2)
    _ = bench.join("new")
    bench.wait(2_000)
    let asked = join(bench, "")
    #expect(asked.errorCode == ErrorCode.memberIdRequired.rawValue && asked.memberId.hasPrefix("c-"))
    let joined = join(bench, asked.memberId)
    #expect(joined.errorCode == 0)
    var effects = Effects()
    bench.group.leaveGroup(
      LeaveGroupRequest(groupId: "g", members: [.init(memberId: asked.memberId), .init(memberId: "new")]),
      from: Caller(clientID: "c", host: "/h", version: 5), waiter: Waiter(1), bench.settings, bench.context,
      into: &effects)
    let left = bench.take(effects) as? LeaveGroupResponse
    #expect(left?.members.map(\.errorCode) == [0, ErrorCode.unknownMemberId.rawValue])
    #expect(bench.group.state.members.keys.sorted() == ["new"])
  }

  /// A member that no record could hold is refused before anything is decided about it.
  @Test func aMemberTooLargeForARecordChangesNothing() {
    let bench = ConsumerBench()
    bench.topics.make("t", 2)
    _ = bench.join("new")
    let before = (bench.group, bench.log.count)
    var effects = Effects()
    let protocols: [JoinGroupRequest.MemberProtocol] = [
      .init(name: "range", metadata: subscription()),
      .init(name: "large", metadata: [UInt8](repeating: 0, count: GroupLimits.recordBytes)),
    ]
    bench.group.joinGroup(
      JoinGroupRequest(groupId: "g", sessionTimeoutMs: 10_000, protocolType: "consumer", protocols: protocols),
      from: Caller(clientID: "c", host: "/h", version: 3), waiter: Waiter(1), bench.settings, bench.context,
      into: &effects)
    let reply = bench.take(effects) as? JoinGroupResponse
    #expect(reply?.errorCode == ErrorCode.unknownServerError.rawValue)
    #expect(bench.group == before.0 && bench.log.count == before.1)
  }

  @Test func unreadableMembersDoNotGoOver() {
    let bench = ConsumerBench()
    var member = ClassicGroupFacts.Member(id: "m")
    member.protocols = [ClassicProtocol(name: "range", metadata: [0])]
    let facts = ClassicGroupFacts(generation: 1, members: [member])
    #expect(ConsumerGroup.records(converting: facts, id: "g", chosen: nil, bench.context) == nil)
  }
}
