package import KafkaWire
package import Units

extension ConsumerGroup {
  /// What the group does, by the names that Kafka's tools print.
  package enum Phase: String, Sendable {
    case empty = "Empty"
    /// The target assignment is behind the group.
    case assigning = "Assigning"
    /// Members are on their way to the target.
    case reconciling = "Reconciling"
    case stable = "Stable"
  }

  package var phase: Phase {
    if isEmpty { return .empty }
    if isTargetDue { return .assigning }
    let atRest = state.members.keys.allSatisfy { id in
      let member = current(id)
      return member.phase == .stable && member.epoch == state.targetEpoch
    }
    return atRest ? .stable : .reconciling
  }

  /// The group as ConsumerGroupDescribe shows it, versions 0 and 1.
  package func describe(
    _ settings: ConsumerGroupSettings, _ context: CoordinatorContext
  ) -> ConsumerGroupDescribeResponse.Group {
    ConsumerGroupDescribeResponse.Group(
      groupId: id, groupState: phase.rawValue, groupEpoch: state.epoch ?? 0, assignmentEpoch: state.targetEpoch ?? 0,
      assignorName: assignor(settings).rawValue, members: state.memberIDs.map { describe($0, context.topics) })
  }

  private func describe(_ id: String, _ topics: any TopicLookup) -> ConsumerGroupDescribeResponse.Group.Member {
    let said = state.members[id] ?? ConsumerMember()
    let member = current(id)
    return ConsumerGroupDescribeResponse.Group.Member(
      memberId: id, instanceId: said.instanceID, rackId: said.rackID, memberEpoch: member.epoch,
      clientId: said.clientID, clientHost: said.clientHost, subscribedTopicNames: said.topics,
      subscribedTopicRegex: said.pattern,
      assignment: .init(
        topicPartitions: member.assigned.keys.byTopic().compactMap { one in
          topics.topic(one.topic).map { .init(topicId: one.topic, topicName: $0.name, partitions: one.partitions) }
        }),
      targetAssignment: .init(
        topicPartitions: (state.target[id] ?? []).byTopic().compactMap { one in
          topics.topic(one.topic).map { .init(topicId: one.topic, topicName: $0.name, partitions: one.partitions) }
        }),
      memberType: said.classic == nil ? 1 : 0)
  }

  /// The code to refuse a commit or a fetch of offsets with, or nil. `hasPartition` says for a commit whether the member
  /// got the partition no later than at `epoch`: then an older epoch is as good, since nobody else can have had it since.
  package func refusal(
    ofMember member: String, instance: String?, epoch: Int32, hasPartition: Bool = false
  ) -> ErrorCode? {
    if let instance, let holder = statics[instance], holder != member { return .fencedInstanceId }
    guard let said = state.members[member] else { return .unknownMemberId }
    let known = current(member).epoch
    if epoch == known || epoch < known && hasPartition { return nil }
    return said.classic == nil ? .staleMemberEpoch : .illegalGeneration
  }

  /// Whether `member` has had the partition, without a break, since `epoch` or longer.
  package func hasHeld(_ topic: UniqueID, _ partition: Int32, member: String, since epoch: Int32) -> Bool {
    let current = current(member)
    let one = TopicPartition(topic: topic, partition: partition)
    guard let start = current.assigned[one] ?? current.pending[one] else { return false }
    return start <= epoch
  }

  /// Whether a member speaks the classic protocol; such a one may commit with any version.
  package func isClassic(_ member: String) -> Bool { state.members[member]?.classic != nil }

  /// Whether somebody subscribes to the topic.
  package func isSubscribed(to topic: String) -> Bool {
    state.members.values.contains { subscription(of: $0).contains(topic) }
  }
}
