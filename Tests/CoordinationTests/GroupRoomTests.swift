import Coordination
import KafkaWire
import Testing
import Units

/// What clients may make the groups keep, in bytes: newcomers are refused so that they come again, what is there goes on.
@Suite struct GroupRoomTests {
  /// Clients of one coordinator that has little room.
  private struct Run {
    var rig = GroupRig()

    init(limit: Int) {
      rig.addTopic("wide", partitions: 10_000)
      rig.coordinator.limitBytes = limit
    }

    mutating func commit(_ partition: Int32, note: String = "", in group: String = "g") -> ErrorCode? {
      let request = OffsetCommitRequest(
        groupId: group,
        topics: [
          .init(
            name: "wide",
            partitions: [.init(partitionIndex: partition, committedOffset: 1, committedMetadata: note)])
        ])
      let waiter = rig.waiter()
      let caller = Caller(clientID: "c", host: "/h", version: 9)
      let effects = rig.perform { $0.commitOffsets(request, from: caller, waiter: waiter, $1, into: &$2) }
      let reply = effects.replies.first?.message as? OffsetCommitResponse
      return (reply?.topics.first?.partitions.first?.errorCode).map(ErrorCode.init)
    }

    mutating func stage(_ partition: Int32, note: String = "") -> ErrorCode? {
      let request = TxnOffsetCommitRequest(
        transactionalId: "x", groupId: "g", producerId: 1, producerEpoch: 0,
        topics: [
          .init(
            name: "wide",
            partitions: [.init(partitionIndex: partition, committedOffset: 2, committedMetadata: note)])
        ])
      let waiter = rig.waiter()
      let caller = Caller(clientID: "c", host: "/h", version: 3)
      let effects = rig.perform { $0.stageOffsets(request, from: caller, waiter: waiter, $1, into: &$2) }
      let reply = effects.replies.first?.message as? TxnOffsetCommitResponse
      return (reply?.topics.first?.partitions.first?.errorCode).map(ErrorCode.init)
    }

    /// A Join of a member without an id; nil where it is kept.
    mutating func join(
      _ group: String, instance: String? = nil, metadata: [UInt8], version: Int16 = 3
    ) -> JoinGroupResponse? {
      let request = JoinGroupRequest(
        groupId: group, sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, groupInstanceId: instance,
        protocolType: "consumer", protocols: [.init(name: "range", metadata: metadata)])
      let waiter = rig.waiter()
      let caller = Caller(clientID: "c", host: "/h", version: version)
      let effects = rig.perform { $0.joinGroup(request, from: caller, waiter: waiter, $1, into: &$2) }
      return effects.replies.first { $0.waiter == waiter }?.message as? JoinGroupResponse
    }

    mutating func sync(_ group: String, _ member: String, _ assignments: [String: [UInt8]]) -> ErrorCode? {
      let request = SyncGroupRequest(
        groupId: group, generationId: 1, memberId: member,
        assignments: assignments.map { .init(memberId: $0.key, assignment: $0.value) })
      let waiter = rig.waiter()
      let caller = Caller(clientID: "c", host: "/h", version: 3)
      let effects = rig.perform { $0.syncGroup(request, from: caller, waiter: waiter, $1, into: &$2) }
      let reply = effects.replies.first { $0.waiter == waiter }?.message as? SyncGroupResponse
      return (reply?.errorCode).map(ErrorCode.init)
    }

    mutating func consume(
      _ group: String, _ member: String, epoch: Int32 = 0, topics: [String]? = ["t"]
    ) -> ConsumerGroupHeartbeatResponse? {
      let request = ConsumerGroupHeartbeatRequest(
        groupId: group, memberId: member, memberEpoch: epoch, rebalanceTimeoutMs: epoch == 0 ? 10_000 : -1,
        subscribedTopicNames: topics, topicPartitions: [])
      let waiter = rig.waiter()
      let caller = Caller(clientID: "n", host: "/h", version: 1)
      let effects = rig.perform { $0.consumerGroupHeartbeat(request, from: caller, waiter: waiter, $1, into: &$2) }
      return effects.replies.first { $0.waiter == waiter }?.message as? ConsumerGroupHeartbeatResponse
    }

    mutating func deleteGroup(_ group: String) {
      let waiter = rig.waiter()
      let caller = Caller(clientID: "c", host: "/h", version: 2)
      rig.perform {
        $0.deleteGroups(DeleteGroupsRequest(groupsNames: [group]), from: caller, waiter: waiter, $1, into: &$2)
      }
    }

    /// The counter is what is there, live and after any replay, and replay goes beyond every limit.
    func check(sourceLocation: SourceLocation = #_sourceLocation) {
      #expect(rig.coordinator.heldBytes == rig.coordinator.recountedBytes, sourceLocation: sourceLocation)
      var again = GroupCoordinator(settings: rig.coordinator.settings)
      again.limitBytes = 1
      for write in rig.coordinator.snapshot() {
        for record in write.records { again.replay(record, producer: write.producer) }
      }
      #expect(again.encoded == rig.coordinator.encoded, sourceLocation: sourceLocation)
      #expect(again.heldBytes == again.recountedBytes, sourceLocation: sourceLocation)
    }
  }

  @Test func offsetsOfNewPartitionsWaitForRoom() {
    var run = Run(limit: 40_000)
    let codes = (0..<400).map { run.commit($0, note: "n") }
    let kept = codes.count { $0 == ErrorCode.none }
    #expect((150...250).contains(kept))
    #expect(codes.dropFirst(kept).allSatisfy { $0 == .coordinatorNotAvailable })
    #expect((32_000...40_000).contains(run.rig.coordinator.heldBytes))
    // What is there can be committed again, but not grow; another group finds no room either.
    for partition in 0..<Int32(kept) { #expect(run.commit(partition, note: "m") == ErrorCode.none) }
    #expect(run.commit(0) == ErrorCode.none)
    #expect(run.commit(0, note: String(repeating: "n", count: 1_000)) == .coordinatorNotAvailable)
    #expect(run.commit(0, in: "h") == .coordinatorNotAvailable)
    #expect(run.rig.coordinator.groupNames == ["g"])
    // A transaction may stage what the group has; for anything else there is no room.
    #expect(run.stage(1) == ErrorCode.none)
    #expect(run.stage(399) == .coordinatorNotAvailable)
    run.check()
    run.rig.end(1, committed: true)
    run.check()
    run.deleteGroup("g")
    #expect(run.rig.coordinator.heldBytes == 0)
    #expect(run.commit(0, in: "h") == ErrorCode.none)
  }

  @Test func newMembersWaitForRoom() throws {
    var run = Run(limit: 100_000)
    let metadata = Self.padded(10_000)
    let codes = (0..<20).map { run.join("g\($0)", metadata: metadata)?.errorCode }
    let kept = codes.count { $0 == nil }
    #expect((3...8).contains(kept))
    #expect(codes.dropFirst(kept).allSatisfy { $0 == ErrorCode.coordinatorNotAvailable.rawValue })
    #expect(run.rig.coordinator.groupNames.count == kept)
    run.check()
    // A group that exists gets its assignment out of what new groups are denied.
    let replies = run.rig.fire(.join(group: "g0")).replies
    let answer = try #require(replies.first?.message as? JoinGroupResponse)
    #expect(run.sync("g0", answer.memberId, [answer.memberId: Self.padded(100_000)]) == .coordinatorNotAvailable)
    #expect(run.sync("g0", answer.memberId, [answer.memberId: [1, 2, 3]]) == ErrorCode.none)
    run.check()
  }

  @Test func newMembersOfConsumerGroupsWaitForRoom() throws {
    var run = Run(limit: 100_000)
    let topics = (0..<100).map { "topic-of-a-long-subscription-\($0)" }
    let codes = (0..<30).map { run.consume("g", "m\($0)", topics: topics)?.errorCode }
    let kept = codes.count { $0 == 0 }
    #expect((10...20).contains(kept))
    #expect(codes.dropFirst(kept).allSatisfy { $0 == ErrorCode.coordinatorNotAvailable.rawValue })
    #expect(run.consume("h", "m", topics: topics)?.errorCode == ErrorCode.coordinatorNotAvailable.rawValue)
    #expect(run.rig.coordinator.groupNames == ["g"])
    // Those that are in go on, and may say the same again.
    let again = run.consume("g", "m0", topics: topics)
    let epoch = try #require(again).memberEpoch
    #expect(run.consume("g", "m0", epoch: epoch, topics: nil)?.errorCode == 0)
    run.check()
    #expect(run.consume("g", "m0", epoch: -1, topics: nil)?.errorCode == 0)
    run.check()
  }

  /// A folder with more than a smaller limit allows: what is there goes on, new groups wait.
  @Test func groupsThatAreThereGoOnBeyondTheLimit() throws {
    var run = Run(limit: .max)
    #expect(run.commit(0) == ErrorCode.none)
    #expect(run.join("m", metadata: Self.padded(20_000)) == nil)
    let answer = try #require(run.rig.fire(.join(group: "m")).replies.first?.message as? JoinGroupResponse)
    #expect(run.sync("m", answer.memberId, [answer.memberId: [1]]) == ErrorCode.none)
    run.rig.coordinator.limitBytes = run.rig.coordinator.heldBytes * 9 / 10
    #expect(run.join("h", metadata: [])?.errorCode == ErrorCode.coordinatorNotAvailable.rawValue)
    #expect(run.commit(1) == .coordinatorNotAvailable)
    #expect(run.commit(0) == ErrorCode.none)
    #expect(run.stage(0) == ErrorCode.none)
    // Its consumer comes back with a new id, beside the one that has not timed out yet.
    #expect(run.join("m", metadata: Self.padded(100)) == nil)
    run.check()
  }

  @Test func whatOneMemberSaysIsBounded() {
    var run = Run(limit: .max)
    let many = (0...GroupLimits.subscribedTopics).map { "\($0)" }
    #expect(run.consume("g", "m", topics: many)?.errorCode == ErrorCode.invalidRequest.rawValue)
    let long = (0..<70_000).map { "a-topic-name-\($0)" }
    #expect(run.consume("g", "m", topics: long)?.errorCode == ErrorCode.invalidRequest.rawValue)
    #expect(run.join("g", metadata: Self.padded(1 << 20))?.errorCode == ErrorCode.invalidRequest.rawValue)
    #expect(run.rig.coordinator.groupNames == [] && run.rig.log.isEmpty)
    #expect(run.consume("g", "m", topics: Array(long.prefix(1_000)))?.errorCode == 0)
  }

  /// Static members that come back with more than a record can hold are refused, and the group is what it was.
  @Test func aGroupNeverOutgrowsItsRecord() throws {
    var run = Run(limit: .max)
    let names = (0..<17).map { "i\($0)" }
    for name in names { #expect(run.join("g", instance: name, metadata: Self.padded(0)) == nil) }
    var answers: [JoinGroupResponse] = []
    while answers.count < names.count {
      answers += run.rig.fire(.join(group: "g")).replies.compactMap { $0.message as? JoinGroupResponse }
    }
    let leader = try #require(answers.first).leader
    #expect(run.sync("g", leader, [:]) == ErrorCode.none)
    let codes = names.map { name in
      run.join("g", instance: name, metadata: Self.padded((1 << 20) - 200), version: 9)?.errorCode
    }
    #expect(codes.prefix(7).allSatisfy { $0 == 0 })
    #expect(codes.suffix(9).allSatisfy { $0 == ErrorCode.unknownServerError.rawValue })
    #expect(run.rig.coordinator.facts(of: "g")?.state == "Stable")
    #expect(Self.largest(run.rig.log) <= GroupLimits.recordBytes)
    #expect(Set(run.rig.coordinator.facts(of: "g")?.members.compactMap(\.instance) ?? []) == Set(names))
    run.check()
  }

  /// A consumer group of classic members that one record cannot hold stays a consumer group.
  @Test func aGroupThatIsTooLargeDoesNotTurnBack() throws {
    var run = Run(limit: .max)
    #expect(run.consume("g", "new")?.errorCode == 0)
    for _ in 0..<9 { #expect(run.join("g", metadata: Self.padded((1 << 20) - 200))?.errorCode == 0) }
    #expect(run.consume("g", "new", epoch: -1, topics: nil)?.errorCode == 0)
    #expect(run.rig.coordinator.facts(of: "g")?.type == "consumer")
    #expect(run.rig.coordinator.facts(of: "g")?.members.count == 9)
    #expect(Self.largest(run.rig.log) <= GroupLimits.recordBytes)
    run.check()
  }

  private static func largest(_ log: [LogEntry]) -> Int {
    log.reduce(0) { most, entry in
      guard case .record(_, let record, _) = entry else { return most }
      return max(most, record.value?.count ?? 0)
    }
  }

  /// A subscription to topic `t`, with `count` bytes of the client's own.
  private static func padded(_ count: Int) -> [UInt8] {
    let length = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) }
    return [0, 0, 0, 0, 0, 1, 0, 1, UInt8(ascii: "t")] + length + [UInt8](repeating: 7, count: count)
  }
}
