import KafkaWire
import Units

// Loading: the only code that changes durable state, used as well for each record when it is decided.
extension GroupCoordinator {
  /// Applies a record of `__consumer_offsets`. `producer`: whose transaction it belongs to.
  package mutating func replay(_ record: CoordinatorRecord, producer: ProducerIdentity?) {
    switch GroupRecord(record) {
    case .offset(let group, let partition, let offset):
      replay(offset, of: partition, in: group, producer: producer)
    case .classic(let group, .some):
      if groups[group]?.consumer != nil { groups[group]?.membership = .classic(ClassicGroup(id: group)) }
      groups[making: group].classic?.replay(record.value)
    case .classic(let group, .none):
      groups[group]?.classic?.replay(nil)
      forget(group)
    case .consumer(let group): replayConsumer(record, of: group)
    case .other: break
    }
  }

  private mutating func replayConsumer(_ record: CoordinatorRecord, of id: String) {
    if record.value != nil, groups[id]?.consumer == nil {
      groups[making: id].membership = .consumer(ConsumerGroup(id: id))
    }
    guard var group = groups[id]?.takeConsumer() else { return }
    group.replay(record)
    // What is left without a record is a group that only keeps offsets.
    groups[id]?.membership = group.isBlank ? .classic(ClassicGroup(id: id)) : .consumer(group)
    forget(id)
  }

  private mutating func replay(
    _ offset: CommittedOffset?, of partition: PartitionName, in group: String, producer: ProducerIdentity?
  ) {
    guard let offset else {
      groups[group]?.offsets.remove(partition)
      restated[group]?.remove(partition)
      return forget(group)
    }
    if let producer {
      groups[making: group].offsets.stage(offset, of: partition, by: producer.id)
      staging[producer.id, default: []].insert(group)
    } else {
      groups[making: group].offsets.commit(offset, of: partition)
      restated[group]?.remove(partition)
    }
  }

  /// Applies the marker of a producer's transaction in `partition` of the topic. Answers whose offsets changed.
  @discardableResult
  package mutating func replayMarker(
    producer: ProducerIdentity, partition: Int32, committed: Bool
  ) -> [String] {
    let here = (staging[producer.id] ?? []).filter {
      InternalTopic.partition(of: $0, of: settings.offsetsTopicPartitions) == partition
    }
    guard !here.isEmpty else { return [] }
    staging[producer.id]?.subtract(here)
    if staging[producer.id]?.isEmpty == true { staging[producer.id] = nil }
    var changed: [String] = []
    for group in here.sorted() {
      guard let isHeld = groups[group].map({ $0.offsets.staged[producer.id] != nil }), isHeld else { continue }
      changed.append(group)
      let lost = groups[group]?.offsets.end(producer.id, committed: committed) ?? []
      if !lost.isEmpty { restated[group, default: []].formUnion(lost) }
      forget(group)
    }
    return changed
  }

  /// Forgets the groups that `isUnknown` names: not all of their records could be read.
  package mutating func forget(where isUnknown: (_ group: String) -> Bool) {
    let unknown = Set(groups.keys.filter(isUnknown))
    for group in unknown { groups[group] = nil }
    restated = restated.filter { !unknown.contains($0.key) }
    staging = staging.mapValues { $0.subtracting(unknown) }.filter { !$0.value.isEmpty }
  }

  /// Drops a group of which no record is left.
  mutating func forget(_ id: String) {
    guard let group = groups[id], group.offsets.isEmpty, !group.hasRecords else { return }
    groups[id] = nil
    restated[id] = nil
  }
}

extension GroupCoordinator.Group {
  /// A group of which nothing is known yet.
  init(id: String) { membership = .classic(ClassicGroup(id: id)) }

  /// Whether its membership is written down.
  var hasRecords: Bool {
    switch membership {
    case .classic(let group): group.record != nil
    case .consumer(let group): !group.isBlank
    }
  }
}
