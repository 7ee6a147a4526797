import ByteCodec
import KafkaClient
import KafkaWire
import Measuring

/// A member of a classic group with Kafka's range assignment, which gives up everything before it joins again.
final class ClassicMember: GroupParty {
  private enum Step {
    case outside
    case commitForRound
    case commitToLeave
    case join
    case sync
    case offsets
    case read
    case settled
    case leave
    case left
  }

  private static let joinVersion: Int16 = 7
  private static let syncVersion: Int16 = 3
  private static let heartbeatVersion: Int16 = 3
  private static let leaveVersion: Int16 = 2

  let socket: LoadSocket
  private let handover: Handover
  private let plan: RebalanceMode
  private let standstill: Standstill
  private var step = Step.outside
  private var isWaiting = false
  private var wantsToLeave = false
  private var id = ""
  private var generation: Int32 = -1
  private var shares: [SyncGroupRequest.Assignment] = []
  private var assigned: Set<Int32> = []
  private var positions: [(partition: Int32, offset: Int64)] = []
  private var nextHeartbeat: Int64 = 0
  private(set) var owned: Set<Int32> = []

  init(_ plan: RebalanceMode, _ standstill: Standstill) throws(LoadFailure) {
    self.plan = plan
    self.standstill = standstill
    socket = try LoadSocket(to: plan.target.broker)
    handover = Handover(socket: socket, group: plan.group, topic: plan.target.topic)
  }

  var isSettled: Bool { step == .settled && !wantsToLeave }
  var deadline: Int64? { step == .settled && !isWaiting ? (wantsToLeave ? 0 : nextHeartbeat) : nil }

  func join() { step = .join }
  func leave() { wantsToLeave = true }

  func proceed() throws(LoadFailure) {
    guard !isWaiting, socket.isFree else { return }
    if step == .settled {
      if wantsToLeave { step = .commitToLeave } else if nanoseconds() < nextHeartbeat { return }
    }
    guard step != .outside, step != .left else { return }
    isWaiting = true
    switch step {
    case .outside, .left: return
    case .commitForRound, .commitToLeave: try handover.commit(owned, member: id, epoch: generation)
    case .join: try sendJoin()
    case .sync:
      let request = SyncGroupRequest(
        groupId: plan.group, generationId: generation, memberId: id, assignments: shares)
      try socket.send(request, version: Self.syncVersion)
    case .offsets: try handover.askOffsets(assigned)
    case .read: try handover.read(positions)
    case .settled:
      let request = HeartbeatRequest(groupId: plan.group, generationId: generation, memberId: id)
      try socket.send(request, version: Self.heartbeatVersion)
    case .leave:
      try socket.send(LeaveGroupRequest(groupId: plan.group, memberId: id), version: Self.leaveVersion)
    }
  }

  private func sendJoin() throws(LoadFailure) {
    let subscription = ConsumerSubscription(topics: [plan.target.topic]).encoded()
    let request = JoinGroupRequest(
      groupId: plan.group, sessionTimeoutMs: 45_000, rebalanceTimeoutMs: 60_000, memberId: id,
      protocolType: "consumer", protocols: [.init(name: "range", metadata: subscription)])
    try socket.send(request, version: Self.joinVersion)
  }

  func answered(_ frame: ByteSlice) throws(LoadFailure) {
    isWaiting = false
    switch step {
    case .outside, .left: throw LoadFailure(reason: "an answer to nothing")
    case .commitForRound, .commitToLeave:
      try handover.committed(frame)
      standstill.gaveUp(owned, at: nanoseconds())
      owned = []
      step = step == .commitToLeave ? .leave : .join
    case .join: try joined(frame)
    case .sync: try synced(frame)
    case .offsets:
      positions = try handover.offsets(frame)
      step = .read
    case .read:
      try handover.wasRead(frame)
      owned = assigned
      standstill.took(owned, at: nanoseconds())
      settle()
    case .settled: try heartbeatAnswered(frame)
    case .leave: step = .left
    }
  }

  private func settle() {
    step = .settled
    nextHeartbeat = nanoseconds() + plan.heartbeatMs * 1_000_000
  }

  private func joined(_ frame: ByteSlice) throws(LoadFailure) {
    let answer = try LoadSocket.answer(JoinGroupRequest.self, frame, version: Self.joinVersion)
    if !answer.memberId.isEmpty { id = answer.memberId }
    switch ErrorCode(rawValue: answer.errorCode) {
    case .none: break
    case .memberIdRequired, .rebalanceInProgress, .coordinatorLoadInProgress: return
    case let code: throw LoadFailure(reason: "a member may not join: \(code)")
    }
    generation = answer.generationId
    shares = answer.leader == id ? share(among: answer.members.map(\.memberId).sorted()) : []
    step = .sync
  }

  private func share(among members: [String]) -> [SyncGroupRequest.Assignment] {
    let ranges = GroupMember.ranges(of: plan.target.partitions, among: members.count)
    return zip(members, ranges).map { member, range in
      let partitions = TopicPartitions(topic: plan.target.topic, partitions: range.map { Int32($0) })
      return .init(memberId: member, assignment: ConsumerAssignment(partitions: [partitions]).encoded())
    }
  }

  private func synced(_ frame: ByteSlice) throws(LoadFailure) {
    let answer = try LoadSocket.answer(SyncGroupRequest.self, frame, version: Self.syncVersion)
    switch ErrorCode(rawValue: answer.errorCode) {
    case .none: break
    case .rebalanceInProgress:
      step = .join
      return
    case let code: throw LoadFailure(reason: "a member may not take its share: \(code)")
    }
    do {
      assigned = Set(try ConsumerAssignment(answer.assignment).partitions.flatMap(\.partitions))
    } catch {
      throw LoadFailure(reason: "an assignment that is none: \(error)")
    }
    if assigned.isEmpty { settle() } else { step = .offsets }
  }

  private func heartbeatAnswered(_ frame: ByteSlice) throws(LoadFailure) {
    let answer = try LoadSocket.answer(HeartbeatRequest.self, frame, version: Self.heartbeatVersion)
    switch ErrorCode(rawValue: answer.errorCode) {
    case .none: settle()
    case .rebalanceInProgress: step = owned.isEmpty ? .join : .commitForRound
    case let code: throw LoadFailure(reason: "a member is no longer one: \(code)")
    }
  }
}
