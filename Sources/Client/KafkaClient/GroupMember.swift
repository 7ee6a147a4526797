import KafkaWire
import Machine
import Units

/// A member of a classic group: joins, gets partitions, tells that it lives, commits. Used by one thread, over a client of
/// its own: a coordinator's answer may take as long as the slowest member.
package final class GroupMember {
  /// A member that is silent for so long is taken for dead.
  package static let sessionMs: Int32 = 45_000
  /// A member that does not join again for so long is left out.
  private static let rebalanceMs: Int32 = 60_000
  /// Between two signs of life.
  private static let heartbeatMs: Int64 = 3_000
  private static let protocolType = "consumer"
  private static let protocolName = "range"
  /// JoinGroup without a reason's text, SyncGroup without the protocol's name.
  private static let newestVersion: (join: Int16, sync: Int16, heartbeat: Int16, leave: Int16) = (7, 3, 3, 2)

  package let group: String
  package let topic: String
  private let client: KafkaClient
  private var membership = GroupMembership(id: "", generation: -1)
  private var nextHeartbeat = Instant(nanoseconds: .min)

  /// A member that has not joined yet.
  package init(bootstrap: [BrokerAddress], options: ClientOptions, group: String, topic: String) {
    var options = options
    options.requestTimeoutMs += Int64(Self.rebalanceMs)
    client = KafkaClient(bootstrap: bootstrap, options: options)
    self.group = group
    self.topic = topic
  }

  /// Joins the group, or joins again, and returns the partitions of the topic that it may read now.
  package func join() throws(ClientError) -> [Int32] {
    while true {
      let request = JoinGroupRequest(
        groupId: group, sessionTimeoutMs: Self.sessionMs, rebalanceTimeoutMs: Self.rebalanceMs,
        memberId: membership.id, protocolType: Self.protocolType,
        protocols: [.init(name: Self.protocolName, metadata: ConsumerSubscription(topics: [topic]).encoded())])
      let answer = try client.askCoordinator(of: group, .group, request, atMost: Self.newestVersion.join) {
        $0.errorCode
      }
      membership.id = answer.memberId.isEmpty ? membership.id : answer.memberId
      switch ErrorCode(rawValue: answer.errorCode) {
      case .none: membership.generation = answer.generationId
      case .memberIdRequired, .rebalanceInProgress: continue
      case .unknownMemberId, .fencedInstanceId:
        membership.id = ""
        continue
      case let code: throw ClientError(code, "joining group \(group)")
      }
      let shares = answer.leader == membership.id ? try share(among: answer.members) : []
      if let assigned = try sync(shares) { return assigned }
    }
  }

  /// Hands in the assignments, if it leads, and takes its own; nil where the group begins anew.
  private func sync(_ shares: [SyncGroupRequest.Assignment]) throws(ClientError) -> [Int32]? {
    let request = SyncGroupRequest(
      groupId: group, generationId: membership.generation, memberId: membership.id, assignments: shares)
    let answer = try client.askCoordinator(of: group, .group, request, atMost: Self.newestVersion.sync) {
      $0.errorCode
    }
    switch ErrorCode(rawValue: answer.errorCode) {
    case .none: break
    case .rebalanceInProgress, .illegalGeneration: return nil
    case .unknownMemberId, .fencedInstanceId:
      membership.id = ""
      return nil
    case let code: throw ClientError(code, "joining group \(group)")
    }
    heartbeatDone()
    do {
      let assignment = try ConsumerAssignment(answer.assignment)
      return assignment.partitions.filter { $0.topic == topic }.flatMap(\.partitions).sorted()
    } catch {
      throw ClientError(.malformedAnswer, "the leader of group \(group) gave out an assignment that is none: \(error)")
    }
  }

  /// The range assignment that Kafka's clients use too: of each topic, neighbouring partitions to members in order.
  private func share(among members: [JoinGroupResponse.Member]) throws(ClientError) -> [SyncGroupRequest.Assignment] {
    var wanted: [String: [String]] = [:]
    for member in members {
      let subscription: ConsumerSubscription
      do { subscription = try ConsumerSubscription(member.metadata) } catch { continue }
      for topic in Set(subscription.topics) { wanted[topic, default: []].append(member.memberId) }
    }
    try client.refreshMetadata(wanted.keys.sorted())
    var shares: [String: [TopicPartitions]] = [:]
    for (topic, ids) in wanted.sorted(by: { $0.key < $1.key }) {
      let partitions = client.cluster.topics[topic]?.partitions.map(\.index) ?? []
      for (place, range) in Self.ranges(of: partitions.count, among: ids.count).enumerated() where !range.isEmpty {
        let share = TopicPartitions(topic: topic, partitions: Array(partitions[range]))
        shares[ids.sorted()[place], default: []].append(share)
      }
    }
    return members.map { member in
      let assignment = ConsumerAssignment(partitions: shares[member.memberId] ?? [])
      return .init(memberId: member.memberId, assignment: assignment.encoded())
    }
  }

  /// `count` things cut into neighbouring ranges, whose sizes differ by one at most, the larger ones first.
  package static func ranges(of count: Int, among parts: Int) -> [Range<Int>] {
    guard parts > 0 else { return [] }
    let (size, larger) = count.quotientAndRemainder(dividingBy: parts)
    var start = 0
    return (0..<parts).map { part in
      let end = start + size + (part < larger ? 1 : 0)
      defer { start = end }
      return start..<end
    }
  }

  /// Tells that it lives, when that is due. False where it must join again.
  package func isStillIn() throws(ClientError) -> Bool {
    guard client.options.clock.now() >= nextHeartbeat else { return true }
    let request = HeartbeatRequest(groupId: group, generationId: membership.generation, memberId: membership.id)
    let answer = try client.askCoordinator(of: group, .group, request, atMost: Self.newestVersion.heartbeat) {
      $0.errorCode
    }
    heartbeatDone()
    return try isAccepted(ErrorCode(rawValue: answer.errorCode), "group \(group)")
  }

  /// Commits where it will read on. False where it must join again: others have its partitions by now.
  package func commit(_ positions: [Int32: Int64]) throws(ClientError) -> Bool {
    guard !positions.isEmpty else { return true }
    let offsets = positions.map { (TopicPartition(topic, $0.key), CommittedOffset(offset: $0.value)) }
    do throws(ClientError) {
      try client.commit(Dictionary(offsets) { $1 }, of: group, member: membership)
      return true
    } catch {
      guard let code = error.code else { throw error }
      return try isAccepted(code, "group \(group)")
    }
  }

  private func isAccepted(_ code: ErrorCode, _ subject: String) throws(ClientError) -> Bool {
    switch code {
    case .none: return true
    case .rebalanceInProgress, .illegalGeneration: return false
    case .unknownMemberId, .fencedInstanceId:
      membership.id = ""
      return false
    default: throw ClientError(code, subject)
    }
  }

  /// Where the group has come to in partitions of the topic.
  package func committed() throws(ClientError) -> [Int32: Int64] {
    let all = try client.committedOffsets(of: group).filter { $0.key.topic == topic }
    return Dictionary(all.map { ($0.key.partition, $0.value.offset) }) { $1 }
  }

  /// Leaves, so that others need not wait for the session's end.
  package func leave() throws(ClientError) {
    guard !membership.id.isEmpty else { return }
    let request = LeaveGroupRequest(groupId: group, memberId: membership.id)
    _ = try client.askCoordinator(of: group, .group, request, atMost: Self.newestVersion.leave) { $0.errorCode }
    membership.id = ""
  }

  private func heartbeatDone() { nextHeartbeat = client.options.clock.now().advanced(byMs: Self.heartbeatMs) }
}
