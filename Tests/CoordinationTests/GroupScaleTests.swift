import ByteCodec
import Coordination
import KafkaWire
import Testing
import Units

/// Nothing that a machine writes, answers or arms grows with the square of the members or the groups.
@Suite struct GroupScaleTests {
  private static let old = Caller(clientID: "c", host: "/h", version: 3)

  /// What calls made a machine do.
  private struct Work: CustomStringConvertible {
    var replies = 0
    var replyBytes = 0
    var records = 0
    var timers = 0

    mutating func add(_ effects: Effects) {
      replies += effects.replies.count
      records += effects.writes.reduce(0) { $0 + $1.records.count }
      timers += effects.timers.count
      for reply in effects.replies {
        var writer = ByteWriter()
        reply.message.encode(to: &writer, version: 3)
        replyBytes += writer.count
      }
    }

    var description: String { "\(replies) replies of \(replyBytes) bytes, \(records) records, \(timers) timers" }
  }

  /// The work of `count` members that join, sync, call and leave.
  private static func life(of count: Int) -> Work {
    var rig = GroupRig()
    var work = Work()
    let metadata = RandomGroups.subscription(["t"])
    var waiting: [Waiter] = []
    var answers: [Waiter: JoinGroupResponse] = [:]
    func learn(_ effects: Effects) {
      work.add(effects)
      for reply in effects.replies { answers[reply.waiter] = reply.message as? JoinGroupResponse }
    }
    for _ in 0..<count {
      let request = JoinGroupRequest(
        groupId: "g", sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, protocolType: "consumer",
        protocols: [.init(name: "range", metadata: metadata)])
      let waiter = rig.waiter()
      waiting.append(waiter)
      learn(rig.perform { $0.joinGroup(request, from: old, waiter: waiter, $1, into: &$2) })
    }
    while answers.count < count { learn(rig.fire(.join(group: "g"))) }
    let members = waiting.compactMap { answers[$0]?.memberId }
    #expect(Set(members).count == count)
    for member in members.reversed() {
      let request = SyncGroupRequest(
        groupId: "g", generationId: 1, memberId: member,
        assignments: member == members[0] ? members.map { .init(memberId: $0, assignment: [1]) } : [])
      let waiter = rig.waiter()
      work.add(rig.perform { $0.syncGroup(request, from: old, waiter: waiter, $1, into: &$2) })
    }
    #expect(rig.coordinator.facts(of: "g")?.state == "Stable")
    for member in members {
      let request = HeartbeatRequest(groupId: "g", generationId: 1, memberId: member)
      let waiter = rig.waiter()
      work.add(rig.perform { $0.heartbeat(request, from: old, waiter: waiter, $1, into: &$2) })
    }
    let leaving = LeaveGroupRequest(groupId: "g", members: members.map { .init(memberId: $0) })
    let caller = Caller(clientID: "c", host: "/h", version: 5)
    let waiter = rig.waiter()
    work.add(rig.perform { $0.leaveGroup(leaving, from: caller, waiter: waiter, $1, into: &$2) })
    #expect(rig.coordinator.facts(of: "g")?.state == "Empty")
    return work
  }

  /// Ten times the members make ten times the replies, bytes, records and timers, and not their square.
  @Test func aThousandMembersAreNoSquare() {
    let (hundred, thousand) = (Self.life(of: 100), Self.life(of: 1000))
    let seen: Comment = "100 members: \(hundred); 1,000 members: \(thousand)"
    #expect(hundred.replies > 300 && hundred.timers >= 100, seen)
    #expect(thousand.replies <= 12 * hundred.replies, seen)
    #expect(thousand.replyBytes <= 12 * hundred.replyBytes, seen)
    #expect(thousand.records <= 12 * hundred.records, seen)
    #expect(thousand.timers <= 12 * hundred.timers, seen)
  }

  @Test func aThousandGroupsCommitAndExpire() {
    var rig = GroupRig()
    for number in 0..<1000 {
      let request = OffsetCommitRequest(
        groupId: "g\(number)", topics: [.init(name: "t", partitions: [.init(partitionIndex: 0, committedOffset: 1)])])
      let waiter = rig.waiter()
      rig.perform { $0.commitOffsets(request, from: Self.old, waiter: waiter, $1, into: &$2) }
    }
    #expect(rig.coordinator.groupNames.count == 1000)
    #expect(rig.coordinator.census == ["classic": ["Empty": 1000]])
    rig.move(to: rig.now.advanced(byMs: 8 * 24 * 3_600_000))
    #expect(rig.fire(.expiry).writes.count == 1000)
    #expect(rig.coordinator.groupNames.isEmpty)
  }
}
