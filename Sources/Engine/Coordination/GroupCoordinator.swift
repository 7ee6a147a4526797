import KafkaWire
import Units

/// The groups of a node: members that share the partitions of topics, and how far each group has read.
///
/// Durable is what the records say: which is applied by `replay` alone, live as after a restart. The rest (who waits, who
/// has rejoined in this round) is lost with the process, and clients know how to begin again.
package struct GroupCoordinator: Sendable {
  /// What groups obey. May be changed between calls.
  package var settings: GroupCoordinatorSettings

  /// How many bytes of memory groups may take, about: see `heldBytes`. Given by whoever divides the memory.
  package var limitBytes = Int.max

  var groups = GroupTable()
  /// The groups in which a producer has staged offsets.
  var staging: [Int64: Set<String>] = [:]
  /// Offsets that took effect at a marker and that a compaction would lose: they are written again.
  var restated: [String: Set<PartitionName>] = [:]
  /// Whether loading is over.
  var isLive = false
  /// Waiters whose request is kept.
  var parked: [Waiter: ParkedMember] = [:]
  /// Rounds begun since the start of the process.
  package internal(set) var rebalances: [RebalanceCause.Trigger: UInt64] = [:]
  /// Offsets committed since the start of the process, by whatever way.
  package internal(set) var committedOffsets: UInt64 = 0

  /// A coordinator without groups. It takes requests once its records have been replayed and `loaded` was called.
  package init(settings: GroupCoordinatorSettings = GroupCoordinatorSettings()) {
    self.settings = settings
  }

  /// A group: its members, in one of the protocols, and its offsets, which belong to none.
  struct Group {
    var membership: Membership = .classic(ClassicGroup(id: ""))
    var offsets = GroupOffsets()

    /// Rounds of a consumer group begun since the start of the process, and why the last one began.
    var rounds = 0
    var cause: RebalanceCause?
    /// When members of a consumer group last committed.
    var lastCommits: [String: Timestamp] = [:]

    enum Membership {
      case classic(ClassicGroup)
      case consumer(ConsumerGroup)
    }

    /// The classic group, changed in place; nil where it is of another kind.
    var classic: ClassicGroup? {
      get {
        guard case .classic(let group) = membership else { return nil }
        return group
      }
      _modify {
        var taken = takeClassic()
        yield &taken
        if let taken { membership = .classic(taken) }
      }
    }

    /// Takes the classic group out, so that it can be changed without a copy of its members.
    mutating func takeClassic() -> ClassicGroup? {
      guard case .classic(let group) = membership else { return nil }
      membership = .classic(ClassicGroup(id: ""))
      return group
    }

    /// Takes the consumer group out.
    mutating func takeConsumer() -> ConsumerGroup? {
      guard case .consumer(let group) = membership else { return nil }
      membership = .classic(ClassicGroup(id: ""))
      return group
    }

    /// The consumer group; nil where it is of another kind.
    var consumer: ConsumerGroup? {
      guard case .consumer(let group) = membership else { return nil }
      return group
    }
  }

  /// Whose request a waiter is.
  struct ParkedMember {
    var group: String
    var member: String
  }

  /// Applies `records` of `group`, and hands them over to be written.
  mutating func write(
    _ records: [CoordinatorRecord], of group: String, _ marks: [CoordinatorMark], by producer: ProducerIdentity? = nil,
    into effects: inout Effects
  ) {
    guard !records.isEmpty else { return }
    for record in records { replay(record, producer: producer) }
    effects.writes.append(
      CoordinatorWrite(topic: .consumerOffsets, owner: group, records: records, marks: marks, producer: producer))
  }
}
