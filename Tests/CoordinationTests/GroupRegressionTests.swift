import Coordination
import KafkaWire
import Testing
import Units

/// Defects that other systems had, each with the event that showed it.
@Suite struct GroupRegressionTests {
  private static let caller = Caller(clientID: "c", host: "/h", version: 9)

  private static func commit(
    _ rig: inout GroupRig, _ group: String, _ topic: String = "t", _ partition: Int32 = 0, _ offset: Int64
  ) -> OffsetCommitResponse? {
    let request = OffsetCommitRequest(
      groupId: group,
      topics: [.init(name: topic, partitions: [.init(partitionIndex: partition, committedOffset: offset)])])
    let waiter = rig.waiter()
    let effects = rig.perform { $0.commitOffsets(request, from: caller, waiter: waiter, $1, into: &$2) }
    return effects.replies.first?.message as? OffsetCommitResponse
  }

  private static func stage(_ rig: inout GroupRig, _ group: String, producer: Int64, _ offset: Int64) {
    let request = TxnOffsetCommitRequest(
      transactionalId: "x", groupId: group, producerId: producer, producerEpoch: 0,
      topics: [.init(name: "t", partitions: [.init(partitionIndex: 0, committedOffset: offset)])])
    let waiter = rig.waiter()
    rig.perform { $0.stageOffsets(request, from: caller, waiter: waiter, $1, into: &$2) }
  }

  private static func offset(_ coordinator: GroupCoordinator, _ group: String) -> Int64? {
    coordinator.offsets(of: group).first { $0.partition == PartitionName(topic: "t", partition: 0) }?.offset.offset
  }

  /// KAFKA-14505, Redpanda CORE-17000: the marker's place decides, live, after a restart, and after a compaction that
  /// kept only the later record of the key.
  @Test func aPlainCommitDoesNotOutliveTheMarkerBehindIt() {
    var rig = GroupRig()
    Self.stage(&rig, "g", producer: 1, 7)
    #expect(Self.commit(&rig, "g", "t", 0, 8)?.topics.first?.partitions.first?.errorCode == 0)
    #expect(Self.offset(rig.coordinator, "g") == 8)
    rig.end(1, committed: true)
    #expect(Self.offset(rig.coordinator, "g") == 7)
    let settings = rig.coordinator.settings
    #expect(Self.offset(GroupRig.replay(rig.log, settings), "g") == 7)
    #expect(Self.offset(GroupRig.replay(GroupRig.compacted(rig.log), settings), "g") == 7)
  }

  /// The same, where the process ended between the marker and the record that states the offset again.
  @Test func anOffsetThatACompactionWouldLoseIsStatedAgainAfterARestart() {
    var rig = GroupRig()
    Self.stage(&rig, "g", producer: 1, 7)
    _ = Self.commit(&rig, "g", "t", 0, 8)
    rig.end(1, committed: true)
    guard case .record(_, let last, nil)? = rig.log.popLast() else {
      Issue.record("the last entry is no restatement")
      return
    }
    let effects = rig.restart()
    #expect(effects.writes.map(\.records) == [[last]])
    #expect(Self.offset(GroupRig.replay(GroupRig.compacted(rig.log), rig.coordinator.settings), "g") == 7)
  }

  /// Redpanda CORE-16998: an offset that an open transaction has staged is not expired under it.
  @Test func expiryLeavesStagedOffsetsAlone() {
    var rig = GroupRig()
    _ = Self.commit(&rig, "g", "t", 0, 1)
    Self.stage(&rig, "g", producer: 1, 2)
    rig.move(to: rig.now.advanced(byMs: 30 * 24 * 3_600_000))
    #expect(rig.fire(.expiry).writes.isEmpty)
    rig.end(1, committed: true)
    #expect(Self.offset(rig.coordinator, "g") == 2)
    rig.move(to: rig.now.advanced(byMs: 30 * 24 * 3_600_000))
    #expect(!rig.fire(.expiry).writes.isEmpty)
    #expect(rig.coordinator.groupNames.isEmpty)
  }

  /// KAFKA-13636: a group that rebalances does not know what it subscribes to; nothing of it expires.
  @Test func nothingExpiresWhileAGroupRebalances() {
    var rig = GroupRig()
    func join(_ rig: inout GroupRig, _ member: String) -> Effects {
      let request = JoinGroupRequest(
        groupId: "g", sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, memberId: member,
        protocolType: "consumer", protocols: [.init(name: "range", metadata: RandomGroups.subscription(["t"]))])
      let waiter = rig.waiter()
      let old = Caller(clientID: "c", host: "/h", version: 3)
      return rig.perform { $0.joinGroup(request, from: old, waiter: waiter, $1, into: &$2) }
    }
    _ = Self.commit(&rig, "g", "u", 0, 5)
    _ = join(&rig, "")
    #expect(rig.coordinator.facts(of: "g")?.state == "PreparingRebalance")
    rig.move(to: rig.now.advanced(byMs: 30 * 24 * 3_600_000))
    #expect(rig.fire(.expiry).writes.isEmpty)
    #expect(rig.coordinator.offsets(of: "g").count == 1)
  }

  /// KAFKA-17306: removing what does not exist is nothing, in every layout.
  @Test func tombstonesOfUnknownThingsAreNoOps() {
    var rig = GroupRig()
    _ = Self.commit(&rig, "g", "t", 0, 5)
    let before = rig.coordinator.encoded
    let keys: [CoordinatorRecord] = [
      CoordinatorRecord(
        type: 1, key: OffsetCommitKey(group: "g", topic: "t", partition: 9), value: nil as OffsetCommitValue?,
        version: 0),
      CoordinatorRecord(
        type: 1, key: OffsetCommitKey(group: "none", topic: "t", partition: 0), value: nil as OffsetCommitValue?,
        version: 0),
      CoordinatorRecord(
        type: 2, key: GroupMetadataKey(group: "none"), value: nil as GroupMetadataValue?, version: 0),
      CoordinatorRecord(
        type: 3, key: ConsumerGroupMetadataKey(groupId: "none"), value: nil as ConsumerGroupMetadataValue?, version: 0),
      CoordinatorRecord(
        type: 5, key: ConsumerGroupMemberMetadataKey(groupId: "g", memberId: "m"),
        value: nil as ConsumerGroupMemberMetadataValue?, version: 0),
      CoordinatorRecord(key: [0, 99, 1, 2], value: nil),
      CoordinatorRecord(key: [], value: [1]),
    ]
    for record in keys { rig.coordinator.replay(record, producer: nil) }
    rig.coordinator.replayMarker(producer: ProducerIdentity(id: 77, epoch: 0), partition: 3, committed: true)
    #expect(rig.coordinator.encoded == before)
  }

  /// A marker ends the offsets of its own partition of the topic, and no others.
  @Test func aMarkerCountsForItsPartitionAlone() {
    var rig = GroupRig()
    Self.stage(&rig, "one", producer: 1, 1)
    Self.stage(&rig, "two", producer: 1, 2)
    let here = InternalTopic.partition(of: "one", of: 50)
    #expect(here != InternalTopic.partition(of: "two", of: 50))
    let identity = ProducerIdentity(id: 1, epoch: 0)
    let effects = rig.perform {
      $0.transactionEnded(producer: identity, partition: here, committed: true, $1, into: &$2)
    }
    #expect(effects.writes.map(\.marks) == [[.offsets(group: "one"), .groups]])
    #expect(Self.offset(rig.coordinator, "one") == 1)
    #expect(Self.offset(rig.coordinator, "two") == nil)
    #expect(rig.coordinator.stagedOffsets(of: "two") == 1)
  }

  /// Replies wait for what they show: a heartbeat not for offsets, a commit for both.
  @Test func heartbeatsDoNotWaitForOffsets() {
    var rig = GroupRig()
    let waiter = rig.waiter()
    let beat = rig.perform {
      $0.heartbeat(HeartbeatRequest(groupId: "g"), from: Self.caller, waiter: waiter, $1, into: &$2)
    }
    #expect(beat.replies.map(\.sees) == [[.membership(group: "g")]])
    let other = rig.waiter()
    let commit = rig.perform {
      $0.commitOffsets(OffsetCommitRequest(groupId: "g"), from: Self.caller, waiter: other, $1, into: &$2)
    }
    #expect(commit.replies.map(\.sees) == [[.membership(group: "g"), .offsets(group: "g")]])
  }

  /// Topic ids: what was committed under another topic of the name is not this topic's offset.
  @Test func offsetsBelongToATopicsID() throws {
    var rig = GroupRig()
    let first = try #require(rig.topics.byName["t"])
    _ = Self.commit(&rig, "g", "t", 0, 5)
    rig.addTopic("t")
    let second = try #require(rig.topics.byName["t"])
    #expect(first.id != second.id)
    func fetch(_ id: UniqueID) -> OffsetFetchResponse.Group.Topic.Partition? {
      let request = OffsetFetchRequest(groups: [
        .init(groupId: "g", topics: [.init(topicId: id, partitionIndexes: [0])])
      ])
      let waiter = rig.waiter()
      let caller = Caller(clientID: "c", host: "/h", version: 10)
      let effects = rig.perform { $0.fetchOffsets(request, from: caller, waiter: waiter, $1, into: &$2) }
      return (effects.replies.first?.message as? OffsetFetchResponse)?.groups.first?.topics.first?.partitions.first
    }
    #expect(fetch(second.id)?.committedOffset == -1)
    #expect(fetch(second.id)?.errorCode == 0)
    #expect(fetch(first.id)?.errorCode == ErrorCode.unknownTopicId.rawValue)
  }

  /// As Apache Kafka 4.3.1 answers, asked on the wire: a group without a name keeps offsets, but can have no members.
  @Test func aGroupWithoutANameMayCommitAndNothingElse() throws {
    var rig = GroupRig()
    #expect(Self.commit(&rig, "", "t", 0, 5)?.topics.first?.partitions.first?.errorCode == 0)
    #expect(Self.offset(rig.coordinator, "") == 5)
    func ask<Reply: WireMessage>(
      _ entry: (inout GroupCoordinator, Waiter, CoordinatorContext, inout Effects) -> Void
    ) throws -> Reply {
      let waiter = rig.waiter()
      let effects = rig.perform { entry(&$0, waiter, $1, &$2) }
      return try #require(effects.replies.first?.message as? Reply)
    }
    let caller = Self.caller
    let invalid = ErrorCode.invalidGroupId.rawValue
    let joined: JoinGroupResponse = try ask {
      let request = JoinGroupRequest(sessionTimeoutMs: 10_000, protocolType: "consumer", protocols: [.init(name: "r")])
      $0.joinGroup(request, from: caller, waiter: $1, $2, into: &$3)
    }
    let synced: SyncGroupResponse = try ask {
      $0.syncGroup(SyncGroupRequest(generationId: 1, memberId: "m"), from: caller, waiter: $1, $2, into: &$3)
    }
    let beat: HeartbeatResponse = try ask {
      $0.heartbeat(HeartbeatRequest(generationId: 1, memberId: "m"), from: caller, waiter: $1, $2, into: &$3)
    }
    let left: LeaveGroupResponse = try ask {
      $0.leaveGroup(LeaveGroupRequest(members: [.init(memberId: "m")]), from: caller, waiter: $1, $2, into: &$3)
    }
    let cleared: OffsetDeleteResponse = try ask {
      $0.deleteOffsets(OffsetDeleteRequest(), from: caller, waiter: $1, $2, into: &$3)
    }
    #expect(
      [joined.errorCode, synced.errorCode, beat.errorCode, left.errorCode, cleared.errorCode]
        == [Int16](repeating: invalid, count: 5))
    let described: DescribeGroupsResponse = try ask {
      $0.describeGroups(DescribeGroupsRequest(groups: [""]), from: caller, waiter: $1, $2, into: &$3)
    }
    #expect(described.groups.first?.errorCode == 0 && described.groups.first?.groupState == "Empty")
    for expected in [ErrorCode.none, .groupIdNotFound] {
      let deleted: DeleteGroupsResponse = try ask {
        $0.deleteGroups(DeleteGroupsRequest(groupsNames: [""]), from: caller, waiter: $1, $2, into: &$3)
      }
      #expect(deleted.results.first?.errorCode == expected.rawValue)
    }
  }
}
