import ByteCodec
import KafkaWire

/// What a consumer does with the partitions of its topic before it gives them up and after it gets them: it commits where
/// it is; it asks where the group has come to, and reads.
struct Handover {
  private static let commitVersion: Int16 = 9
  private static let offsetVersion: Int16 = 8

  let socket: LoadSocket
  let group: String
  let topic: String

  func commit(_ partitions: Set<Int32>, member: String, epoch: Int32) throws(LoadFailure) {
    let entries = partitions.sorted().map {
      OffsetCommitRequest.Topic.Partition(partitionIndex: $0, committedOffset: 0, committedMetadata: "")
    }
    let request = OffsetCommitRequest(
      groupId: group, generationIdOrMemberEpoch: epoch, memberId: member,
      topics: [OffsetCommitRequest.Topic(name: topic, partitions: entries)])
    try socket.send(request, version: Self.commitVersion)
  }

  /// A commit may come too late, while the group begins anew; anything else is a failure.
  func committed(_ frame: ByteSlice) throws(LoadFailure) {
    let answer = try LoadSocket.answer(OffsetCommitRequest.self, frame, version: Self.commitVersion)
    for partition in answer.topics.flatMap(\.partitions) {
      let code = ErrorCode(rawValue: partition.errorCode)
      guard [.none, .rebalanceInProgress, .staleMemberEpoch].contains(code) else {
        throw LoadFailure(reason: "a commit was refused: \(code)")
      }
    }
  }

  func askOffsets(_ partitions: Set<Int32>) throws(LoadFailure) {
    let asked = OffsetFetchRequest.Group.Topic(name: topic, partitionIndexes: partitions.sorted())
    let request = OffsetFetchRequest(
      groups: [OffsetFetchRequest.Group(groupId: group, topics: [asked])], requireStable: true)
    try socket.send(request, version: Self.offsetVersion)
  }

  func offsets(_ frame: ByteSlice) throws(LoadFailure) -> [(partition: Int32, offset: Int64)] {
    let answer = try LoadSocket.answer(OffsetFetchRequest.self, frame, version: Self.offsetVersion)
    let entries = answer.groups.flatMap(\.topics).flatMap(\.partitions)
    let refused = entries.first { $0.errorCode != 0 }?.errorCode ?? answer.groups.first?.errorCode ?? 0
    guard refused == 0 else { throw LoadFailure(reason: "offsets were refused: \(ErrorCode(rawValue: refused))") }
    return entries.map { ($0.partitionIndex, max($0.committedOffset, 0)) }
  }

  func read(_ positions: [(partition: Int32, offset: Int64)]) throws(LoadFailure) {
    let request = FetchAnswer.request(
      topic, positions, maxWaitMs: 0, fetchBytes: 1 << 20, partitionBytes: 1 << 16)
    try socket.send(request, version: FetchAnswer.version)
  }

  func wasRead(_ frame: ByteSlice) throws(LoadFailure) {
    try FetchAnswer.read(frame) { _, _, _ throws(LoadFailure) in }
  }
}

/// A member of the group under test.
protocol GroupParty: LoadParty {
  /// The partitions it reads.
  var owned: Set<Int32> { get }
  /// Whether it is in the group and has nothing to do but to live.
  var isSettled: Bool { get }
  /// From now on it joins.
  func join()
  /// From now on it leaves.
  func leave()
}
