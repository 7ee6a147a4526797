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

  /// For whom there is to be room.
  enum Claimant {
    /// A group that does not exist leaves a fifth of the limit to those that do.
    case newGroup
    /// An offset of a partition of which the group has none.
    case newOffset
    /// What a group has, and its consumers, who come back with new ids: it may exceed the limit by half, so that no group is
    /// stopped by others.
    case group
  }

  /// Whether `more` bytes may be added.
  func admits(_ more: Int, for claimant: Claimant) -> Bool {
    let limit =
      switch claimant {
      case .newGroup: limitBytes - limitBytes / 5
      case .newOffset: limitBytes
      case .group: limitBytes > .max / 2 ? .max : limitBytes + limitBytes / 2
      }
    return more <= 0 || more <= limit - heldBytes
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
    let size = GroupBytes.member + texts + offers
    if let known { return admits(size - known, for: .group) }
    return admitsNewcomer(size, to: request.groupId)
  }

  /// Whether the assignment that a leader brings may be kept.
  func admits(_ request: SyncGroupRequest) -> Bool {
    let before = groups[request.groupId]?.classic?.record?.count ?? 0
    return admits(request.assignments.reduce(0) { $0 + $1.assignment.count } - before, for: .group)
  }

  /// Whether a member of `size` bytes may come to a group, which it may bring with it.
  private func admitsNewcomer(_ size: Int, to group: String) -> Bool {
    guard groups[group] == nil else { return admits(size, for: .group) }
    return admits(GroupBytes.group + GroupTable.nameBytes(group) + size, for: .newGroup)
  }

  /// Whether what a heartbeat says may be kept.
  func admits(_ request: ConsumerGroupHeartbeatRequest, from caller: Caller) -> Bool {
    let saysNothing = request.subscribedTopicNames == nil && request.subscribedTopicRegex == nil
    if saysNothing, request.memberEpoch != 0 { return true }
    let subscription =
      GroupBytes.names(request.subscribedTopicNames ?? []) + (request.subscribedTopicRegex?.utf8.count ?? 0)
    if let known = groups[request.groupId]?.consumer?.member(request.memberId, request.instanceId) {
      return admits(subscription - known.subscriptionBytes, for: .group)
    }
    guard request.memberEpoch == 0 else { return true }
    let texts =
      2 * request.memberId.utf8.count + (request.instanceId?.utf8.count ?? 0) + (request.rackId?.utf8.count ?? 0)
      + caller.clientID.utf8.count
    return admitsNewcomer(GroupBytes.member + texts + subscription, to: request.groupId)
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
    let claimant: Claimant = offsets == nil ? .newGroup : committed != nil && growth <= 0 ? .group : .newOffset
    guard more <= 0 || admits(room.bytes + more, for: claimant) else {
      return .coordinatorNotAvailable
    }
    room.count += 1
    room.bytes += max(more, 0)
    return nil
  }
}
