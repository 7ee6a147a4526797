import Coordination
import KafkaWire
import Testing
import Units

@Suite struct ConsumerGroupTests {
  private func bench(_ partitions: Int32 = 4) -> ConsumerBench {
    let bench = ConsumerBench()
    bench.topics.make("t", partitions)
    return bench
  }

  @Test func aMemberJoinsAndIsToldOnlyChanges() {
    let bench = bench()
    let joined = bench.join("a")
    #expect(joined.error == .none && joined.memberId == "a" && joined.memberEpoch == 1)
    #expect(joined.partitions == [0, 1, 2, 3])
    #expect(joined.heartbeatIntervalMs == 500)
    let rest = bench.beat("a", 1, owned: [0, 1, 2, 3])
    #expect(rest.memberEpoch == 1 && rest.assignment == nil)
    // All that a member has to say, said again: all of the answer again.
    var full = ConsumerGroupHeartbeatRequest(groupId: "g", memberId: "a", memberEpoch: 1, rebalanceTimeoutMs: 5)
    full.subscribedTopicNames = ["t"]
    full.topicPartitions = []
    #expect(bench.send(full).partitions == [0, 1, 2, 3])
    #expect(bench.group.phase == .stable)
  }

  /// What a log says of a member without a record of its own is dropped at a start: nobody would give its share up.
  @Test func sharesOfMembersThatDoNotExistAreDropped() throws {
    let bench = bench()
    _ = bench.join("a")
    bench.wait(2_000)
    _ = bench.join("b")
    _ = bench.beat("a", 1)
    _ = bench.beat("a", 2, owned: [0, 1])
    #expect(bench.beat("b", 2).partitions == [2, 3])
    let member = ConsumerGroupMemberMetadataKey.recordType
    let key = CoordinatorRecord(
      type: member, key: ConsumerGroupMemberMetadataKey(groupId: "g", memberId: "b"),
      value: ConsumerGroupMemberMetadataValue?.none, version: 0
    ).key
    bench.log.removeAll { $0.key == key }
    bench.restart()
    #expect(bench.group.state.members.keys.sorted() == ["a"])
    #expect(bench.group.state.current.keys.sorted() == ["a"] && bench.group.state.target.keys.sorted() == ["a"])
    #expect(ConsumerBench.replayed(bench.log) == bench.group)
    let epoch = try #require(bench.group.state.current["a"]).epoch
    #expect(bench.beat("a", epoch, owned: [0, 1]).partitions == [0, 1, 2, 3])
  }

  /// A partition goes to its new owner only after the old one's heartbeat without it.
  @Test func partitionsMoveOnlyWhenGivenUp() {
    let bench = bench()
    _ = bench.join("a")
    bench.wait(2_000)
    let second = bench.join("b")
    #expect(second.memberEpoch == 2 && second.partitions == [] && second.heartbeatIntervalMs == 500)
    let told = bench.beat("a", 1)
    #expect(told.partitions == [0, 1] && told.memberEpoch == 2 && told.heartbeatIntervalMs == 500)
    #expect(bench.group.phase == .reconciling)
    #expect(bench.beat("b", 2).assignment == nil)
    #expect(bench.beat("a", 2, owned: [0, 1, 2, 3]).assignment == nil)
    #expect(bench.beat("b", 2).assignment == nil)
    #expect(bench.beat("a", 2, owned: [0, 1]).memberEpoch == 2)
    let given = bench.beat("b", 2)
    #expect(given.partitions == [2, 3] && given.heartbeatIntervalMs == 500)
    #expect(bench.group.phase == .stable)
  }

  /// The node hears so many members at rest in a second, and each at the configured interval at the least.
  @Test func membersAtRestCallAsOftenAsTheNodeBears() {
    let bench = bench()
    _ = bench.join("a")
    for (groups, interval) in [(100, 500), (1_000, 2_000), (2_499, 4_998), (2_600, 5_000), (.max >> 20, 5_000)] {
      bench.settings.groupCount = groups
      #expect(bench.beat("a", 1).heartbeatIntervalMs == Int32(interval))
    }
    bench.settings.heartbeatIntervalMs = 300
    #expect(bench.beat("a", 1).heartbeatIntervalMs == 300)
  }

  /// The heartbeat without the partition was sent before the member got it, and arrives after it was asked to give it up.
  @Test func anOldHeartbeatDoesNotPassForGivingUp() {
    let bench = bench()
    _ = bench.join("a")
    bench.wait(2_000)
    _ = bench.join("b")
    _ = bench.beat("a", 1)
    _ = bench.beat("a", 2, owned: [0, 1])
    #expect(bench.beat("b", 2).partitions == [2, 3])
    bench.wait(2_000)
    _ = bench.join("c")
    // What b said before it was given anything, on a connection that is gone: it is told again, and keeps what it has.
    #expect(bench.beat("b", 2, owned: []).partitions == [2, 3])
    #expect(bench.group.state.current["b"]?.phase == .stable)
    #expect(bench.beat("c", 3).partitions == nil)
    let told = bench.beat("b", 2)
    #expect(told.memberEpoch == 3 && told.partitions?.count == 1)
    #expect(bench.beat("b", 2, owned: [2]).memberEpoch == 3)
    #expect(bench.group.state.current["b"]?.phase == .unrevoked)
    let kept = told.partitions ?? []
    _ = bench.beat("b", 3, owned: kept)
    #expect(bench.group.state.current["b"]?.phase == .stable)
  }

  @Test func epochsAreChecked() {
    let bench = bench()
    #expect(bench.beat("a", 3).error == .unknownMemberId)
    _ = bench.join("a")
    #expect(bench.beat("a", 2).error == .fencedMemberEpoch)
    // The join's answer was lost: asked again, it is answered again.
    #expect(bench.join("a").partitions == [0, 1, 2, 3])
    bench.wait(2_000)
    _ = bench.join("b")
    #expect(bench.beat("a", 1).memberEpoch == 2)
    // The answer was lost; the member says the epoch before, with what it has.
    #expect(bench.beat("a", 1, owned: [0, 1, 2, 3]).partitions == [0, 1])
    #expect(bench.group.state.current["a"]?.phase == .unrevoked)
    #expect(bench.beat("a", 1).error == .fencedMemberEpoch)
    #expect(bench.beat("a", 1, owned: [9]).error == .fencedMemberEpoch)
    #expect(bench.join("a").error == .fencedMemberEpoch)
  }

  @Test func staticMembersKeepTheirPlace() {
    let bench = bench()
    let first = bench.join("a", instance: "i")
    #expect(first.partitions == [0, 1, 2, 3])
    #expect(bench.join("b", instance: "i").error == .unreleasedInstanceId)
    #expect(bench.beat("b", 1, instance: "i").error == .fencedInstanceId)
    #expect(bench.beat("b", 1, instance: "j").error == .unknownMemberId)
    #expect(bench.beat("a", -2, instance: "i").memberEpoch == -2)
    #expect(bench.beat("a", 1, instance: "i").error == .fencedMemberEpoch)
    let back = bench.join("b", instance: "i")
    #expect(back.memberEpoch == 1 && back.partitions == [0, 1, 2, 3])
    #expect(bench.group.state.members.keys.sorted() == ["b"])
    #expect(bench.beat("a", -1, instance: "i").error == .fencedInstanceId)
    #expect(bench.beat("b", -1, instance: "i").memberEpoch == -1)
    #expect(bench.group.phase == .empty)
  }

  @Test func sessionsAndRebalanceTimeoutsFence() {
    let bench = bench()
    bench.settings.sessionTimeoutMs = 100_000
    _ = bench.join("a")
    bench.wait(2_000)
    _ = bench.join("b")
    _ = bench.beat("a", 1)
    bench.wait(59_000)
    _ = bench.beat("b", 2)
    #expect(bench.group.state.members.count == 2)
    bench.wait(2_000)
    // It had a minute to give the partitions up.
    #expect(bench.group.state.members.keys.sorted() == ["b"])
    #expect(bench.beat("a", 2).error == .unknownMemberId)
    #expect(bench.beat("b", 2).partitions == [0, 1, 2, 3])
    bench.wait(100_001)
    #expect(bench.group.phase == .empty)
    let last = bench.group.lastRebalance
    #expect(last?.reason == .fenced && last?.member == "b")
    #expect(last?.clientID.isEmpty == false && last?.host.isEmpty == false, "a member that is gone is still named")
  }

  @Test func wrongRequestsAreRefused() {
    let bench = bench()
    func join(_ change: (inout ConsumerGroupHeartbeatRequest) -> Void) -> ErrorCode {
      var request = ConsumerGroupHeartbeatRequest(
        groupId: "g", memberId: "a", rebalanceTimeoutMs: 1, subscribedTopicNames: ["t"], topicPartitions: [])
      change(&request)
      return bench.send(request).error
    }
    #expect(join { $0.groupId = "" } == .invalidRequest)
    #expect(join { $0.memberId = "" } == .invalidRequest)
    #expect(join { $0.instanceId = "" } == .invalidRequest)
    #expect(join { $0.rackId = "" } == .invalidRequest)
    #expect(join { $0.rebalanceTimeoutMs = -1 } == .invalidRequest)
    #expect(join { $0.topicPartitions = nil } == .invalidRequest)
    #expect(join { $0.subscribedTopicNames = [] } == .invalidRequest)
    #expect(join { $0.memberEpoch = -3 } == .invalidRequest)
    #expect(join { $0.memberEpoch = -2 } == .invalidRequest)
    #expect(join { $0.serverAssignor = "sticky" } == .unsupportedAssignor)
    #expect(join { $0.subscribedTopicRegex = "(" } == .invalidRegularExpression)
    #expect(bench.group.isBlank && bench.log.isEmpty)
    bench.settings.maxSize = 1
    #expect(join { _ in } == .none)
    #expect(join { $0.memberId = "b" } == .groupMaxSizeReached)
    // Before version 1 the server makes the id.
    bench.settings.maxSize = 2
    let named = bench.send(
      .init(groupId: "g", rebalanceTimeoutMs: 1, subscribedTopicNames: ["t"], topicPartitions: []), version: 0)
    #expect(named.memberId?.isEmpty == false && named.error == .none)
  }

  @Test func topicsThatChangeRaiseTheEpoch() {
    let bench = bench(2)
    _ = bench.join("a", ["t", "later"])
    bench.wait(2_000)
    bench.topicsChanged()
    #expect(bench.group.state.epoch == 1)
    bench.topics.facts["t"]?.partitionCount = 3
    bench.topicsChanged()
    #expect(bench.group.state.epoch == 2)
    #expect(bench.beat("a", 1).partitions == [0, 1, 2])
    bench.wait(2_000)
    bench.topics.make("later", 1)
    bench.topicsChanged()
    #expect(bench.beat("a", 2).partitions == [0, 0, 1, 2])
    bench.wait(2_000)
    bench.topics.facts["t"] = nil
    bench.topicsChanged()
    #expect(bench.beat("a", 3).partitions == [0])
  }

  @Test func aTargetIsComputedOnceAnInterval() {
    let bench = bench(6)
    _ = bench.join("a")
    let second = bench.join("b")
    #expect(second.memberEpoch == 2 && second.partitions == [] && second.heartbeatIntervalMs == 500)
    #expect(bench.join("c").memberEpoch == 3)
    #expect(bench.group.phase == .assigning)
    bench.restart()
    #expect(bench.group.phase != .stable)
    bench.wait(1_000)
    #expect(Set(bench.group.state.target.values.map(\.count)) == [2])
    _ = bench.join("d")
    bench.wait(1_000)
    #expect(bench.group.state.target["d"]?.isEmpty == false)
    #expect(bench.group.describe(bench.settings, bench.context).members.count == 4)
  }

  @Test func patternsAreMatchedElsewhere() {
    let bench = bench(1)
    bench.topics.make("tea", 2)
    bench.topics.make("__consumer_offsets", 50)
    #expect(bench.join("a", nil, pattern: "t.*").partitions == [])
    #expect(bench.work == [PatternWork(group: "g", patterns: ["t.*"])])
    bench.matchPatterns()
    bench.wait(1_000)
    #expect(bench.beat("a", 1).partitions == [0, 0, 1])
    #expect(bench.group.isSubscribed(to: "tea") && !bench.group.isSubscribed(to: "__consumer_offsets"))
    #expect(bench.group.state.target["a"]?.count == 3)
    bench.topics.make("tax", 1)
    bench.topicsChanged()
    bench.matchPatterns()
    bench.wait(1_000)
    #expect(bench.group.state.patterns["t.*"]?.topics == ["t", "tax", "tea"])
    // The refresh comes by itself, and a pattern that nobody uses is forgotten.
    bench.settings.sessionTimeoutMs = 2_000_000
    let epoch = bench.group.state.current["a"]?.epoch ?? 0
    _ = bench.beat("a", epoch)
    bench.wait(600_000)
    #expect(bench.work.count == 1)
    _ = bench.beat("a", -1)
    bench.matchPatterns()
    #expect(bench.group.state.patterns.isEmpty && bench.group.phase == .empty)
  }

  /// Long before epochs run out everybody begins again.
  @Test func epochsDoNotRunOut() {
    let bench = bench()
    _ = bench.join("a")
    let value = ConsumerGroupMetadataValue(epoch: Int32.max - 1, metadataHash: 1)
    bench.log.append(
      CoordinatorRecord(type: 3, key: ConsumerGroupMetadataKey(groupId: "g"), value: value, version: 0))
    bench.restart()
    bench.wait(1_000)
    bench.topics.facts["t"]?.partitionCount = 5
    bench.topicsChanged()
    #expect(bench.group.state.epoch == .max)
    #expect(bench.beat("a", 1).error == .unknownMemberId)
    #expect(bench.group.isEmpty)
    let again = bench.join("a")
    #expect(again.memberEpoch == 1 && again.partitions == [0, 1, 2, 3, 4])
    #expect(ConsumerBench.replayed(bench.log) == bench.group)
  }

  @Test func commitsOfAnOlderEpochCountWhileThePartitionStayed() {
    let bench = bench()
    _ = bench.join("a")
    bench.wait(2_000)
    _ = bench.join("b")
    _ = bench.beat("a", 1)
    let held = bench.group.hasHeld(bench.id("t"), 3, member: "a", since: 1)
    #expect(held)
    #expect(bench.group.refusal(ofMember: "a", instance: nil, epoch: 1, hasPartition: held) == nil)
    #expect(bench.group.refusal(ofMember: "a", instance: nil, epoch: 1) == .staleMemberEpoch)
    #expect(bench.group.refusal(ofMember: "a", instance: nil, epoch: 3, hasPartition: true) == .staleMemberEpoch)
    #expect(bench.group.refusal(ofMember: "x", instance: nil, epoch: 1) == .unknownMemberId)
    _ = bench.beat("a", 2, owned: [0, 1])
    #expect(!bench.group.hasHeld(bench.id("t"), 3, member: "a", since: 2))
  }

  @Test func removalsOfWhatIsNotThereChangeNothing() {
    let bench = bench()
    _ = bench.join("a")
    let live = bench.group.snapshot()
    let other = ConsumerBench()
    other.topics = bench.topics
    _ = other.join("x", pattern: "p")
    other.matchPatterns()
    for record in other.group.removalRecords() where !live.contains(where: { $0.key == record.key }) {
      bench.group.replay(record)
    }
    #expect(bench.group.snapshot() == live)
    let cut = bench.group.replay(CoordinatorRecord(key: [0, 3], value: nil))
    let foreign = bench.group.replay(CoordinatorRecord(key: [0, 2, 0, 1, 103], value: [0]))
    #expect(!cut && !foreign)
    #expect(bench.group.snapshot() == live)
  }
}
