import KafkaWire
import Units

extension ConsumerGroup {
  /// Whether the target assignment is behind the group.
  var isTargetDue: Bool { !isEmpty && ((state.epoch ?? 0) > (state.targetEpoch ?? 0) || hasUnassigned) }

  /// Raises the group's epoch, and takes the topics' sizes as they are now.
  mutating func bump(_ rebalance: Rebalance, _ context: CoordinatorContext, _ draft: inout Draft) {
    let epoch = state.epoch ?? 0
    put(
      .group(
        ConsumerGroupMetadataValue(
          epoch: epoch == .max ? epoch : epoch + 1, metadataHash: metadataHash(context.topics))), &draft)
    lastRebalance = rebalance
  }

  /// Before epochs run out, all members are sent back to join again, and the group begins at the start.
  mutating func dissolveIfExhausted(_ draft: inout Draft, into effects: inout Effects) {
    guard let epoch = state.epoch, epoch >= Self.lastEpoch else { return }
    for member in state.memberIDs { remove(member, &draft, into: &effects) }
    put(.targetEpoch(nil), &draft)
    put(.group(ConsumerGroupMetadataValue(epoch: 0, metadataHash: 0)), &draft)
  }

  /// The names of the topics that a member subscribes to, by name and by pattern.
  func subscription(of member: ConsumerMember) -> Set<String> {
    var names = Set(member.topics)
    if let pattern = member.pattern, let resolved = state.patterns[pattern] { names.formUnion(resolved.topics) }
    return names
  }

  /// The existing topics that somebody subscribes to, by name.
  func subscribedTopics(_ topics: any TopicLookup) -> [TopicFacts] {
    var names: Set<String> = []
    for member in state.members.values {
      names.formUnion(member.topics)
      if let pattern = member.pattern, let resolved = state.patterns[pattern] { names.formUnion(resolved.topics) }
    }
    return names.sorted().compactMap { topics.topic(named: $0) }
  }

  /// The subscribed topics in one number, which another one of is needed when one appears, grows or goes: FNV-1a over
  /// names, ids and sizes. Never 0, which means none.
  func metadataHash(_ topics: any TopicLookup) -> Int64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    func add(_ word: UInt64) {
      for shift in stride(from: 0, to: 64, by: 8) { add(UInt8(truncatingIfNeeded: word >> UInt64(shift))) }
    }
    for topic in subscribedTopics(topics) {
      for byte in topic.name.utf8 { add(byte) }
      add(0 as UInt8)
      add(topic.id.high)
      add(topic.id.low)
      add(UInt64(bitPattern: Int64(topic.partitionCount)))
    }
    return hash == 0 ? 1 : Int64(bitPattern: hash)
  }

  /// Computes the target assignment when it is due: at once, or once the interval since the last time is over. A member
  /// that joins in between is let in without partitions, under an epoch of its own.
  mutating func assignIfDue(
    joining member: String? = nil, _ settings: ConsumerGroupSettings, _ context: CoordinatorContext,
    _ draft: inout Draft, into effects: inout Effects
  ) {
    guard isTargetDue else { return }
    let due = lastAssigned?.advanced(byMs: Int64(settings.assignmentIntervalMs)) ?? context.now
    if state.targetEpoch == nil || state.members.count == 1 || due <= context.now {
      assign(settings, context, &draft)
      effects.cancel(.assignment(group: id))
      return
    }
    effects.arm(.assignment(group: id), at: due)
    if member != nil, let epoch = state.epoch, epoch != state.targetEpoch {
      put(.targetEpoch(.init(assignmentEpoch: epoch, assignmentTimestamp: state.targetTimestamp)), &draft)
    }
  }

  private mutating func assign(
    _ settings: ConsumerGroupSettings, _ context: CoordinatorContext, _ draft: inout Draft
  ) {
    if state.epoch == state.targetEpoch {
      bump(lastRebalance ?? Rebalance(.joined), context, &draft)
    }
    let topics = subscribedTopics(context.topics)
    let places = Dictionary(zip(topics.map(\.name), topics.indices), uniquingKeysWith: { first, _ in first })
    let ids = state.memberIDs
    let members = ids.map { id in
      let member = state.members[id] ?? ConsumerMember()
      return Assignor.Member(
        id: id, instanceID: member.instanceID, topics: subscription(of: member).compactMap { places[$0] }.sorted(),
        previous: state.target[id] ?? [])
    }
    let shares = assignor(settings).assign(
      topics.map { Assignor.Topic(id: $0.id, partitionCount: $0.partitionCount) }, to: members)
    for (id, share) in zip(ids, shares) where state.target[id] != share { put(.target(id, share), &draft) }
    put(
      .targetEpoch(
        .init(assignmentEpoch: state.epoch ?? 0, assignmentTimestamp: context.wall.milliseconds)), &draft)
    lastAssigned = context.now
    hasUnassigned = false
  }

  /// The assignor most members vote for; the settings' first without votes, and in a tie the first by name.
  func assignor(_ settings: ConsumerGroupSettings) -> Assignor {
    var votes: [String: Int] = [:]
    for name in state.members.values.compactMap(\.assignor) { votes[name, default: 0] += 1 }
    let winner = votes.max { $0.value == $1.value ? $0.key > $1.key : $0.value < $1.value }
    return winner.flatMap { Assignor(rawValue: $0.key) } ?? settings.assignors.first ?? .uniform
  }

  /// Topics were made, extended or deleted: the group's epoch goes up where it subscribes to them.
  package mutating func topicsChanged(
    _ settings: ConsumerGroupSettings, _ context: CoordinatorContext, into effects: inout Effects
  ) {
    guard !isEmpty else { return }
    matchPatterns(settings, context, into: &effects)
    var draft = Draft()
    compareTopics(context, &draft)
    assignIfDue(settings, context, &draft, into: &effects)
    finish(draft, into: &effects)
  }

  /// Raises the group's epoch if its topics are not as they were.
  mutating func compareTopics(_ context: CoordinatorContext, _ draft: inout Draft) {
    if metadataHash(context.topics) != state.metadataHash {
      bump(Rebalance(.topics), context, &draft)
    }
  }
}
