/// A group in a list.
package struct GroupListing: Sendable {
  package var id: String
  /// "classic", "consumer", "share"; empty where the broker is too old to tell.
  package var type: String
  /// "consumer", "connect" and so on; empty for a group that has only committed offsets.
  package var protocolType: String
  /// As the broker names it; empty where it is too old to tell.
  package var state: String
}

/// A group with its members.
package struct GroupView: Sendable {
  /// A member of a group.
  package struct Member: Sendable {
    package var id: String
    package var instance: String?
    package var clientID: String
    /// Its address as the broker saw it.
    package var host: String
    /// In a consumer group, the epoch that it has reached; -1 in a classic one.
    package var epoch: Int32
    package var topics: [String]
    package var pattern: String?
    package var assignment: [TopicPartition]
    /// What it is meant to have; the same as `assignment` when it has arrived there.
    package var target: [TopicPartition]

    package init(
      id: String, instance: String?, clientID: String, host: String, epoch: Int32, topics: [String], pattern: String?,
      assignment: [TopicPartition], target: [TopicPartition]
    ) {
      self.id = id
      self.instance = instance
      self.clientID = clientID
      self.host = host
      self.epoch = epoch
      self.topics = topics
      self.pattern = pattern
      self.assignment = assignment
      self.target = target
    }
  }

  package var id: String
  /// "classic" or "consumer".
  package var type: String
  package var protocolType: String
  package var state: String
  /// How partitions are given to members.
  package var assignor: String
  /// The group's epoch; -1 in a classic one, whose generation no API tells.
  package var epoch: Int32
  package var assignmentEpoch: Int32
  package var members: [Member]
  /// The broker that coordinates it.
  package var coordinator: Int32

  package init(
    id: String, type: String, protocolType: String, state: String, assignor: String, epoch: Int32,
    assignmentEpoch: Int32, members: [Member], coordinator: Int32
  ) {
    self.id = id
    self.type = type
    self.protocolType = protocolType
    self.state = state
    self.assignor = assignor
    self.epoch = epoch
    self.assignmentEpoch = assignmentEpoch
    self.members = members
    self.coordinator = coordinator
  }

  /// Whether anybody would read on from offsets that are changed now.
  package var isActive: Bool { !members.isEmpty || !["Empty", "Dead"].contains(state) }
}

/// A partition by names.
package struct TopicPartition: Hashable, Comparable, Sendable, CustomStringConvertible {
  package var topic: String
  package var partition: Int32

  package init(_ topic: String, _ partition: Int32) {
    self.topic = topic
    self.partition = partition
  }

  package static func < (a: TopicPartition, b: TopicPartition) -> Bool {
    (a.topic, a.partition) < (b.topic, b.partition)
  }

  package var description: String { "\(topic)/\(partition)" }
}

/// How far a group has come in a partition.
package struct CommittedOffset: Equatable, Sendable {
  package var offset: Int64
  /// -1 where the member did not tell.
  package var leaderEpoch: Int32
  package var metadata: String

  package init(offset: Int64, leaderEpoch: Int32 = -1, metadata: String = "") {
    self.offset = offset
    self.leaderEpoch = leaderEpoch
    self.metadata = metadata
  }
}
