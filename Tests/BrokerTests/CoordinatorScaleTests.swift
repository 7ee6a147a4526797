import Broker
import ByteCodec
import Coordination
import KafkaWire
import LogStore
import SimMachine
import Testing
import Units

/// What takes time in proportion to all groups, or to all topics, is done on lanes.
@Suite(.serialized) struct CoordinatorScaleTests {
  private static let groups = (0..<1_000).map { "group-\($0)" }

  /// 1,000 stable groups of ten members, with 100 offsets each.
  private func largeNode() throws -> CoordinatorRig {
    let rig = try CoordinatorRig()
    _ = try rig.makeTopic("t", partitions: 100)
    for group in Self.groups {
      for _ in 0..<10 { _ = rig.join(group, sessionMs: 300_000) }
    }
    while let first = Self.groups.first, rig.engine.groups.facts(of: first)?.state == "PreparingRebalance" {
      rig.clock.advance(byMs: 1_000)
      rig.engine.timePassed()
    }
    let assignment = [UInt8](repeating: 1, count: 100)
    for group in Self.groups {
      let members = rig.engine.groups.facts(of: group)?.members.map(\.id) ?? []
      for member in members {
        let request = SyncGroupRequest(
          groupId: group, generationId: 1, memberId: member,
          assignments: members.map { .init(memberId: $0, assignment: assignment) })
        _ = rig.ask(3, of: [group]) { machine, caller, waiter, context, effects in
          machine.syncGroup(request, from: caller, waiter: waiter, context, into: &effects)
        }
      }
      let request = OffsetCommitRequest(
        groupId: group, generationIdOrMemberEpoch: 1, memberId: try #require(members.first),
        topics: [
          .init(name: "t", partitions: (0..<100).map { .init(partitionIndex: $0, committedOffset: 5) })
        ])
      _ = rig.ask(8, of: [group]) { machine, caller, waiter, context, effects in
        machine.commitOffsets(request, from: caller, waiter: waiter, context, into: &effects)
      }
    }
    rig.settle()
    return rig
  }

  @Test func aCheckpointOfManyGroupsIsWhole() throws {
    let rig = try largeNode()
    let facts = try #require(rig.engine.groups.facts(of: "group-999"))
    #expect(facts.state == "Stable" && facts.members.count == 10)
    let clock = ContinuousClock()
    // What the engine's thread does of a checkpoint, and the first change behind it, which may copy what they share.
    let times = (0..<5).map { round in
      let time = clock.measure {
        rig.engine.store.beginCheckpoint()
        rig.commit(Int64(10 + round), group: "simple")
      }
      rig.settle()
      return time
    }
    let encoding = clock.measure {
      #expect(rig.engine.coordinatorImage().attachment.encoded().content.count > 5_000_000)
    }
    let best = try #require(times.min())
    print("checkpoint of 1,000 groups: \(best) on the engine's thread, \(encoding) of encoding on the lane")
    let again = try rig.afterCrash()
    #expect(again.engine.coordinatorLoading.fullReplayReason == nil)
    #expect(again.engine.groups.encoded == rig.engine.groups.encoded)
  }

  /// A checkpoint holds what was when it was taken, not what is when it is written.
  @Test func whatChangesBehindACheckpointIsNotInIt() throws {
    let rig = try CoordinatorRig()
    _ = try rig.makeTopic("t")
    for group in ["a", "b"] { rig.commit(1, group: group) }
    rig.settle()
    rig.engine.store.beginCheckpoint()
    for group in ["b", "c"] { rig.commit(2, group: group) }
    rig.settle()
    let again = try rig.afterCrash()
    #expect(again.engine.coordinatorLoading.snapshotRecords == 2)
    #expect(again.engine.coordinatorLoading.logRecords == 2)
    #expect(try ["a", "b", "c"].map { try again.fetched($0).offset } == [1, 2, 2])
    #expect(again.engine.groups.encoded == rig.engine.groups.encoded)
  }

  @Test func patternsAreMatchedOnALane() throws {
    let rig = try CoordinatorRig()
    for index in 0..<1_000 { _ = try rig.engine.createTopic("orders-\(index)", partitions: 1, overrides: [:]).get() }
    rig.settle()
    let patterns = (0..<20).map { "orders-\($0)[0-9]*|x{1,900}" }
    for (index, pattern) in patterns.enumerated() {
      let request = ConsumerGroupHeartbeatRequest(
        groupId: "g", memberId: "member-\(index)", memberEpoch: 0, rebalanceTimeoutMs: 60_000,
        subscribedTopicRegex: pattern, topicPartitions: [])
      let answer = rig.ask(1, of: ["g"]) { machine, caller, waiter, context, effects in
        machine.consumerGroupHeartbeat(request, from: caller, waiter: waiter, context, into: &effects)
      }
      #expect((answer?.message as? ConsumerGroupHeartbeatResponse)?.errorCode == 0)
    }
    #expect(try #require(rig.engine.groups.facts(of: "g")).subscribedTopics == [])
    rig.settle()
    #expect(try #require(rig.engine.groups.facts(of: "g")).subscribedTopics?.count == 1_000)
    // A topic that comes to be is matched without being asked for.
    _ = try rig.makeTopic("orders-1000")
    #expect(try #require(rig.engine.groups.facts(of: "g")).subscribedTopics?.count == 1_001)
    #expect(try rig.afterCrash().engine.groups.facts(of: "g")?.subscribedTopics?.count == 1_001)
  }
}
