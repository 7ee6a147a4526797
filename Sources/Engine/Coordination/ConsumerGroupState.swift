/// The durable state of a consumer group (KIP-848): what its records in `__consumer_offsets` say, each kind in a table of
/// its own. So any compacted form of the records gives the same state, whatever order it leaves them in.
package struct ConsumerGroupState: Equatable, Sendable {
  /// The group's epoch: up by one when its members, their subscriptions or the topics' sizes change. Nil: no such group.
  package var epoch: Int32?
  /// Names, ids and sizes of the topics subscribed to, hashed; 0 before the first.
  package var metadataHash: Int64 = 0
  /// The group epoch that the target assignment was computed for; nil before the first.
  package var targetEpoch: Int32?
  /// When it was computed, in milliseconds of the wall clock.
  package var targetTimestamp: Int64 = 0
  /// The members, by id.
  package var members: [String: ConsumerMember] = [:]
  /// What each member shall own, in order.
  package var target: [String: [TopicPartition]] = [:]
  /// Where each member is on its way there.
  package var current: [String: MemberAssignment] = [:]
  /// The topics that each pattern matched when it was last looked at.
  package var patterns: [String: ResolvedPattern] = [:]

  /// About what the tables take: see `GroupBytes`. Follows from them.
  package internal(set) var bytes = 0

  package init() {}
}

/// What a member said of itself.
package struct ConsumerMember: Equatable, Sendable {
  /// `group.instance.id` of a static member.
  package var instanceID: String?
  package var rackID: String?
  package var clientID = ""
  package var clientHost = ""
  /// Topic names, in order, none twice.
  package var topics: [String] = []
  /// A pattern of topic names, in RE2's syntax.
  package var pattern: String?
  /// How long it may take to give partitions up, in milliseconds.
  package var rebalanceTimeoutMs: Int32 = -1
  /// The assignor it votes for.
  package var assignor: String?
  /// What a member of the classic protocol brought along; nil for one of the new protocol.
  package var classic: ClassicSide?

  package init() {}

  /// What a classic member said when it joined.
  package struct ClassicSide: Equatable, Sendable {
    package var sessionTimeoutMs: Int32
    /// Its protocols with the bytes it sent, the preferred first.
    package var protocols: [ClassicProtocol]

    package init(sessionTimeoutMs: Int32, protocols: [ClassicProtocol]) {
      self.sessionTimeoutMs = sessionTimeoutMs
      self.protocols = protocols
    }
  }
}

/// A protocol of a classic member, with the subscription in its own layout.
package struct ClassicProtocol: Equatable, Sendable {
  package var name: String
  package var metadata: [UInt8]

  package init(name: String, metadata: [UInt8]) {
    self.name = name
    self.metadata = metadata
  }
}

/// What a member owns, and what it must give up before it may have more.
package struct MemberAssignment: Equatable, Sendable {
  /// Kafka's numbers, as records carry them.
  package enum Phase: Int8, Sendable {
    /// Owns what the target of its epoch says.
    case stable = 0
    /// Has partitions to give up.
    case unrevoked = 1
    /// Waits for partitions that others have not given up yet.
    case unreleased = 2
  }

  /// A static member that has left for a while.
  package static let awayEpoch: Int32 = -2

  package var epoch: Int32 = 0
  /// The epoch before: what a member says whose last answer was lost.
  package var previousEpoch: Int32 = 0
  package var phase = Phase.stable
  /// What it owns, with the epoch at which it got it.
  package var assigned: [TopicPartition: Int32] = [:]
  /// What it has been told to give up, likewise.
  package var pending: [TopicPartition: Int32] = [:]

  package init() {}

  /// Whether nobody else may have `partition`.
  package func holds(_ partition: TopicPartition) -> Bool { assigned[partition] != nil || pending[partition] != nil }
}

/// What a pattern matched.
package struct ResolvedPattern: Equatable, Sendable {
  /// Topic names, in order.
  package var topics: [String]
  /// When, in milliseconds of the wall clock.
  package var timestamp: Int64

  package init(topics: [String], timestamp: Int64) {
    self.topics = topics
    self.timestamp = timestamp
  }
}
