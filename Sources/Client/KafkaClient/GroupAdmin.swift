import KafkaWire

/// What a coordinator looks after, as FindCoordinator numbers it.
package enum CoordinatorKind: Int8, Sendable {
  case group = 0
  case transaction = 1
}

extension KafkaClient {
  /// FindCoordinator with one key instead of a list.
  private static let newestFindCoordinator: Int16 = 3
  /// OffsetFetch of one group by names of topics, and likewise OffsetCommit.
  private static let newestOffsetFetch: Int16 = 7
  private static let newestOffsetCommit: Int16 = 9

  /// The broker that coordinates `key`, a group or a transactional id, waiting while one is being found.
  package func coordinator(of key: String, _ kind: CoordinatorKind = .group) throws(ClientError) -> Int32 {
    if cluster.brokers.isEmpty { try refreshMetadata([]) }
    return try retrying { () throws(ClientError) in
      let request = FindCoordinatorRequest(key: key, keyType: kind.rawValue)
      let answer = try exchange(request, on: try anyBroker(), atMost: Self.newestFindCoordinator)
      try Self.check(answer.errorCode, "coordinator of \(key)", answer.errorMessage)
      if cluster.brokers[answer.nodeId] == nil { try refreshMetadata([]) }
      return answer.nodeId
    }
  }

  /// Asks the coordinator of `key`; again after a pause while it is loading or moving.
  func askCoordinator<Request: ClientRequest>(
    of key: String, _ kind: CoordinatorKind, _ request: Request, atMost newest: Int16 = .max,
    code: (Request.Response) -> Int16
  ) throws(ClientError) -> Request.Response {
    try retrying { () throws(ClientError) in
      let node = try coordinator(of: key, kind)
      let answer = try exchange(request, on: try broker(node), atMost: newest)
      let error = ErrorCode(rawValue: code(answer))
      let isOnItsWay: [ErrorCode] = [.coordinatorLoadInProgress, .coordinatorNotAvailable, .notCoordinator]
      if isOnItsWay.contains(error) { throw ClientError(error, "coordinator of \(key)") }
      return answer
    }
  }

  static func check(_ code: Int16, _ subject: String, _ message: String? = nil) throws(ClientError) {
    let code = ErrorCode(rawValue: code)
    guard code == .none else { throw ClientError(code, subject, message: message) }
  }

  /// All groups of the cluster, by id. Empty filters let all through.
  package func groups(states: [String] = [], types: [String] = []) throws(ClientError) -> [GroupListing] {
    try refreshMetadata([])
    var found: [GroupListing] = []
    for node in cluster.brokers.keys.sorted() {
      let request = ListGroupsRequest(statesFilter: states, typesFilter: types)
      let answer = try exchange(request, on: try broker(node))
      try Self.check(answer.errorCode, "groups of broker \(node)")
      found += answer.groups.map {
        GroupListing(id: $0.groupId, type: $0.groupType, protocolType: $0.protocolType, state: $0.groupState)
      }
    }
    return found.sorted { $0.id < $1.id }
  }

  /// A group with its members, whichever protocol they speak. Fails with `refused` where there is none.
  package func group(_ id: String) throws(ClientError) -> GroupView {
    let node = try coordinator(of: id)
    if try broker(node).serves(.consumerGroupDescribe), let view = try consumerGroup(id, node) { return view }
    let request = DescribeGroupsRequest(groups: [id])
    let answer = try askCoordinator(of: id, .group, request) { $0.groups.first?.errorCode ?? 0 }
    guard let group = answer.groups.first(where: { $0.groupId == id }) else {
      throw ClientError(.malformedAnswer, "group \(id): the broker's answer does not mention it")
    }
    try Self.check(group.errorCode, "group \(id)", group.errorMessage)
    // Before version 6, a group that is not there is described as a dead one.
    guard group.groupState != "Dead" else { throw ClientError(ErrorCode.groupIdNotFound, "group \(id)") }
    let members = group.members.map { member in
      let subscription = group.protocolType == "consumer" ? try? ConsumerSubscription(member.memberMetadata) : nil
      let assignment = group.protocolType == "consumer" ? try? ConsumerAssignment(member.memberAssignment) : nil
      let partitions = Self.flat(assignment?.partitions.map { ($0.topic, $0.partitions) } ?? [])
      return GroupView.Member(
        id: member.memberId, instance: member.groupInstanceId, clientID: member.clientId, host: member.clientHost,
        epoch: -1, topics: subscription?.topics ?? [], pattern: nil, assignment: partitions, target: partitions)
    }
    return GroupView(
      id: id, type: "classic", protocolType: group.protocolType, state: group.groupState, assignor: group.protocolData,
      epoch: -1, assignmentEpoch: -1, members: members, coordinator: node)
  }

  /// The group where it is one of the consumer protocol (KIP-848), nil where it is not.
  private func consumerGroup(_ id: String, _ node: Int32) throws(ClientError) -> GroupView? {
    let request = ConsumerGroupDescribeRequest(groupIds: [id])
    let answer = try askCoordinator(of: id, .group, request) { $0.groups.first?.errorCode ?? 0 }
    guard let group = answer.groups.first(where: { $0.groupId == id }) else { return nil }
    let code = ErrorCode(rawValue: group.errorCode)
    if [ErrorCode.groupIdNotFound, .unsupportedVersion].contains(code) { return nil }
    try Self.check(group.errorCode, "group \(id)", group.errorMessage)
    let members = group.members.map { member in
      GroupView.Member(
        id: member.memberId, instance: member.instanceId, clientID: member.clientId, host: member.clientHost,
        epoch: member.memberEpoch, topics: member.subscribedTopicNames, pattern: member.subscribedTopicRegex,
        assignment: Self.flat(member.assignment.topicPartitions.map { ($0.topicName, $0.partitions) }),
        target: Self.flat(member.targetAssignment.topicPartitions.map { ($0.topicName, $0.partitions) }))
    }
    return GroupView(
      id: id, type: "consumer", protocolType: "consumer", state: group.groupState, assignor: group.assignorName,
      epoch: group.groupEpoch, assignmentEpoch: group.assignmentEpoch, members: members, coordinator: node)
  }

  private static func flat(_ topics: [(String, [Int32])]) -> [TopicPartition] {
    topics.flatMap { topic in topic.1.map { TopicPartition(topic.0, $0) } }.sorted()
  }

  /// All offsets that the group has committed. A group that does not exist has none.
  package func committedOffsets(of id: String) throws(ClientError) -> [TopicPartition: CommittedOffset] {
    let request = OffsetFetchRequest(groupId: id, topics: nil)
    let answer = try askCoordinator(of: id, .group, request, atMost: Self.newestOffsetFetch) { $0.errorCode }
    try Self.check(answer.errorCode, "offsets of group \(id)")
    var found: [TopicPartition: CommittedOffset] = [:]
    for topic in answer.topics {
      for partition in topic.partitions {
        let place = TopicPartition(topic.name, partition.partitionIndex)
        try Self.check(partition.errorCode, "offset of group \(id) in \(place)")
        guard partition.committedOffset >= 0 else { continue }
        found[place] = CommittedOffset(
          offset: partition.committedOffset, leaderEpoch: partition.committedLeaderEpoch,
          metadata: partition.metadata ?? "")
      }
    }
    return found
  }

  /// Commits for a group without members, or as `member`. Fails with `refused` at the first partition that is.
  package func commit(
    _ offsets: [TopicPartition: CommittedOffset], of id: String, member: GroupMembership? = nil
  ) throws(ClientError) {
    let byTopic = Dictionary(grouping: offsets.sorted { $0.key < $1.key }, by: \.key.topic)
    let topics = byTopic.sorted { $0.key < $1.key }.map { name, entries in
      OffsetCommitRequest.Topic(
        name: name,
        partitions: entries.map { place, committed in
          .init(
            partitionIndex: place.partition, committedOffset: committed.offset,
            committedLeaderEpoch: committed.leaderEpoch, committedMetadata: committed.metadata)
        })
    }
    let request = OffsetCommitRequest(
      groupId: id, generationIdOrMemberEpoch: member?.generation ?? -1, memberId: member?.id ?? "", topics: topics)
    let answer = try askCoordinator(of: id, .group, request, atMost: Self.newestOffsetCommit) {
      $0.topics.first?.partitions.first?.errorCode ?? 0
    }
    for topic in answer.topics {
      for partition in topic.partitions {
        try Self.check(
          partition.errorCode, "offset of group \(id) in \(TopicPartition(topic.name, partition.partitionIndex))")
      }
    }
  }

  /// Deletes a group without members, with its offsets. Fails with `refused`.
  package func deleteGroup(_ id: String) throws(ClientError) {
    let answer = try askCoordinator(of: id, .group, DeleteGroupsRequest(groupsNames: [id])) {
      $0.results.first?.errorCode ?? 0
    }
    try Self.check(answer.results.first?.errorCode ?? 0, "group \(id)")
  }
}

/// Who a member of a group is, as the coordinator knows it.
package struct GroupMembership: Sendable {
  package var id: String
  package var generation: Int32

  package init(id: String, generation: Int32) {
    self.id = id
    self.generation = generation
  }
}
