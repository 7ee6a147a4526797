package import KafkaWire
import Units

// Offsets that count when a transaction commits (KIP-98, KIP-447).
extension GroupCoordinator {
  /// TxnOffsetCommit: stages offsets in the open transaction of the request's producer. That the transaction is open and
  /// holds the group's partition has been seen to.
  package mutating func stageOffsets(
    _ request: TxnOffsetCommitRequest, from caller: Caller, waiter: Waiter, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    let group = request.groupId
    let claim = CommitClaim(
      group: group, member: request.memberId, instance: request.groupInstanceId, generation: request.generationId,
      isTransactional: true, version: caller.version)
    let refused = refusalOfCommit(claim)
    let general = refused == .staleMemberEpoch ? .illegalGeneration : refused
    if general == nil { memberCommitted(claim, context, into: &effects) }
    var room = CommitRoom(group: group, producer: request.producerId)
    var records: [CoordinatorRecord] = []
    var reply = TxnOffsetCommitResponse()
    for topic in request.topics {
      let facts = context.topics.topic(named: topic.name)
      var answers: [TxnOffsetCommitResponse.Topic.Partition] = []
      for partition in topic.partitions {
        let refusal = pardon(general, claim, facts, partition.partitionIndex)
        var error = refusal ?? self.refusal(of: partition.committedMetadata)
        if facts?.holds(partition.partitionIndex) != true { error = .unknownTopicOrPartition }
        if error == nil, let facts {
          let offset = CommittedOffset(
            offset: partition.committedOffset, leaderEpoch: partition.committedLeaderEpoch,
            metadata: partition.committedMetadata ?? "", committedAt: context.wall, topicID: facts.id)
          let name = PartitionName(topic: facts.name, partition: partition.partitionIndex)
          error = self.refusal(of: offset, of: name, &room)
          if error == nil { records.append(GroupRecord.offset(offset, of: name, in: group)) }
        }
        answers.append(.init(partitionIndex: partition.partitionIndex, errorCode: (error ?? .none).rawValue))
      }
      reply.topics.append(.init(name: topic.name, partitions: answers))
    }
    committedOffsets += UInt64(records.count)
    write(
      records, of: group, [.offsets(group: group), .groups],
      by: ProducerIdentity(id: request.producerId, epoch: request.producerEpoch), into: &effects)
    effects.reply(to: waiter, reply, sees: [.membership(group: group), .offsets(group: group)])
  }

  /// The transaction of `producer` has ended: its marker is written to `partition` of `__consumer_offsets`.
  ///
  /// The writes that come out belong to the marker's journal unit, behind the marker. A write without records only says
  /// which marks move with the marker. One with records states offsets again that another record had overtaken in the
  /// log: they count from the marker on, but a compaction would keep the later record.
  package mutating func transactionEnded(
    producer: ProducerIdentity, partition: Int32, committed: Bool, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    for group in replayMarker(producer: producer, partition: partition, committed: committed) {
      let marks: [CoordinatorMark] = [.offsets(group: group), .groups]
      let records = restatements(of: group)
      guard records.isEmpty else {
        write(records, of: group, marks, into: &effects)
        continue
      }
      effects.writes.append(
        CoordinatorWrite(topic: .consumerOffsets, owner: group, records: [], marks: marks))
    }
  }

  /// The records that a compaction needs to keep the offsets of `group` as they are.
  func restatements(of group: String) -> [CoordinatorRecord] {
    guard let lost = restated[group], let offsets = groups[group]?.offsets.committed else { return [] }
    return lost.sorted().compactMap { partition in
      offsets[partition].map { GroupRecord.offset($0, of: partition, in: group) }
    }
  }
}
