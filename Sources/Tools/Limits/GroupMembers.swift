import ByteCodec
import KafkaWire
import Measuring
import Units

/// Members of many groups, a connection each, in one thread: they join, tell that they live, and commit.
final class GroupMembers {
  enum Kind { case classic, consumer }

  struct Member {
    var connection: Int
    var group: Int
    var id = ""
    /// The generation, or the member's epoch.
    var epoch: Int32 = 0
    /// Partitions it was given.
    var share: [Int32]?
    /// What the server does not know yet that it has.
    var isShareUntold = false
    /// What it waits for the answer to.
    var asked: APIKey?
    var nextHeartbeat: Int64 = 0
  }

  private static let versions: [APIKey: Int16] = [
    .joinGroup: 7, .syncGroup: 3, .heartbeat: 3, .offsetCommit: 9, .consumerGroupHeartbeat: 1,
  ]

  private let crowd: Crowd
  private let kind: Kind
  private let topic: String
  private let topicID: UniqueID
  private let heartbeatNs: Int64
  private(set) var members: [Member] = []
  private var memberOf: [Int: Int] = [:]
  private(set) var heartbeats = 0
  private(set) var commits = 0
  private(set) var errors: [Int16: Int] = [:]
  /// Members that have exactly one partition.
  private(set) var settled = 0
  private(set) var lost = 0
  /// While set, each member commits again as soon as it may.
  var isCommitting = false
  private var moment: Int64 = 0

  init(
    _ address: String, _ kind: Kind, groups: Int, membersEach: Int, topic: String, topicID: UniqueID,
    heartbeatMs: Int
  ) throws {
    crowd = try Crowd(address)
    self.kind = kind
    self.topic = topic
    self.topicID = topicID
    heartbeatNs = Int64(heartbeatMs) * 1_000_000
    crowd.onFrame = { [unowned self] in answered($0, $1) }
    crowd.onClosed = { [unowned self] _ in lost += 1 }
    // Nobody takes the place of a member that another object has left behind: those have their session to die in.
    let life = UInt32.random(in: .min ... .max)
    for number in 0..<groups * membersEach {
      let connection = try crowd.connect()
      memberOf[connection] = members.count
      members.append(Member(connection: connection, group: number % groups))
      if kind == .consumer { members[number].id = "member-\(life)-\(number)" }
      join(number)
      if number % 128 == 127 { crowd.poll(ms: 0) }
    }
  }

  /// Lets the members work until `isDone`, at most `seconds`. Answers whether it was done.
  @discardableResult
  func run(seconds: Double, until isDone: () -> Bool = { false }) -> Bool {
    let deadline = nanoseconds() + Int64(seconds * 1e9)
    while !isDone() {
      moment = nanoseconds()
      guard moment < deadline else { return false }
      for number in members.indices where members[number].asked == nil && members[number].nextHeartbeat <= moment {
        heartbeat(number)
      }
      for _ in 0..<20 { crowd.poll(ms: 1) }
    }
    return true
  }

  var areAllSettled: Bool { settled == members.count }

  func close() { crowd.closeAll() }

  // MARK: Requests

  private func ask(_ number: Int, _ api: APIKey, _ request: some WireMessage) {
    members[number].asked = api
    crowd.send(
      RequestFrame.bytes(api, request, version: Self.versions[api] ?? 0), on: members[number].connection)
  }

  private func name(_ number: Int) -> String { "group-\(members[number].group)" }

  private func join(_ number: Int) {
    setShare(number, nil)
    guard kind == .classic else { return heartbeat(number) }
    let wish = ConsumerSubscription(topics: [topic]).encoded()
    ask(
      number, .joinGroup,
      JoinGroupRequest(
        groupId: name(number), sessionTimeoutMs: 45_000, rebalanceTimeoutMs: 60_000, memberId: members[number].id,
        protocolType: "consumer", protocols: [.init(name: "range", metadata: wish)]))
  }

  private func heartbeat(_ number: Int) {
    let member = members[number]
    members[number].nextHeartbeat = moment + heartbeatNs
    switch kind {
    case .classic:
      ask(
        number, .heartbeat,
        HeartbeatRequest(groupId: name(number), generationId: member.epoch, memberId: member.id))
    case .consumer:
      let isNew = member.epoch == 0
      let owned = member.share.map { [ConsumerGroupHeartbeatRequest.TopicPartition(topicId: topicID, partitions: $0)] }
      members[number].isShareUntold = false
      ask(
        number, .consumerGroupHeartbeat,
        ConsumerGroupHeartbeatRequest(
          groupId: name(number), memberId: member.id, memberEpoch: member.epoch,
          rebalanceTimeoutMs: isNew ? 60_000 : -1, subscribedTopicNames: isNew ? [topic] : nil,
          topicPartitions: isNew ? [] : member.isShareUntold ? owned : nil))
    }
  }

  private func commit(_ number: Int) {
    let member = members[number]
    let partition = OffsetCommitRequest.Topic.Partition(
      partitionIndex: member.share?.first ?? 0, committedOffset: Int64(commits), committedMetadata: "")
    ask(
      number, .offsetCommit,
      OffsetCommitRequest(
        groupId: name(number), generationIdOrMemberEpoch: member.epoch, memberId: member.id,
        topics: [.init(name: topic, partitions: [partition])]))
  }

  private func setShare(_ number: Int, _ share: [Int32]?) {
    if members[number].share?.count == 1 { settled -= 1 }
    members[number].share = share
    if share?.count == 1 { settled += 1 }
  }

  // MARK: Answers

  private func answered(_ connection: Int, _ frame: ByteSlice) {
    guard let number = memberOf[connection], let api = members[number].asked else { return }
    members[number].asked = nil
    do throws(WireError) {
      try take(api, frame, number)
    } catch {
      errors[-1, default: 0] += 1
    }
    if isCommitting, members[number].asked == nil, members[number].share != nil { commit(number) }
  }

  private func take(_ api: APIKey, _ frame: ByteSlice, _ number: Int) throws(WireError) {
    switch api {
    case .joinGroup: try joined(answer(JoinGroupResponse.self, api, frame), number)
    case .syncGroup:
      let answer = try answer(SyncGroupResponse.self, api, frame)
      guard answer.errorCode == 0 else { return failed(answer.errorCode, number) }
      setShare(number, try ConsumerAssignment(answer.assignment).partitions.flatMap(\.partitions))
      members[number].nextHeartbeat = nanoseconds() + heartbeatNs
    case .heartbeat:
      heartbeats += 1
      let code = try answer(HeartbeatResponse.self, api, frame).errorCode
      if code != 0 { failed(code, number) }
    case .consumerGroupHeartbeat: try told(answer(ConsumerGroupHeartbeatResponse.self, api, frame), number)
    default:
      let code = try answer(OffsetCommitResponse.self, api, frame).topics.first?.partitions.first?.errorCode ?? -1
      if code == 0 { commits += 1 } else { failed(code, number) }
    }
  }

  private func answer<Response: WireMessage>(
    _ response: Response.Type, _ api: APIKey, _ frame: ByteSlice
  ) throws(WireError) -> Response {
    try RequestFrame.answer(response, api, version: Self.versions[api] ?? 0, in: frame).message
  }

  /// In a classic group the leader gives a partition to each.
  private func joined(_ answer: JoinGroupResponse, _ number: Int) {
    if !answer.memberId.isEmpty { members[number].id = answer.memberId }
    guard answer.errorCode == 0 else { return failed(answer.errorCode, number) }
    members[number].epoch = answer.generationId
    let shares = answer.members.sorted { $0.memberId < $1.memberId }.enumerated().map { place, member in
      let share = TopicPartitions(topic: topic, partitions: [Int32(place)])
      return SyncGroupRequest.Assignment(
        memberId: member.memberId, assignment: ConsumerAssignment(partitions: [share]).encoded())
    }
    ask(
      number, .syncGroup,
      SyncGroupRequest(
        groupId: name(number), generationId: answer.generationId, memberId: members[number].id,
        assignments: answer.leader == answer.memberId ? shares : []))
  }

  /// In a consumer group the server does, step by step; a member says at once that it has done its step.
  private func told(_ answer: ConsumerGroupHeartbeatResponse, _ number: Int) {
    heartbeats += 1
    guard answer.errorCode == 0 else { return failed(answer.errorCode, number) }
    members[number].epoch = answer.memberEpoch
    guard let assignment = answer.assignment else { return }
    setShare(number, assignment.topicPartitions.flatMap(\.partitions))
    members[number].isShareUntold = true
    members[number].nextHeartbeat = 0
  }

  private func failed(_ code: Int16, _ number: Int) {
    switch ErrorCode(rawValue: code) {
    case .memberIdRequired, .rebalanceInProgress: break
    case .unknownMemberId, .fencedMemberEpoch:
      if kind == .classic { members[number].id = "" } else { members[number].epoch = 0 }
      errors[code, default: 0] += 1
    case .illegalGeneration: break
    default: errors[code, default: 0] += 1
    }
    if kind == .classic || members[number].epoch == 0 { join(number) }
  }
}
