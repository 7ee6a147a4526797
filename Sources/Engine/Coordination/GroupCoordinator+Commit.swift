package import KafkaWire
import Units

// OffsetCommit. KIP-211 (retention), KIP-345 (static members), KIP-848 (member epochs), KIP-1102 (topic ids).
extension GroupCoordinator {
  /// Commits offsets of a group's member, or of nobody (a simple group).
  package mutating func commitOffsets(
    _ request: OffsetCommitRequest, from caller: Caller, waiter: Waiter, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    let group = request.groupId
    let refusal = refusalOfCommit(
      CommitClaim(
        group: group, member: request.memberId, instance: request.groupInstanceId,
        generation: request.generationIdOrMemberEpoch, isTransactional: false, version: caller.version))
    if refusal == nil {
      groups[group]?.classic?.memberCommitted(request.memberId, context, into: &effects)
    }
    let expiresAt = request.retentionTimeMs < 0 ? nil : context.wall.advanced(byMs: request.retentionTimeMs)
    var records: [CoordinatorRecord] = []
    var reply = OffsetCommitResponse()
    for topic in request.topics {
      let byID = caller.version >= 10
      let facts = byID ? context.topics.topic(topic.topicId) : context.topics.topic(named: topic.name)
      let unknown: ErrorCode = byID ? .unknownTopicId : .unknownTopicOrPartition
      var answers: [OffsetCommitResponse.Topic.Partition] = []
      for partition in topic.partitions {
        var error = facts == nil ? unknown : refusal ?? self.refusal(of: partition.committedMetadata)
        if error == nil, let facts {
          let offset = CommittedOffset(
            offset: partition.committedOffset, leaderEpoch: partition.committedLeaderEpoch,
            metadata: partition.committedMetadata ?? "", committedAt: context.wall, expiresAt: expiresAt,
            topicID: facts.id)
          let name = PartitionName(topic: facts.name, partition: partition.partitionIndex)
          if hasRoom(for: name, in: group, beside: records.count) {
            records.append(GroupRecord.offset(offset, of: name, in: group))
          } else {
            error = .policyViolation
          }
        }
        answers.append(
          .init(partitionIndex: partition.partitionIndex, errorCode: (error ?? .none).rawValue))
      }
      reply.topics.append(.init(topicId: topic.topicId, name: topic.name, partitions: answers))
    }
    committedOffsets += UInt64(records.count)
    write(records, of: group, [.offsets(group: group), .groups], into: &effects)
    effects.reply(to: waiter, reply, sees: [.membership(group: group), .offsets(group: group)])
  }

  /// Why a client's note cannot be kept.
  func refusal(of metadata: String?) -> ErrorCode? {
    // Kafka counts UTF-16 units, whatever the setting's name says.
    (metadata?.utf16.count ?? 0) > Int(settings.offsetMetadataMaxBytes) ? .offsetMetadataTooLarge : nil
  }

  /// Whether `group` may hold an offset of `partition`, with `pending` others to come.
  func hasRoom(for partition: PartitionName, in group: String, beside pending: Int) -> Bool {
    guard let offsets = groups[group]?.offsets else { return hasRoom }
    return offsets.committed[partition] != nil || offsets.count + pending < GroupLimits.offsets
  }

  /// Who claims to commit.
  struct CommitClaim {
    var group: String
    var member: String
    var instance: String?
    var generation: Int32
    var isTransactional: Bool
    var version: Int16
  }

  /// Why a member may not commit.
  func refusalOfCommit(_ claim: CommitClaim) -> ErrorCode? {
    guard let group = groups[claim.group] else {
      if claim.generation < 0 { return nil }
      return claim.version >= 9 && !claim.isTransactional ? .groupIdNotFound : .illegalGeneration
    }
    switch group.membership {
    case .classic(let group): return group.refusalOfCommit(claim)
    }
  }
}
