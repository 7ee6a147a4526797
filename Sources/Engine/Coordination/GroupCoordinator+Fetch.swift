package import KafkaWire
import Units

// OffsetFetch: one group up to version 7, many from version 8 on; topic ids from version 10 on.
extension GroupCoordinator {
  /// Answers how far groups have read. What was never committed is offset -1, not an error.
  package func fetchOffsets(
    _ request: OffsetFetchRequest, from caller: Caller, waiter: Waiter, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    var reply = OffsetFetchResponse()
    var sees: [CoordinatorMark] = []
    if caller.version >= 8 {
      for wanted in request.groups {
        sees += [.membership(group: wanted.groupId), .offsets(group: wanted.groupId)]
        reply.groups.append(
          fetch(wanted, stable: request.requireStable, byID: caller.version >= 10, context.topics))
      }
    } else {
      let topics = request.topics.map { topics in
        topics.map { OffsetFetchRequest.Group.Topic(name: $0.name, partitionIndexes: $0.partitionIndexes) }
      }
      let wanted = OffsetFetchRequest.Group(groupId: request.groupId, topics: topics)
      sees = [.membership(group: wanted.groupId), .offsets(group: wanted.groupId)]
      let answer = fetch(wanted, stable: request.requireStable, byID: false, context.topics)
      reply.topics = answer.topics.map { topic in
        OffsetFetchResponse.Topic(
          name: topic.name,
          partitions: topic.partitions.map { partition in
            OffsetFetchResponse.Topic.Partition(
              partitionIndex: partition.partitionIndex, committedOffset: partition.committedOffset,
              committedLeaderEpoch: partition.committedLeaderEpoch, metadata: partition.metadata,
              errorCode: partition.errorCode)
          })
      }
      reply.errorCode = answer.errorCode
    }
    effects.reply(to: waiter, reply, sees: sees)
  }

  private func fetch(
    _ wanted: OffsetFetchRequest.Group, stable: Bool, byID: Bool, _ topics: any TopicLookup
  ) -> OffsetFetchResponse.Group {
    var reply = OffsetFetchResponse.Group(groupId: wanted.groupId)
    if let refusal = refusalOfFetch(wanted) {
      reply.errorCode = refusal.rawValue
      return reply
    }
    let offsets = groups[wanted.groupId]?.offsets ?? GroupOffsets()
    for topic in wanted.topics ?? everything(in: offsets, byID: byID, topics) {
      let name = byID ? topics.topic(topic.topicId)?.name : topic.name
      let partitions = topic.partitionIndexes.map { index -> OffsetFetchResponse.Group.Topic.Partition in
        guard let name else { return Self.nothing(of: index, .unknownTopicId) }
        let partition = PartitionName(topic: name, partition: index)
        if stable, offsets.isStaged(partition) { return Self.nothing(of: index, .unstableOffsetCommit) }
        guard let offset = offsets.committed[partition] else { return Self.nothing(of: index, .none) }
        // An offset of an earlier topic of this name says nothing about this one.
        if byID, offset.topicID != .zero, offset.topicID != topic.topicId { return Self.nothing(of: index, .none) }
        return .init(
          partitionIndex: index, committedOffset: offset.offset, committedLeaderEpoch: offset.leaderEpoch,
          metadata: offset.metadata)
      }
      reply.topics.append(.init(topicId: topic.topicId, name: topic.name, partitions: partitions))
    }
    return reply
  }

  /// All partitions with an offset, as a request for them.
  private func everything(
    in offsets: GroupOffsets, byID: Bool, _ topics: any TopicLookup
  ) -> [OffsetFetchRequest.Group.Topic] {
    var all: [OffsetFetchRequest.Group.Topic] = []
    for partition in offsets.committed.keys.sorted() {
      if all.last?.name != partition.topic {
        let id = byID ? topics.topic(named: partition.topic)?.id : .zero
        // A topic that is gone has no id to answer with.
        guard let id else { continue }
        all.append(.init(topicId: id, name: partition.topic))
      }
      all[all.count - 1].partitionIndexes.append(partition.partition)
    }
    return all
  }

  private static func nothing(of index: Int32, _ error: ErrorCode) -> OffsetFetchResponse.Group.Topic.Partition {
    .init(partitionIndex: index, committedOffset: -1, committedLeaderEpoch: -1, metadata: "", errorCode: error.rawValue)
  }

  /// Why a member may not ask. Only members of consumer groups say who they are.
  private func refusalOfFetch(_ wanted: OffsetFetchRequest.Group) -> ErrorCode? {
    guard let group = groups[wanted.groupId] else { return nil }
    switch group.membership {
    case .classic: return nil
    case .consumer(let group):
      guard let member = wanted.memberId, !member.isEmpty || wanted.memberEpoch >= 0 else { return nil }
      return group.refusal(ofMember: member, instance: nil, epoch: wanted.memberEpoch)
    }
  }
}
