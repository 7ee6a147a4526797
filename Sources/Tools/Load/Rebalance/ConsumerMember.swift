import ByteCodec
import KafkaWire
import Measuring
import Units

/// A member of a group of the newer consumer protocol (KIP-848): it gives up only what the broker moves.
final class ConsumerMember: GroupParty {
  private enum Step {
    case outside
    case heartbeat
    case commit
    case offsets
    case read
    case commitToLeave
    case leave
    case left
  }

  private static let version: Int16 = 1
  private static let leaving: Int32 = -1

  let socket: LoadSocket
  private let handover: Handover
  private let plan: RebalanceMode
  private let standstill: Standstill
  private let id: String
  private let topicID: UniqueID
  private var step = Step.outside
  private var isWaiting = false
  private var wantsToLeave = false
  private var epoch: Int32 = 0
  private var assigned: Set<Int32> = []
  /// Whether the broker must be told what it reads now.
  private var hasChanged = true
  private var positions: [(partition: Int32, offset: Int64)] = []
  private var intervalNanoseconds: Int64 = 0
  private var nextHeartbeat: Int64 = 0
  private(set) var owned: Set<Int32> = []

  init(_ plan: RebalanceMode, _ standstill: Standstill, topicID: UniqueID, number: Int) throws(LoadFailure) {
    self.plan = plan
    self.standstill = standstill
    self.topicID = topicID
    id = "\(plan.group)-member-\(number)"
    socket = try LoadSocket(to: plan.target.broker)
    handover = Handover(socket: socket, group: plan.group, topic: plan.target.topic)
  }

  var isSettled: Bool { step == .heartbeat && epoch > 0 && owned == assigned && !hasChanged && !wantsToLeave }
  var deadline: Int64? {
    step == .heartbeat && !isWaiting ? (wantsToLeave || hasChanged ? 0 : nextHeartbeat) : nil
  }

  func join() { step = .heartbeat }
  func leave() { wantsToLeave = true }

  func proceed() throws(LoadFailure) {
    guard !isWaiting, socket.isFree else { return }
    if step == .heartbeat {
      if wantsToLeave {
        step = owned.isEmpty ? .leave : .commitToLeave
      } else if !hasChanged, nanoseconds() < nextHeartbeat {
        return
      }
    }
    guard step != .outside, step != .left else { return }
    isWaiting = true
    switch step {
    case .outside, .left: return
    case .heartbeat: try sendHeartbeat()
    case .commit: try handover.commit(owned.subtracting(assigned), member: id, epoch: epoch)
    case .commitToLeave: try handover.commit(owned, member: id, epoch: epoch)
    case .offsets: try handover.askOffsets(assigned.subtracting(owned))
    case .read: try handover.read(positions)
    case .leave:
      let request = ConsumerGroupHeartbeatRequest(groupId: plan.group, memberId: id, memberEpoch: Self.leaving)
      try socket.send(request, version: Self.version)
    }
  }

  private func sendHeartbeat() throws(LoadFailure) {
    let isJoining = epoch == 0
    var request = ConsumerGroupHeartbeatRequest(groupId: plan.group, memberId: id, memberEpoch: epoch)
    if isJoining {
      request.rebalanceTimeoutMs = 60_000
      request.subscribedTopicNames = [plan.target.topic]
    }
    if isJoining || hasChanged {
      request.topicPartitions = owned.isEmpty ? [] : [.init(topicId: topicID, partitions: owned.sorted())]
    }
    hasChanged = false
    try socket.send(request, version: Self.version)
  }

  func answered(_ frame: ByteSlice) throws(LoadFailure) {
    isWaiting = false
    switch step {
    case .outside, .left: throw LoadFailure(reason: "an answer to nothing")
    case .heartbeat: try heartbeatAnswered(frame)
    case .commit:
      try handover.committed(frame)
      giveUp(owned.subtracting(assigned))
      takeUp()
    case .commitToLeave:
      try handover.committed(frame)
      giveUp(owned)
      step = .leave
    case .offsets:
      positions = try handover.offsets(frame)
      step = .read
    case .read:
      try handover.wasRead(frame)
      standstill.took(assigned.subtracting(owned), at: nanoseconds())
      owned = assigned
      step = .heartbeat
    case .leave: step = .left
    }
  }

  private func giveUp(_ given: Set<Int32>) {
    standstill.gaveUp(given, at: nanoseconds())
    owned.subtract(given)
  }

  private func takeUp() { step = assigned == owned ? .heartbeat : .offsets }

  private func heartbeatAnswered(_ frame: ByteSlice) throws(LoadFailure) {
    let answer = try LoadSocket.answer(ConsumerGroupHeartbeatRequest.self, frame, version: Self.version)
    switch ErrorCode(rawValue: answer.errorCode) {
    case .none: break
    case .coordinatorLoadInProgress, .notCoordinator: return
    case let code: throw LoadFailure(reason: "a heartbeat was refused: \(code) \(answer.errorMessage ?? "")")
    }
    epoch = answer.memberEpoch
    intervalNanoseconds = Int64(max(answer.heartbeatIntervalMs, 1)) * 1_000_000
    nextHeartbeat = nanoseconds() + intervalNanoseconds
    guard let assignment = answer.assignment else { return }
    assigned = Set(assignment.topicPartitions.filter { $0.topicId == topicID }.flatMap(\.partitions))
    guard assigned != owned else { return }
    hasChanged = true
    if owned.isSubset(of: assigned) { takeUp() } else { step = .commit }
  }
}
