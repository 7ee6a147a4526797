import KafkaWire
package import Units

/// What metrics and explanations say of a group.
package struct GroupFacts: Equatable, Sendable {
  /// A member, as far as an operator cares.
  package struct Member: Equatable, Sendable {
    package var id: String
    package var instance: String?
    package var clientID: String
    package var host: String
    /// When it last committed offsets, since the start of the process.
    package var lastCommit: Timestamp?
  }

  package var id: String
  /// `classic` or `consumer`.
  package var type: String
  package var protocolType: String
  package var state: String
  package var members: [Member]
  /// Rounds begun since the start of the process, and why the last one began.
  package var rebalances: Int
  package var lastCause: RebalanceCause?
  /// The topics that the members subscribe to; nil where that is not known.
  package var subscribedTopics: [String]?
}

extension GroupCoordinator {
  /// The names of all groups, in order.
  package var groupNames: [String] { groups.keys.sorted() }

  /// How many groups are in which state, by type and state.
  package var census: [String: [String: Int]] {
    var census: [String: [String: Int]] = [:]
    for group in groups.values { census[group.typeName, default: [:]][group.stateName, default: 0] += 1 }
    return census
  }

  /// What is known of a group, or nil.
  package func facts(of id: String) -> GroupFacts? {
    guard let group = groups[id] else { return nil }
    switch group.membership {
    case .classic(let classic):
      return GroupFacts(
        id: id, type: group.typeName, protocolType: group.protocolType, state: group.stateName,
        members: classic.membersInOrder.map {
          GroupFacts.Member(
            id: $0.id, instance: $0.instance, clientID: $0.clientID, host: $0.host, lastCommit: $0.lastCommit)
        },
        rebalances: classic.rebalances, lastCause: classic.lastCause,
        subscribedTopics: classic.subscribedTopics?.sorted())
    case .consumer(let consumer):
      return GroupFacts(
        id: id, type: group.typeName, protocolType: group.protocolType, state: group.stateName,
        members: consumer.state.memberIDs.compactMap { id in
          consumer.state.members[id].map {
            GroupFacts.Member(
              id: id, instance: $0.instanceID, clientID: $0.clientID, host: $0.clientHost,
              lastCommit: group.lastCommits[id])
          }
        },
        rebalances: group.rounds, lastCause: group.cause,
        subscribedTopics: Set(consumer.state.members.values.flatMap { consumer.subscription(of: $0) }).sorted())
    }
  }

  /// Why a group last rebalanced, and how often it did, since the start of the process.
  package func lastRebalance(of id: String) -> (cause: RebalanceCause, count: Int)? {
    guard let group = groups[id] else { return nil }
    switch group.membership {
    case .classic(let classic): return classic.lastCause.map { ($0, classic.rebalances) }
    case .consumer: return group.cause.map { ($0, group.rounds) }
    }
  }

  /// How many members a group has.
  package func memberCount(of id: String) -> Int {
    switch groups[id]?.membership {
    case .classic(let classic): classic.members.count
    case .consumer(let consumer): consumer.state.members.count
    case nil: 0
    }
  }

  /// What a group has committed, in the order of the partitions; `limit` of them, whichever, where it has more.
  package func offsets(
    of id: String, limit: Int = .max
  ) -> [(partition: PartitionName, offset: CommittedOffset)] {
    (groups[id]?.offsets.committed ?? [:]).prefix(limit).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// How many partitions a group has committed offsets of.
  package func offsetCount(of id: String) -> Int { groups[id]?.offsets.committed.count ?? 0 }

  /// How many offsets of a group wait for the end of a transaction.
  package func stagedOffsets(of id: String) -> Int {
    groups[id]?.offsets.staged.values.reduce(0) { $0 + $1.count } ?? 0
  }
}
