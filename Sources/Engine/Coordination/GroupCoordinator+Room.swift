import KafkaWire

// How much clients may make the groups keep. What is refused for want of room can be asked for again: it comes back when
// members leave, offsets expire and groups are deleted. Replay refuses nothing.
extension GroupCoordinator {
  /// About how many bytes of memory the groups take.
  package var heldBytes: Int { groups.bytes }

  /// What `heldBytes` must be, counted anew.
  package var recountedBytes: Int { groups.recountedBytes }

  /// Whether one more group may be made.
  var hasRoom: Bool { groups.count < GroupLimits.groups }

  /// Whether `more` bytes may be added. Newcomers leave a fifth of the limit to members and offsets that are known: a group
  /// that exists goes on when others have used up the rest.
  func admits(_ more: Int, ofKnown isKnown: Bool) -> Bool {
    more <= 0 || more <= limitBytes - (isKnown ? 0 : limitBytes / 5) - heldBytes
  }

  /// Whether what a Join brings may be kept: all of a newcomer, of a known member what is more than before.
  func admits(_ request: JoinGroupRequest, from caller: Caller) -> Bool {
    let known: Int?
    switch groups[request.groupId]?.membership {
    case .classic(let group)?:
      known = group.members[request.memberId.isEmpty ? group.holder(request.groupInstanceId) : request.memberId]?.bytes
    case .consumer(let group)?: known = group.member(request.memberId, request.groupInstanceId)?.bytes
    case nil: known = nil
    }
    let texts =
      2 * request.memberId.utf8.count + (request.groupInstanceId?.utf8.count ?? 0) + 2 * caller.clientID.utf8.count
    let offers = request.protocols.reduce(0) { $0 + GroupBytes.offer + $1.name.utf8.count + $1.metadata.count }
    let group = groups[request.groupId] == nil ? GroupBytes.group + GroupTable.nameBytes(request.groupId) : 0
    return admits(group + GroupBytes.member + texts + offers - (known ?? 0), ofKnown: known != nil)
  }

  /// Whether the assignment that a leader brings may be kept.
  func admits(_ request: SyncGroupRequest) -> Bool {
    let before = groups[request.groupId]?.classic?.record?.count ?? 0
    return admits(request.assignments.reduce(0) { $0 + $1.assignment.count } - before, ofKnown: true)
  }

  /// Whether what a heartbeat says may be kept.
  func admits(_ request: ConsumerGroupHeartbeatRequest, from caller: Caller) -> Bool {
    let saysNothing = request.subscribedTopicNames == nil && request.subscribedTopicRegex == nil
    if saysNothing, request.memberEpoch != 0 { return true }
    let subscription =
      GroupBytes.names(request.subscribedTopicNames ?? []) + (request.subscribedTopicRegex?.utf8.count ?? 0)
    if let known = groups[request.groupId]?.consumer?.member(request.memberId, request.instanceId) {
      return admits(subscription - known.subscriptionBytes, ofKnown: true)
    }
    guard request.memberEpoch == 0 else { return true }
    let texts =
      2 * request.memberId.utf8.count + (request.instanceId?.utf8.count ?? 0) + (request.rackId?.utf8.count ?? 0)
      + caller.clientID.utf8.count
    let group = groups[request.groupId] == nil ? GroupBytes.group + GroupTable.nameBytes(request.groupId) : 0
    return admits(group + GroupBytes.member + texts + subscription, ofKnown: false)
  }
}

extension ClassicGroup {
  /// The member that has the static name; nobody's id where there is none.
  func holder(_ instance: String?) -> String { instance.flatMap { staticMembers[$0] } ?? "" }
}

extension ConsumerGroup {
  /// The member that a request names, by its id or by its static name.
  func member(_ id: String, _ instance: String?) -> ConsumerMember? {
    state.members[id] ?? instance.flatMap { statics[$0] }.flatMap { state.members[$0] }
  }
}

/// What one commit makes a group keep.
struct CommitRoom {
  let group: String
  /// Whose transaction stages the offsets.
  var producer: Int64?
  /// Offsets that were admitted, and what they take beside what there was.
  var count = 0
  var bytes = 0
}

extension GroupCoordinator {
  /// Why an offset cannot be kept; else it is counted. An offset that is there can always be committed again.
  func refusal(of offset: CommittedOffset, of partition: PartitionName, _ room: inout CommitRoom) -> ErrorCode? {
    let offsets = groups[room.group]?.offsets
    let committed = offsets?.committed[partition]
    let hasPlace =
      offsets.map { committed != nil || $0.count + room.count < GroupLimits.offsets } ?? hasRoom
    guard hasPlace else { return .policyViolation }
    let growth = GroupOffsets.bytes(partition, offset) - (committed.map { GroupOffsets.bytes(partition, $0) } ?? 0)
    var more = growth
    if let producer = room.producer {
      let before = offsets?.staged[producer]?[partition]?.offset
      more =
        GroupOffsets.bytes(partition, offset, isStaged: true)
        - (before.map { GroupOffsets.bytes(partition, $0, isStaged: true) } ?? 0)
    }
    if offsets == nil, room.count == 0 { more += GroupBytes.group + GroupTable.nameBytes(room.group) }
    guard more <= 0 || admits(room.bytes + more, ofKnown: committed != nil && growth <= 0) else {
      return .coordinatorNotAvailable
    }
    room.count += 1
    room.bytes += max(more, 0)
    return nil
  }
}
