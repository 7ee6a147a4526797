import KafkaWire
import Units

// What ends the life of offsets: time (KIP-211), the end of their topic, a client's wish.
extension GroupCoordinator {
  /// Removes the offsets that nobody has used for too long, and the groups that are left with nothing.
  mutating func expireOffsets(_ context: CoordinatorContext, into effects: inout Effects) {
    effects.arm(.expiry, at: context.now.advanced(byMs: settings.offsetsRetentionCheckIntervalMs))
    for id in groups.keys.sorted() {
      guard let group = groups[id], let rule = group.expiryRule else { continue }
      var expired: [PartitionName] = []
      for (partition, offset) in group.offsets.committed
      where isOver(offset, since: rule, context.wall) && !group.isSubscribed(to: partition.topic) {
        // An open transaction may be about to replace it: it goes with the transaction, or stays.
        if !group.offsets.isStaged(partition) { expired.append(partition) }
      }
      remove(expired.sorted(), of: id, into: &effects)
      dropIfUnused(id, into: &effects)
    }
  }

  private func isOver(_ offset: CommittedOffset, since rule: Group.ExpiryRule, _ now: Timestamp) -> Bool {
    if let end = offset.expiresAt { return now >= end }
    let start =
      switch rule {
      case .sinceCommit: offset.committedAt
      case .since(let moment): moment == .none ? offset.committedAt : moment
      }
    return now >= start.advanced(byMs: settings.offsetsRetentionMs)
  }

  /// Removes a group that has neither members nor offsets.
  private mutating func dropIfUnused(_ id: String, into effects: inout Effects) {
    guard let group = groups[id], group.offsets.isEmpty, group.isVacant else { return }
    removeGroup(id, into: &effects)
  }

  /// Removes offsets, some thousand with each write.
  mutating func remove(_ partitions: [PartitionName], of group: String, into effects: inout Effects) {
    for start in stride(from: 0, to: partitions.count, by: GroupLimits.recordsPerWrite) {
      let some = partitions[start..<min(start + GroupLimits.recordsPerWrite, partitions.count)]
      write(
        some.map { GroupRecord.offset(nil, of: $0, in: group) }, of: group, [.offsets(group: group), .groups],
        into: &effects)
    }
  }

  /// Removes a group without members, with all its records.
  mutating func removeGroup(_ id: String, into effects: inout Effects) {
    remove(groups[id]?.offsets.partitions ?? [], of: id, into: &effects)
    guard let group = groups[id] else { return }
    switch group.membership {
    case .classic(let classic):
      for member in classic.pending.sorted() { effects.cancel(.session(group: id, member: member)) }
      effects.cancel(.join(group: id))
      effects.cancel(.sync(group: id))
      guard classic.record != nil else { return }
      write(
        [GroupRecord.classic(nil as [UInt8]?, of: id)], of: id, [.membership(group: id), .groups], into: &effects)
    case .consumer(let consumer):
      effects.cancel(.assignment(group: id))
      effects.cancel(.patterns(group: id))
      write(consumer.removalRecords(), of: id, [.membership(group: id), .groups], into: &effects)
    }
  }

  /// A topic is gone: so is how far it was read.
  package mutating func topicDeleted(
    _ topic: TopicFacts, _ context: CoordinatorContext, into effects: inout Effects
  ) {
    for id in groups.keys.sorted() {
      let gone = groups[id]?.offsets.partitions.filter { $0.topic == topic.name } ?? []
      remove(gone, of: id, into: &effects)
    }
  }

  /// After a restart: a topic's end and that of its offsets are two units of the journal, and a crash can come between
  /// them. Whoever starts then finds offsets of no living topic, and removes them before a topic of the same name can be
  /// made, which would inherit them.
  mutating func removeStrayOffsets(of id: String, _ topics: any TopicLookup, into effects: inout Effects) {
    let stray = groups[id]?.offsets.strays { partition, offset in
      guard let living = topics.topic(named: partition.topic) else { return true }
      return offset.topicID != .zero && offset.topicID != living.id
    }
    remove(stray ?? [], of: id, into: &effects)
  }
}

extension GroupCoordinator.Group {
  /// From when on the retention of the offsets counts.
  enum ExpiryRule {
    case sinceCommit
    /// Since the group is empty.
    case since(Timestamp)
  }

  /// Nil while nothing may expire: a group that is rebalancing does not know what it will subscribe to (KAFKA-13636).
  var expiryRule: ExpiryRule? {
    switch membership {
    case .classic(let group):
      if group.protocolType == nil { return group.pending.isEmpty ? .sinceCommit : nil }
      if group.state == .empty { return .since(group.stateSince) }
      return group.state == .stable && group.subscribedTopics != nil ? .sinceCommit : nil
    case .consumer: return .sinceCommit
    }
  }

  func isSubscribed(to topic: String) -> Bool {
    switch membership {
    case .classic(let group): group.isSubscribed(to: topic)
    case .consumer(let group): group.isSubscribed(to: topic)
    }
  }

  /// Whether nobody is in it, nor about to be.
  var isVacant: Bool {
    switch membership {
    case .classic(let group): group.state == .empty && group.pending.isEmpty
    case .consumer(let group): group.isEmpty
    }
  }
}
