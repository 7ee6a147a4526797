package import Units

/// How the partitions of topics are shared out among the members that subscribe to them. Racks are not looked at: there
/// is one machine.
package enum Assignor: String, CaseIterable, Sendable {
  /// Every member about the same number, and as few moves as that allows.
  case uniform
  /// Neighbouring partitions together, and the same numbers of equally large topics with the same member.
  case range

  /// A topic to share out.
  package struct Topic: Equatable, Sendable {
    package var id: UniqueID
    package var partitionCount: Int32

    package init(id: UniqueID, partitionCount: Int32) {
      self.id = id
      self.partitionCount = partitionCount
    }
  }

  /// A member to share among.
  package struct Member: Equatable, Sendable {
    package var id: String
    package var instanceID: String?
    /// Places in the list of topics, in order.
    package var topics: [Int]
    /// What it was given the last time.
    package var previous: [TopicPartition]

    package init(id: String, instanceID: String? = nil, topics: [Int], previous: [TopicPartition] = []) {
      self.id = id
      self.instanceID = instanceID
      self.topics = topics
      self.previous = previous
    }
  }

  /// What each member gets, in the members' order; every list is sorted. The same input gives the same output.
  package func assign(_ topics: [Topic], to members: [Member]) -> [[TopicPartition]] {
    guard !members.isEmpty else { return [] }
    switch self {
    case .range: return RangeAssignment.assign(topics, to: members)
    case .uniform:
      let alike = members.dropFirst().allSatisfy { $0.topics == members[0].topics }
      var plan = UniformPlan(topics, members)
      if alike { plan.fillAlike(members[0].topics) } else { plan.fillMixed() }
      return plan.result()
    }
  }
}
