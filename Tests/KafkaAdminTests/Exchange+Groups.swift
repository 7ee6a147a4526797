import KafkaWire
import Units

/// Groups. Of `diff-c` both brokers have the offset 7 of partition 0 of `diff-a` (see `Contestant`).
extension Exchange {
  private static let unknownMember = "nobody"

  static let groups: [Exchange] = commits + fetches + classicMembers + consumerMembers + groupAdministration

  // MARK: Offsets

  private static func commit(
    _ name: String, group: String = "diff-c", topic: String = "diff-a", partition: Int32 = 0, offset: Int64 = 7,
    epoch: Int32 = -1, member: String = "", instance: String? = nil, metadata: String? = ""
  ) -> Exchange {
    Exchange(name, .offsetCommit) { ground, version in
      OffsetCommitRequest(
        groupId: group, generationIdOrMemberEpoch: epoch, memberId: member,
        groupInstanceId: version >= 7 ? instance : nil,
        topics: [
          .init(
            topicId: ground.id(topic), name: topic,
            partitions: [.init(partitionIndex: partition, committedOffset: offset, committedMetadata: metadata)])
        ])
    }
  }

  private static let commits: [Exchange] = [
    commit("outside of members"),
    commit("a note", metadata: "note"),
    commit("no note", metadata: nil),
    commit("a note that is too long", metadata: String(repeating: "n", count: 5_000)),
    commit("unknown topic", topic: "diff-none"),
    commit("unknown partition", partition: 9),
    commit("negative partition", partition: -1),
    commit("negative offset", group: "diff-cn", offset: -5),
    commit("a generation of no group", group: "diff-none", epoch: 3, member: unknownMember),
    commit("a member of a group without members", epoch: 3, member: unknownMember),
    commit("a generation without a member", epoch: 3),
    commit("an instance of no group", group: "diff-none", epoch: 1, member: unknownMember, instance: "i"),
    Exchange("no topics", .offsetCommit) { _, _ in
      OffsetCommitRequest(groupId: "diff-c", generationIdOrMemberEpoch: -1)
    },
    Exchange("unknown group", .offsetDelete) { _, _ in
      OffsetDeleteRequest(groupId: "diff-none", topics: [.init(name: "diff-a", partitions: [.init()])])
    },
    Exchange("nothing committed", .offsetDelete) { _, _ in
      OffsetDeleteRequest(groupId: "diff-c", topics: [.init(name: "diff-e", partitions: [.init()])])
    },
    Exchange("unknown topic", .offsetDelete) { _, _ in
      OffsetDeleteRequest(groupId: "diff-c", topics: [.init(name: "diff-none", partitions: [.init()])])
    },
    Exchange("unknown partition", .offsetDelete) { _, _ in
      OffsetDeleteRequest(groupId: "diff-c", topics: [.init(name: "diff-a", partitions: [.init(partitionIndex: 9)])])
    },
    Exchange("no topics", .offsetDelete) { _, _ in OffsetDeleteRequest(groupId: "diff-c") },
  ]

  /// The same question in the form of each version; nil asks for all topics.
  private static func fetch(
    _ name: String, group: String = "diff-c", topics: [(String, [Int32])]?, member: String? = nil, epoch: Int32 = -1,
    isStable: Bool = false, versions: ClosedRange<Int16>? = nil
  ) -> Exchange {
    Exchange(name, .offsetFetch, versions) { ground, version in
      guard version >= 8 else {
        return OffsetFetchRequest(
          groupId: group, topics: topics.map { $0.map { .init(name: $0.0, partitionIndexes: $0.1) } },
          requireStable: version >= 7 && isStable)
      }
      let asked = OffsetFetchRequest.Group(
        groupId: group, memberId: version >= 9 ? member : nil, memberEpoch: version >= 9 ? epoch : -1,
        topics: topics.map { $0.map { .init(topicId: ground.id($0.0), name: $0.0, partitionIndexes: $0.1) } })
      return OffsetFetchRequest(groups: [asked], requireStable: isStable)
    }
  }

  private static let fetches: [Exchange] = [
    fetch("a committed offset", topics: [("diff-a", [0, 1])]),
    fetch("a stable offset", topics: [("diff-a", [0])], isStable: true),
    fetch("all topics", topics: nil, versions: 2...10),
    fetch("no topics", topics: []),
    fetch("unknown group", group: "diff-none", topics: [("diff-a", [0])]),
    fetch("all topics of an unknown group", group: "diff-none", topics: nil, versions: 2...10),
    fetch("unknown topic", topics: [("diff-none", [0])]),
    fetch("unknown partition", topics: [("diff-a", [9])]),
    fetch("a member of a group without members", topics: [("diff-a", [0])], member: unknownMember, epoch: 2),
    Exchange("two groups", .offsetFetch, 8...10) { ground, _ in
      let topic = OffsetFetchRequest.Group.Topic(topicId: ground.id("diff-a"), name: "diff-a", partitionIndexes: [0])
      return OffsetFetchRequest(
        groups: ["diff-c", "diff-none"].map { .init(groupId: $0, topics: [topic]) })
    },
    Exchange("no groups", .offsetFetch, 8...10) { _, _ in OffsetFetchRequest() },
  ]

  // MARK: Members

  private static func join(
    _ name: String, group: String = "diff-none", session: Int32 = 10_000, member: String = unknownMember,
    type: String = "consumer", protocols: [String] = ["range"], instance: String? = nil,
    versions: ClosedRange<Int16>? = nil
  ) -> Exchange {
    Exchange(name, .joinGroup, versions) { _, version in
      JoinGroupRequest(
        groupId: group, sessionTimeoutMs: session, rebalanceTimeoutMs: 10_000, memberId: member,
        groupInstanceId: version >= 5 ? instance : nil, protocolType: type,
        protocols: protocols.map { .init(name: $0, metadata: [0, 1, 0, 0, 0, 0, 0, 0, 0, 0]) })
    }
  }

  private static let classicMembers: [Exchange] = [
    join("a member that is not known"),
    join("a new member is told its id", group: "diff-j", member: "", versions: 4...9),
    join("no group", group: ""),
    join("a short session", session: 10),
    join("a long session", session: 100_000_000),
    join("no protocols", protocols: []),
    join("no type", type: ""),
    join("no protocols in a group that is there", group: "diff-c", protocols: []),
    join("no type in a group that is there", group: "diff-c", type: ""),
    join("an instance with an id that is not known", instance: "i", versions: 5...9),
    Exchange("no such group", .syncGroup) { _, version in
      SyncGroupRequest(
        groupId: "diff-none", generationId: 1, memberId: unknownMember,
        protocolType: version >= 5 ? "consumer" : nil, protocolName: version >= 5 ? "range" : nil)
    },
    Exchange("no type", .syncGroup, 5...5) { _, _ in
      SyncGroupRequest(groupId: "diff-none", generationId: 1, memberId: unknownMember)
    },
    Exchange("a group without members", .syncGroup) { _, version in
      SyncGroupRequest(
        groupId: "diff-c", generationId: 1, memberId: unknownMember,
        protocolType: version >= 5 ? "consumer" : nil, protocolName: version >= 5 ? "range" : nil)
    },
    Exchange("no such group", .heartbeat) { _, _ in
      HeartbeatRequest(groupId: "diff-none", generationId: 1, memberId: unknownMember)
    },
    Exchange("a group without members", .heartbeat) { _, _ in
      HeartbeatRequest(groupId: "diff-c", generationId: 1, memberId: unknownMember)
    },
    Exchange("no group", .heartbeat) { _, _ in
      HeartbeatRequest(groupId: "", generationId: 1, memberId: unknownMember)
    },
    Exchange("no such group", .leaveGroup) { _, _ in
      LeaveGroupRequest(groupId: "diff-none", members: [.init(memberId: unknownMember)], memberId: unknownMember)
    },
    Exchange("a group without members", .leaveGroup) { _, _ in
      LeaveGroupRequest(groupId: "diff-c", members: [.init(memberId: unknownMember)], memberId: unknownMember)
    },
    Exchange("an instance of nobody", .leaveGroup, 3...5) { _, _ in
      LeaveGroupRequest(groupId: "diff-c", members: [.init(groupInstanceId: "i")])
    },
    Exchange("nobody", .leaveGroup, 3...5) { _, _ in LeaveGroupRequest(groupId: "diff-c") },
  ]

  private static func beat(
    _ name: String, group: String = "diff-b", member: String = unknownMember, epoch: Int32 = 0,
    versions: ClosedRange<Int16>? = nil, _ change: @escaping @Sendable (inout ConsumerGroupHeartbeatRequest) -> Void
  ) -> Exchange {
    Exchange(name, .consumerGroupHeartbeat, versions) { _, _ in
      var request = ConsumerGroupHeartbeatRequest(
        groupId: group, memberId: member, memberEpoch: epoch, rebalanceTimeoutMs: 10_000,
        subscribedTopicNames: ["diff-a"], topicPartitions: [])
      change(&request)
      return request
    }
  }

  private static let consumerMembers: [Exchange] = [
    beat("no group", group: "") { _ in },
    beat("no member", member: "", versions: 1...1) { _ in },
    beat("an epoch of no group", group: "diff-none", epoch: 4) { _ in },
    beat("leaves no group", group: "diff-none", epoch: -1) { _ in },
    beat("an epoch below -2", epoch: -3) { _ in },
    beat("no topics") { $0.subscribedTopicNames = nil },
    beat("no time to rebalance") { $0.rebalanceTimeoutMs = -1 },
    beat("partitions at the start") { $0.topicPartitions = nil },
    beat("an empty instance") { $0.instanceId = "" },
    beat("an empty rack") { $0.rackId = "" },
    beat("an assignor that is not there") { $0.serverAssignor = "diff-none" },
    beat("a pattern that is none", versions: 1...1) {
      $0.subscribedTopicNames = nil
      $0.subscribedTopicRegex = "("
    },
    beat("the first member") { _ in },
    beat("an epoch ahead", epoch: 9) { _ in },
    beat("another member that is not known", member: "other", epoch: 1) { _ in },
    beat("the member leaves", epoch: -1) { _ in },
    Exchange("groups of each kind", .consumerGroupDescribe) { _, _ in
      ConsumerGroupDescribeRequest(groupIds: ["diff-none", "diff-c", "", "diff-b"])
    },
  ]

  // MARK: Administration

  private static let groupAdministration: [Exchange] = [
    Exchange("groups of each kind", .describeGroups) { _, _ in
      DescribeGroupsRequest(groups: ["diff-none", "diff-c", "", "diff-b"])
    },
    Exchange("what may be done", .describeGroups, 3...6) { _, _ in
      DescribeGroupsRequest(groups: ["diff-c"], includeAuthorizedOperations: true)
    },
    Exchange("nothing", .describeGroups) { _, _ in DescribeGroupsRequest() },
    Exchange("all", .listGroups) { _, _ in ListGroupsRequest() },
    Exchange("by state", .listGroups, 4...5) { _, _ in ListGroupsRequest(statesFilter: ["Empty"]) },
    Exchange("by state in lower case", .listGroups, 4...5) { _, _ in ListGroupsRequest(statesFilter: ["empty"]) },
    Exchange("by a state that is none", .listGroups, 4...5) { _, _ in ListGroupsRequest(statesFilter: ["Odd"]) },
    Exchange("by type", .listGroups, 5...5) { _, _ in ListGroupsRequest(typesFilter: ["classic"]) },
    Exchange("by a type that is none", .listGroups, 5...5) { _, _ in ListGroupsRequest(typesFilter: ["odd"]) },
    Exchange("groups that are not there", .deleteGroups) { _, _ in
      DeleteGroupsRequest(groupsNames: ["diff-none", ""])
    },
    Exchange("nothing", .deleteGroups) { _, _ in DeleteGroupsRequest() },
  ]
}
