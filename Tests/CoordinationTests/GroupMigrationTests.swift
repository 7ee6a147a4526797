import Coordination
import KafkaWire
import Testing
import Units

/// One application moves from the classic protocol to the new one and back, member by member, without a stop.
@Suite struct GroupMigrationTests {
  private struct Run {
    var rig = GroupRig()
    var classic = ""
    var generation: Int32 = -1

    mutating func join() -> JoinGroupResponse? {
      let request = JoinGroupRequest(
        groupId: "g", sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, memberId: classic,
        protocolType: "consumer", protocols: [.init(name: "range", metadata: RandomGroups.subscription(["t"]))])
      let waiter = rig.waiter()
      let old = Caller(clientID: "c", host: "/h", version: 3)
      var effects = rig.perform { $0.joinGroup(request, from: old, waiter: waiter, $1, into: &$2) }
      if effects.replies.isEmpty { effects = rig.fire(.join(group: "g")) }
      let reply = effects.replies.first { $0.waiter == waiter }?.message as? JoinGroupResponse
      if let reply, reply.errorCode == 0 { (classic, generation) = (reply.memberId, reply.generationId) }
      return reply
    }

    mutating func sync(_ given: [UInt8] = []) -> SyncGroupResponse? {
      let request = SyncGroupRequest(
        groupId: "g", generationId: generation, memberId: classic, protocolType: "consumer", protocolName: "range",
        assignments: [.init(memberId: classic, assignment: given)])
      let waiter = rig.waiter()
      let caller = Caller(clientID: "c", host: "/h", version: 5)
      let effects = rig.perform { $0.syncGroup(request, from: caller, waiter: waiter, $1, into: &$2) }
      return effects.replies.first?.message as? SyncGroupResponse
    }

    mutating func heartbeat() -> Int16? {
      let request = HeartbeatRequest(groupId: "g", generationId: generation, memberId: classic)
      let waiter = rig.waiter()
      let caller = Caller(clientID: "c", host: "/h", version: 4)
      let effects = rig.perform { $0.heartbeat(request, from: caller, waiter: waiter, $1, into: &$2) }
      return (effects.replies.first?.message as? HeartbeatResponse)?.errorCode
    }

    mutating func consume(epoch: Int32) -> ConsumerGroupHeartbeatResponse? {
      let request = ConsumerGroupHeartbeatRequest(
        groupId: "g", memberId: "new", memberEpoch: epoch, rebalanceTimeoutMs: epoch == 0 ? 10_000 : -1,
        subscribedTopicNames: epoch == 0 ? ["t"] : nil, topicPartitions: [])
      let waiter = rig.waiter()
      let caller = Caller(clientID: "n", host: "/h", version: 1)
      let effects = rig.perform { $0.consumerGroupHeartbeat(request, from: caller, waiter: waiter, $1, into: &$2) }
      return effects.replies.first { $0.waiter == waiter }?.message as? ConsumerGroupHeartbeatResponse
    }

    mutating func commit(version: Int16, _ member: String, _ epoch: Int32) -> Int16? {
      let request = OffsetCommitRequest(
        groupId: "g", generationIdOrMemberEpoch: epoch, memberId: member,
        topics: [.init(name: "t", partitions: [.init(partitionIndex: 0, committedOffset: 9)])])
      let waiter = rig.waiter()
      let caller = Caller(clientID: "n", host: "/h", version: version)
      let effects = rig.perform { $0.commitOffsets(request, from: caller, waiter: waiter, $1, into: &$2) }
      let reply = effects.replies.first?.message as? OffsetCommitResponse
      return reply?.topics.first?.partitions.first?.errorCode
    }
  }

  @Test func aGroupGoesToTheNewProtocolAndBack() throws {
    var run = Run()
    #expect(run.join()?.errorCode == 0)
    // Version 0, topic t, partitions 0 to 3, no user data.
    let all: [UInt8] = [
      0, 0, 0, 0, 0, 1, 0, 1, UInt8(ascii: "t"), 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xff, 0xff,
      0xff, 0xff,
    ]
    #expect(run.sync(all)?.assignment == all)
    #expect(run.commit(version: 9, run.classic, run.generation) == 0)

    let answer = run.consume(epoch: 0)
    let joined = try #require(answer)
    #expect(joined.errorCode == 0)
    #expect(run.rig.coordinator.facts(of: "g")?.type == "consumer")
    #expect(run.rig.coordinator.facts(of: "g")?.members.count == 2)
    #expect(run.rig.coordinator.facts(of: "g")?.lastCause?.member == "new")
    #expect(run.rig.coordinator.offsets(of: "g").map(\.offset.offset) == [9])
    #expect(run.heartbeat() == ErrorCode.rebalanceInProgress.rawValue)

    // Members of the new protocol commit with version 9 or later, in their epoch.
    #expect(run.commit(version: 8, "new", joined.memberEpoch) == ErrorCode.unsupportedVersion.rawValue)
    #expect(run.commit(version: 9, "new", joined.memberEpoch) == 0)
    #expect(run.commit(version: 9, "new", joined.memberEpoch + 1) == ErrorCode.staleMemberEpoch.rawValue)
    #expect(run.commit(version: 9, "stranger", 1) == ErrorCode.unknownMemberId.rawValue)

    // A restart changes nothing of it.
    let before = run.rig.coordinator.encoded
    run.rig.restart()
    #expect(run.rig.coordinator.encoded == before)

    #expect(run.consume(epoch: -1)?.errorCode == 0)
    let facts = run.rig.coordinator.facts(of: "g")
    #expect(facts?.type == "classic")
    #expect(facts?.members.map(\.id) == [run.classic])
    #expect(facts?.lastCause?.trigger == .protocolChanged)
    #expect(run.join()?.errorCode == 0)
    #expect(run.sync(all)?.errorCode == 0)
    #expect(run.heartbeat() == 0)
    #expect(run.rig.coordinator.offsets(of: "g").map(\.offset.offset) == [9])
    #expect(run.rig.answeredTwice.isEmpty)
  }

  @Test func aGroupThatMayNotBeConvertedStaysWhatItIs() {
    var run = Run()
    run.rig.coordinator.settings.allowsUpgrade = false
    #expect(run.join()?.errorCode == 0)
    #expect(run.consume(epoch: 0)?.errorCode == ErrorCode.groupIdNotFound.rawValue)
    #expect(run.rig.coordinator.facts(of: "g")?.type == "classic")
    #expect(run.consume(epoch: 5)?.errorCode == ErrorCode.groupIdNotFound.rawValue)
  }
}
