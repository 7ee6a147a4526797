package import KafkaWire
import Units

// OffsetCommit. KIP-211 (retention), KIP-345 (static members), KIP-848 (member epochs), KIP-1102 (topic ids).
extension GroupCoordinator {
  /// Commits offsets of a group's member, or of nobody (a simple group). A group without a name may commit too: clients
  /// of old did so, and Apache Kafka has never taken it from them. It can have no members.
  package mutating func commitOffsets(
    _ request: OffsetCommitRequest, from caller: Caller, waiter: Waiter, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    let group = request.groupId
    let claim = CommitClaim(
      group: group, member: request.memberId, instance: request.groupInstanceId,
      generation: request.generationIdOrMemberEpoch, isTransactional: false, version: caller.version)
    let general = refusalOfCommit(claim)
    if general == nil { memberCommitted(claim, context, into: &effects) }
    let expiresAt = request.retentionTimeMs < 0 ? nil : context.wall.advanced(byMs: request.retentionTimeMs)
    var room = CommitRoom(group: group)
    var records: [CoordinatorRecord] = []
    var reply = OffsetCommitResponse()
    for topic in request.topics {
      let byID = caller.version >= 10
      let facts = byID ? context.topics.topic(topic.topicId) : context.topics.topic(named: topic.name)
      let unknown: ErrorCode = byID ? .unknownTopicId : .unknownTopicOrPartition
      var answers: [OffsetCommitResponse.Topic.Partition] = []
      for partition in topic.partitions {
        let refusal = pardon(general, claim, facts, partition.partitionIndex)
        var error = refusal ?? self.refusal(of: partition.committedMetadata)
        if facts == nil { error = unknown }
        if facts?.holds(partition.partitionIndex) == false { error = .unknownTopicOrPartition }
        if error == nil, let facts {
          let offset = CommittedOffset(
            offset: partition.committedOffset, leaderEpoch: partition.committedLeaderEpoch,
            metadata: partition.committedMetadata ?? "", committedAt: context.wall, expiresAt: expiresAt,
            topicID: facts.id)
          let name = PartitionName(topic: facts.name, partition: partition.partitionIndex)
          error = self.refusal(of: offset, of: name, &room)
          if error == nil { records.append(GroupRecord.offset(offset, of: name, in: group)) }
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
    case .consumer(let group): return group.refusalOfCommit(claim)
    }
  }

  /// Whether a member whose epoch is old may commit this partition all the same: it has had it all the while.
  func holds(_ facts: TopicFacts, _ partition: Int32, _ claim: CommitClaim) -> Bool {
    guard let group = groups[claim.group]?.consumer else { return false }
    return group.refusal(
      ofMember: claim.member, instance: claim.instance, epoch: claim.generation,
      hasPartition: group.hasHeld(facts.id, partition, member: claim.member, since: claim.generation)) == nil
  }

  /// A commit of a member is worth to know of.
  mutating func memberCommitted(_ claim: CommitClaim, _ context: CoordinatorContext, into effects: inout Effects) {
    guard groups[claim.group]?.consumer != nil else {
      groups[claim.group]?.classic?.memberCommitted(
        claim.member, isSignOfLife: !claim.isTransactional, context, into: &effects)
      return
    }
    guard !claim.member.isEmpty, let members = groups[claim.group]?.consumer?.state.members else { return }
    groups[claim.group]?.lastCommits[claim.member] = context.wall
    // Those who have left are forgotten now and then.
    guard let known = groups[claim.group]?.lastCommits, known.count > 2 * members.count + 16 else { return }
    groups[claim.group]?.lastCommits = known.filter { members[$0.key] != nil }
  }

  /// `refusal`, unless it is about an old epoch and the member has the partition since then.
  func pardon(_ refusal: ErrorCode?, _ claim: CommitClaim, _ facts: TopicFacts?, _ partition: Int32) -> ErrorCode? {
    guard refusal == .staleMemberEpoch || refusal == .illegalGeneration, let facts else { return refusal }
    return holds(facts, partition, claim) ? nil : refusal
  }
}

extension ConsumerGroup {
  /// Why a member may not commit offsets.
  func refusalOfCommit(_ claim: GroupCoordinator.CommitClaim) -> ErrorCode? {
    // An administrator, while nobody is in; a transaction of a producer that does not say for whom it works.
    if claim.generation < 0, isEmpty { return nil }
    if claim.isTransactional, claim.generation < 0, claim.member.isEmpty, claim.instance == nil { return nil }
    if state.members[claim.member] != nil, !claim.isTransactional, claim.version < 9, !isClassic(claim.member) {
      return .unsupportedVersion
    }
    return refusal(ofMember: claim.member, instance: claim.instance, epoch: claim.generation)
  }
}
