/// What the parts of groups take in memory, about: texts and bytes as they are, and beside them a fixed part for their
/// places in tables and their timers. Clients decide about all of it.
enum GroupBytes {
  static let group = 800
  /// A member of either protocol.
  static let member = 600
  /// An id given out that has not come back.
  static let pending = 200
  /// A protocol that a member offers.
  static let offer = 64
  /// A topic's name in a subscription.
  static let topic = 48
  static let pattern = 128
  static let offset = 192
  /// An offset of an open transaction.
  static let staged = 320
  /// A partition of a member's target.
  static let target = 32
  /// A partition that a member has, with the table of owners.
  static let assigned = 160

  static func names(_ topics: some Collection<String>) -> Int { topics.reduce(0) { $0 + topic + $1.utf8.count } }
}

extension ClassicMember {
  /// See `GroupBytes`. The id stands in several tables.
  var bytes: Int {
    let texts = 2 * id.utf8.count + (instance?.utf8.count ?? 0) + clientID.utf8.count + host.utf8.count
    return GroupBytes.member + texts + Self.bytes(of: offers) + assignment.count
  }

  static func bytes(of offers: [Offer]) -> Int {
    offers.reduce(0) { $0 + GroupBytes.offer + $1.name.utf8.count + $1.metadata.count }
  }
}

extension ClassicGroup {
  static func pendingBytes(_ id: String) -> Int { GroupBytes.pending + 2 * id.utf8.count }

  /// What `bytes` must be, from all that is there.
  var recountedBytes: Int {
    (record?.count ?? 0) + members.values.reduce(0) { $0 + $1.bytes } + GroupBytes.names(subscribedTopics ?? [])
      + pending.reduce(0) { $0 + Self.pendingBytes($1) }
  }
}

extension ConsumerMember {
  /// What it said of topics.
  var subscriptionBytes: Int { GroupBytes.names(topics) + (pattern?.utf8.count ?? 0) }

  /// See `GroupBytes`.
  var bytes: Int {
    let texts =
      (instanceID?.utf8.count ?? 0) + (rackID?.utf8.count ?? 0) + clientID.utf8.count + clientHost.utf8.count
      + (assignor?.utf8.count ?? 0)
    let offers = classic?.protocols.reduce(0) { $0 + GroupBytes.offer + $1.name.utf8.count + $1.metadata.count }
    return GroupBytes.member + texts + subscriptionBytes + (offers ?? 0)
  }
}

extension ConsumerGroupState {
  /// What an entry of each table takes; nothing where there is none.
  static func bytes(_ id: String, _ member: ConsumerMember?) -> Int { member.map { 2 * id.utf8.count + $0.bytes } ?? 0 }

  static func bytes(_ id: String, _ target: [TopicPartition]?) -> Int {
    target.map { id.utf8.count + GroupBytes.target * ($0.count + 1) } ?? 0
  }

  static func bytes(_ id: String, _ current: MemberAssignment?) -> Int {
    current.map { id.utf8.count + GroupBytes.assigned * ($0.assigned.count + $0.pending.count + 1) } ?? 0
  }

  static func bytes(_ text: String, _ resolved: ResolvedPattern?) -> Int {
    resolved.map { GroupBytes.pattern + text.utf8.count + GroupBytes.names($0.topics) } ?? 0
  }

  /// What `bytes` must be, from all that is there.
  var recountedBytes: Int {
    members.reduce(0) { $0 + Self.bytes($1.key, $1.value) } + target.reduce(0) { $0 + Self.bytes($1.key, $1.value) }
      + current.reduce(0) { $0 + Self.bytes($1.key, $1.value) }
      + patterns.reduce(0) { $0 + Self.bytes($1.key, $1.value) }
  }
}

extension GroupOffsets {
  static func bytes(_ partition: PartitionName, _ offset: CommittedOffset, isStaged: Bool = false) -> Int {
    (isStaged ? GroupBytes.staged : GroupBytes.offset) + partition.topic.utf8.count + offset.metadata.utf8.count
  }

  /// What `bytes` must be, from all that is there.
  var recountedBytes: Int {
    committed.reduce(0) { $0 + Self.bytes($1.key, $1.value) }
      + staged.values.reduce(0) { $0 + $1.reduce(0) { $0 + Self.bytes($1.key, $1.value.offset, isStaged: true) } }
  }
}

extension GroupCoordinator.Group {
  /// About what the group takes, without its name; counted as it changes.
  var bytes: Int { GroupBytes.group + offsets.bytes + membership.bytes }
}

extension GroupCoordinator.Group.Membership {
  var bytes: Int {
    switch self {
    case .classic(let group): group.bytes
    case .consumer(let group): group.state.bytes
    }
  }

  var recountedBytes: Int {
    switch self {
    case .classic(let group): group.recountedBytes
    case .consumer(let group): group.state.recountedBytes
    }
  }
}
