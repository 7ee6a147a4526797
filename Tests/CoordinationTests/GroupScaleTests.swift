import Coordination
import KafkaWire
import Testing
import Units

/// Sizes that must not make a machine slow: nothing grows with the square of the members or the groups.
@Suite struct GroupScaleTests {
  private static let old = Caller(clientID: "c", host: "/h", version: 3)

  /// The work of `rounds` members that join, sync, call and leave.
  private static func life(of count: Int) -> Duration {
    var rig = GroupRig()
    let metadata = RandomGroups.subscription(["t"])
    var waiting: [Waiter] = []
    var answers: [Waiter: JoinGroupResponse] = [:]
    func learn(_ effects: Effects) {
      for reply in effects.replies { answers[reply.waiter] = reply.message as? JoinGroupResponse }
    }
    return ContinuousClock().measure {
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
        rig.perform { $0.syncGroup(request, from: old, waiter: waiter, $1, into: &$2) }
      }
      #expect(rig.coordinator.facts(of: "g")?.state == "Stable")
      for member in members {
        let request = HeartbeatRequest(groupId: "g", generationId: 1, memberId: member)
        let waiter = rig.waiter()
        rig.perform { $0.heartbeat(request, from: old, waiter: waiter, $1, into: &$2) }
      }
      let leaving = LeaveGroupRequest(groupId: "g", members: members.map { .init(memberId: $0) })
      let caller = Caller(clientID: "c", host: "/h", version: 5)
      let waiter = rig.waiter()
      rig.perform { $0.leaveGroup(leaving, from: caller, waiter: waiter, $1, into: &$2) }
      #expect(rig.coordinator.facts(of: "g")?.state == "Empty")
    }
  }

  /// Ten times the members take at most forty times the work: a square would be a hundred.
  @Test func aThousandMembersAreNoSquare() {
    _ = Self.life(of: 100)
    let hundred = (0..<3).map { _ in Self.life(of: 100) }.min() ?? .zero
    let thousand = Self.life(of: 1000)
    #expect(thousand < hundred * 40, "100 members \(hundred), 1,000 members \(thousand)")
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
