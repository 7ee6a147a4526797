import ByteCodec
import Compression
package import Coordination
import LogStore
import Machine
import RecordFormat
import Settings
import Units

extension Engine {
  /// Reads of the internal topics at the start bring so much at a time.
  private static let loadingBytes = 1 << 20

  /// Brings the coordinators to the state that their records say: the checkpoint's snapshot and what was written behind
  /// it, or all of the internal topics where there is no snapshot that can be read. Before the first client.
  func loadCoordinators(_ attachments: [CheckpointAttachment]) {
    applyCoordinatorSettings()
    let covered = replaySnapshot(attachments)
    for topic in InternalTopic.allCases {
      guard let found = catalogue.topic(named: topic.rawValue)?.description else { continue }
      for index in 0..<max(found.partitionCount, 0) {
        let key = PartitionKey(topic: found.id, index: index)
        guard let partition = store.partition(key) else { continue }
        store.prepareAppendWaiting(to: partition)
        replay(partition, of: topic, from: max(covered[key] ?? partition.start, partition.start))
      }
    }
    setAsideUnknown()
    prepareOpenTransactions()
    coordinators.topicsSeen = catalogueChange
    runGroups { groups, context, effects in groups.loaded(context, into: &effects) }
    runTransactions { transactions, context, effects in transactions.loaded(context, into: &effects) }
    store.attachments = { [weak self] in self.map { [$0.coordinatorImage().attachment] } ?? [] }
  }

  /// Of these owners it is known what they once were, not what they are: nothing may be decided about them, be it by a
  /// timer, and no checkpoint says that their records need not be read again.
  private func setAsideUnknown() {
    guard !coordinators.unreadable.isEmpty else { return }
    #if PLANTED_BUGS
      if PlantedBug.is(.unknownDecided) { return }
    #endif
    let (isUnknownGroup, isUnknownID) = (isUnknown(of: .consumerOffsets), isUnknown(of: .transactionState))
    coordinators.groups.forget(where: isUnknownGroup)
    coordinators.transactions.forget(where: isUnknownID)
  }

  /// Tells the owners whose records lie in a partition of `topic` that cannot be read, as of now.
  private func isUnknown(of topic: InternalTopic) -> (_ owner: String) -> Bool {
    guard let id = catalogue.id(of: topic.rawValue) else { return { _ in false } }
    let (unreadable, count) = (coordinators.unreadable, partitionCount(of: topic))
    return { unreadable.contains(PartitionKey(topic: id, index: InternalTopic.partition(of: $0, of: count))) }
  }

  /// Transactions that the start found open may end without another record: by a timer, by whoever fences their producer.
  /// Their markers go on in the segments there are, whose indexes are made now.
  private func prepareOpenTransactions() {
    var open = Set(store.state.partitions.values.filter { $0.stableEnd < $0.durable.end }.map(\.key))
    for topic in coordinators.transactions.openPartitions {
      guard let id = catalogue.id(of: topic.topic) else { continue }
      open.formUnion(topic.indexes.map { PartitionKey(topic: id, index: $0) })
    }
    for partition in open.sorted().compactMap(store.partition) { store.prepareAppendWaiting(to: partition) }
  }

  /// The state of all coordinators as of now, for a checkpoint.
  package func coordinatorImage() -> CoordinatorImage {
    var covered: [CoordinatorSnapshot.Covered] = []
    for topic in InternalTopic.allCases {
      guard let found = catalogue.topic(named: topic.rawValue)?.description else { continue }
      for index in 0..<max(found.partitionCount, 0) {
        let key = PartitionKey(topic: found.id, index: index)
        guard let partition = store.partition(key), !coordinators.unreadable.contains(key) else { continue }
        let end = partition.end
        if end.value > 0 { covered.append(CoordinatorSnapshot.Covered(partition: key, end: end)) }
      }
    }
    return CoordinatorImage(covered: covered, groups: coordinators.groups, transactions: coordinators.transactions)
  }

  /// Takes in the checkpoint's snapshot, and answers how far it reaches; nothing where there is none to read.
  private func replaySnapshot(_ attachments: [CheckpointAttachment]) -> [PartitionKey: Offset] {
    guard let attachment = attachments.first(where: { $0.name == CoordinatorSnapshot.name }) else {
      coordinators.loading.fullReplayReason = "the checkpoint holds no snapshot of them"
      return [:]
    }
    guard attachment.version == CoordinatorSnapshot.version,
      let snapshot = try? CoordinatorSnapshot(attachment.content)
    else {
      coordinators.loading.fullReplayReason = "the checkpoint's snapshot of them cannot be read by this version"
      return [:]
    }
    for write in snapshot.writes {
      #if PLANTED_BUGS
        if PlantedBug.is(.stagedForgotten), write.producer != nil { continue }
      #endif
      coordinators.loading.snapshotRecords += write.records.count
      for record in write.records { replay(record, of: write.topic, producer: write.producer) }
    }
    #if PLANTED_BUGS
      if PlantedBug.is(.snapshotReachesTooFar) {
        let further = snapshot.covered.map { ($0.partition, $0.end.advanced(by: 1)) }
        return Dictionary(further, uniquingKeysWith: { max($0, $1) })
      }
    #endif
    return Dictionary(snapshot.covered.map { ($0.partition, $0.end) }, uniquingKeysWith: { max($0, $1) })
  }

  private func replay(_ partition: PartitionLog, of topic: InternalTopic, from start: Offset) {
    var offset = start
    while offset < partition.durable.end {
      switch store.readWaiting(partition, from: offset, maxBytes: Self.loadingBytes) {
      case .batches(let bytes, let next, _):
        guard next > offset else { return unreadable(partition, at: offset, "nothing can be read there") }
        do throws(WireError) {
          try replay(bytes, of: topic, in: partition.key.index, from: offset)
        } catch {
          return unreadable(partition, at: offset, "a record there cannot be decoded")
        }
        offset = next
      case .damaged(_, _, let reason): return unreadable(partition, at: offset, reason)
      case .gone, .notCached, .range: return unreadable(partition, at: offset, "the disk does not answer")
      }
    }
  }

  private func unreadable(_ partition: PartitionLog, at offset: Offset, _ reason: String) {
    coordinators.unreadable.insert(partition.key)
    let name = catalogue.topic(partition.key.topic)?.description.name ?? ""
    coordinators.loading.unreadable.append("\(name)-\(partition.key.index) from offset \(offset.value) on: \(reason)")
  }

  private func replay(
    _ bytes: ByteSlice, of topic: InternalTopic, in partition: Int32, from start: Offset
  ) throws(WireError) {
    var walk = RecordBatchWalk(bytes)
    while let view = try walk.next() {
      let header = view.header
      let producer =
        header.isTransactional ? ProducerIdentity(id: header.producerID, epoch: header.producerEpoch) : nil
      var reader = try RecordReader(view, scratch: scratch)
      while let record = try reader.next() {
        guard record.offset >= start, let key = record.key else { continue }
        coordinators.loading.logRecords += 1
        #if PLANTED_BUGS
          if PlantedBug.is(.markerIgnoredAtStart), header.isControl { continue }
        #endif
        if header.isControl {
          guard topic == .consumerOffsets, let producer else { continue }
          let marker = try TransactionMarker(record)
          coordinators.groups.replayMarker(
            producer: producer, partition: partition, committed: marker.kind == .commit)
        } else {
          let record = CoordinatorRecord(key: key.copy(), value: record.value?.copy())
          replay(record, of: topic, producer: producer)
        }
      }
    }
  }

  private func replay(_ record: CoordinatorRecord, of topic: InternalTopic, producer: ProducerIdentity?) {
    #if PLANTED_BUGS
      let producer = PlantedBug.is(.stagedCountsAtOnce) ? nil : producer
    #endif
    switch topic {
    case .consumerOffsets: coordinators.groups.replay(record, producer: producer)
    case .transactionState: coordinators.transactions.replay(record)
    }
  }

  /// Gives the machines the settings in force.
  func applyCoordinatorSettings() {
    let limits = settings.groups
    var fresh = GroupCoordinatorSettings()
    fresh.minSessionTimeoutMs = limits.minSessionTimeoutMs
    fresh.maxSessionTimeoutMs = limits.maxSessionTimeoutMs
    fresh.initialRebalanceDelayMs = limits.initialRebalanceDelayMs
    fresh.maxSize = limits.maxSize
    fresh.offsetMetadataMaxBytes = limits.offsetMetadataMaxBytes
    fresh.offsetsRetentionMs = limits.offsetsRetentionMs
    fresh.offsetsRetentionCheckIntervalMs = limits.offsetsRetentionCheckIntervalMs
    fresh.offsetsTopicPartitions = partitionCount(of: .consumerOffsets)
    fresh.servesConsumerGroups = limits.protocols.contains("consumer")
    fresh.allowsUpgrade = ["bidirectional", "upgrade"].contains(limits.consumerMigrationPolicy)
    fresh.allowsDowngrade = ["bidirectional", "downgrade"].contains(limits.consumerMigrationPolicy)
    fresh.consumer = consumerSettings(overrides: [:])
    for (resource, overrides) in catalogue.settings where resource.kind == .group {
      fresh.consumerOverrides[resource.name] = consumerSettings(overrides: overrides)
    }
    coordinators.groups.settings = fresh
    coordinators.transactions.settings.maxTimeoutMs = settings.transactions.maxTimeoutMs
    coordinators.transactions.settings.idExpirationMs = Int64(settings.transactions.idExpirationMs)
    coordinators.transactions.settings.isTwoPhaseCommitAllowed = settings.transactions.isTwoPhaseCommitAllowed
    coordinators.transactions.settings.isPartitionVerified = settings.transactions.isPartitionVerified
  }

  /// Gives the machine what one group has set, after a change of that: the others' settings are not looked at.
  func applySettings(ofGroup name: String) {
    let overrides = catalogue.settings[ConfiguredResource(kind: .group, name: name)]
    coordinators.groups.settings.consumerOverrides[name] = overrides.map(consumerSettings)
  }

  /// What a consumer group obeys that has these settings of its own.
  private func consumerSettings(overrides: [String: String]) -> ConsumerGroupSettings {
    let group = GroupSettings(overrides, layers: layers).consumer
    var fresh = ConsumerGroupSettings()
    fresh.heartbeatIntervalMs = group.heartbeatIntervalMs
    fresh.sessionTimeoutMs = group.sessionTimeoutMs
    fresh.assignmentIntervalMs = group.assignmentIntervalMs
    fresh.patternRefreshIntervalMs = settings.groups.consumerPatternRefreshMs
    fresh.maxSize = settings.groups.consumerMaxSize
    let assignors = settings.groups.consumerAssignors.compactMap { Assignor(rawValue: $0) }
    if !assignors.isEmpty { fresh.assignors = assignors }
    return fresh
  }

  /// Whether the records that decide about `owners` could all be read.
  package func canServe(_ owners: [String], of topic: InternalTopic) -> Bool {
    coordinators.unreadable.isEmpty || !owners.contains(where: isUnknown(of: topic))
  }
}
