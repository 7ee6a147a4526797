package import KafkaWire
package import Units

/// Who waits for a reply: a number that the runtime gives out and maps to a request of a connection.
package struct Waiter: Hashable, Sendable {
  package let number: UInt64

  package init(_ number: UInt64) { self.number = number }
}

/// What a reply can show of a coordinator, each with a last change of its own: a reply waits only for what it looked at.
/// So a heartbeat passes while a commit of the same group waits for a slow disk.
package enum CoordinatorMark: Hashable, Sendable {
  case membership(group: String)
  case offsets(group: String)
  case transaction(String)
  /// Which groups there are, and the durable part of their states: what a list shows.
  case groups
}

/// What a machine may be woken for. One timer of each name: arming it again moves it.
package enum CoordinatorTimer: Hashable, Sendable {
  /// The session of a member of a group.
  case session(group: String, member: String)
  /// A member that must give up partitions, or rejoin, has not done so in time.
  case rebalance(group: String, member: String)
  /// The join phase of a classic group is over.
  case join(group: String)
  /// The members of a classic group that have not synced in time are removed.
  case sync(group: String)
  /// The target assignment of a consumer group is computed again.
  case assignment(group: String)
  /// The patterns a group has subscribed to are matched again.
  case patterns(group: String)
  /// A transaction has been open for too long.
  case transaction(String)
  /// Offsets and transactional ids that nobody uses are looked for.
  case expiry
}

/// Records that are written together: one batch in the partition of `owner`, one unit of the journal.
package struct CoordinatorWrite: Equatable, Sendable {
  package var topic: InternalTopic
  /// The group or transactional id that decides the partition.
  package var owner: String
  package var records: [CoordinatorRecord]
  /// What changes with them.
  package var marks: [CoordinatorMark]
  /// The producer whose open transaction they belong to, for offsets that count when it commits.
  package var producer: ProducerIdentity?

  package init(
    topic: InternalTopic, owner: String, records: [CoordinatorRecord], marks: [CoordinatorMark],
    producer: ProducerIdentity? = nil
  ) {
    self.topic = topic
    self.owner = owner
    self.records = records
    self.marks = marks
    self.producer = producer
  }
}

/// A producer id with its epoch.
package struct ProducerIdentity: Hashable, Sendable {
  package var id: Int64
  package var epoch: Int16

  package init(id: Int64, epoch: Int16) {
    self.id = id
    self.epoch = epoch
  }
}

/// The end of a transaction: its state and its markers, in data partitions and in those of the groups' offsets, which are
/// appended as one unit of the journal. Then the groups hear of it.
package struct TransactionEnd: Equatable, Sendable {
  package var transactionalID: String
  /// What the markers carry.
  package var producer: ProducerIdentity
  /// The markers' epoch is above that of the transaction's records: a partition where it is not has moved on already, and
  /// gets no marker.
  package var isBumped: Bool
  package var committed: Bool
  /// By topic name, in order. A topic or partition that is gone is left out.
  package var partitions: [TransactionPartitions]
  /// The partitions of `__consumer_offsets` in which offsets were staged, in order.
  package var offsetShards: [Int32]
  /// The record that says so.
  package var write: CoordinatorWrite

  package init(
    transactionalID: String, producer: ProducerIdentity, isBumped: Bool, committed: Bool,
    partitions: [TransactionPartitions], offsetShards: [Int32], write: CoordinatorWrite
  ) {
    self.transactionalID = transactionalID
    self.producer = producer
    self.isBumped = isBumped
    self.committed = committed
    self.partitions = partitions
    self.offsetShards = offsetShards
    self.write = write
  }
}

/// Partitions of a topic that a transaction writes to.
package struct TransactionPartitions: Equatable, Sendable {
  package var topic: String
  package var indexes: [Int32]

  package init(topic: String, indexes: [Int32]) {
    self.topic = topic
    self.indexes = indexes
  }
}

/// What a machine decided in one call. The runtime appends the writes and ends first, then gives the replies, which leave when all
/// that they show is durable, then moves the timers.
package struct Effects {
  package struct Reply {
    package var waiter: Waiter
    package var message: any WireMessage
    /// What the message shows.
    package var sees: [CoordinatorMark]
  }

  package var writes: [CoordinatorWrite] = []
  /// Each one unit, with the write it holds.
  package var ends: [TransactionEnd] = []
  package var replies: [Reply] = []
  /// The moment a timer is due, or nil where it is not needed any more; the last entry of a name counts.
  package var timers: [(timer: CoordinatorTimer, due: Instant?)] = []

  /// Patterns to match with topic names; what comes out goes back to the group.
  package var patternWork: [PatternWork] = []

  package init() {}

  package mutating func reply(to waiter: Waiter, _ message: some WireMessage, sees: [CoordinatorMark] = []) {
    replies.append(Reply(waiter: waiter, message: message, sees: sees))
  }

  package mutating func arm(_ timer: CoordinatorTimer, at due: Instant) { timers.append((timer, due)) }

  package mutating func cancel(_ timer: CoordinatorTimer) { timers.append((timer, nil)) }
}
