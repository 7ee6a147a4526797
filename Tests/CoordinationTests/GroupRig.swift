import Coordination
import KafkaWire
import Units

/// Topics of a test.
struct TopicTable: TopicLookup {
  var byName: [String: TopicFacts] = [:]

  func topic(named name: String) -> TopicFacts? { byName[name] }
  func topic(_ id: UniqueID) -> TopicFacts? { byName.values.first { $0.id == id } }
  var topicsByName: [TopicFacts] { byName.values.sorted { $0.name < $1.name } }
}

/// One step of the log that a coordinator wrote: a record, or the marker of a transaction.
enum LogEntry {
  case record(partition: Int32, CoordinatorRecord, ProducerIdentity?)
  case marker(partition: Int32, ProducerIdentity, committed: Bool)
}

/// A coordinator of groups with a manual clock, timers that a test fires, and the log of all that it wrote.
struct GroupRig {
  var coordinator: GroupCoordinator
  var topics = TopicTable()
  var now = Instant(nanoseconds: 0)
  var wall = Timestamp(milliseconds: 1_000_000)
  var timers: [CoordinatorTimer: Instant] = [:]
  var log: [LogEntry] = []
  var isAnswered: Set<Waiter> = []
  /// Waiters that were answered twice: always a fault.
  var answeredTwice: [Waiter] = []
  private var waiters: UInt64 = 0
  private let ids = Counter()

  final class Counter {
    var value: UInt64 = 0
    func next() -> UInt64 {
      value += 1
      return value
    }
  }

  init(_ settings: GroupCoordinatorSettings = GroupCoordinatorSettings(), topics names: [String] = ["t", "u"]) {
    coordinator = GroupCoordinator(settings: settings)
    for name in names { addTopic(name) }
    perform { $0.loaded($1, into: &$2) }
  }

  var context: CoordinatorContext {
    let ids = ids
    return CoordinatorContext(
      now: now, wall: wall, topics: topics, freshID: { UniqueID(high: 0, low: ids.next()) })
  }

  mutating func addTopic(_ name: String, partitions: Int32 = 4) {
    topics.byName[name] = TopicFacts(
      id: UniqueID(high: 7, low: ids.next()), name: name, partitionCount: partitions)
  }

  mutating func waiter() -> Waiter {
    waiters += 1
    return Waiter(waiters)
  }

  @discardableResult
  mutating func perform(
    _ body: (inout GroupCoordinator, CoordinatorContext, inout Effects) -> Void
  ) -> Effects {
    var effects = Effects()
    body(&coordinator, context, &effects)
    take(effects)
    return effects
  }

  private mutating func take(_ effects: Effects) {
    for write in effects.writes {
      let partition = InternalTopic.partition(of: write.owner, of: coordinator.settings.offsetsTopicPartitions)
      for record in write.records { log.append(.record(partition: partition, record, write.producer)) }
    }
    for (timer, due) in effects.timers { timers[timer] = due }
    for reply in effects.replies where !isAnswered.insert(reply.waiter).inserted {
      answeredTwice.append(reply.waiter)
    }
  }

  /// Ends a producer's transaction in all partitions in which it has staged something.
  @discardableResult
  mutating func end(_ producer: Int64, committed: Bool) -> Effects {
    let identity = ProducerIdentity(id: producer, epoch: 0)
    var all = Effects()
    for partition in 0..<coordinator.settings.offsetsTopicPartitions {
      log.append(.marker(partition: partition, identity, committed: committed))
      let effects = perform {
        $0.transactionEnded(producer: identity, partition: partition, committed: committed, $1, into: &$2)
      }
      if effects.writes.isEmpty { log.removeLast() }
      all.writes += effects.writes
    }
    return all
  }

  mutating func fire(_ timer: CoordinatorTimer) -> Effects {
    let due = timers.removeValue(forKey: timer) ?? now
    move(to: max(now, due))
    return perform { $0.timerFired(timer, $1, into: &$2) }
  }

  /// The timer that is due first, until `end`.
  func nextTimer(until end: Instant) -> CoordinatorTimer? {
    timers.filter { $0.value <= end }.min { ($0.value, "\($0.key)") < ($1.value, "\($1.key)") }?.key
  }

  mutating func move(to moment: Instant) {
    wall = Timestamp(milliseconds: wall.milliseconds + now.milliseconds(until: moment))
    now = moment
  }

  /// Ends the process and starts another one from `loaded`.
  @discardableResult
  mutating func restart(_ loading: GroupCoordinator? = nil) -> Effects {
    coordinator = loading ?? Self.replay(log, coordinator.settings)
    timers = [:]
    return perform { $0.loaded($1, into: &$2) }
  }

  static func replay(
    _ log: some Sequence<LogEntry>, _ settings: GroupCoordinatorSettings, after snapshot: [CoordinatorWrite] = []
  ) -> GroupCoordinator {
    var coordinator = GroupCoordinator(settings: settings)
    for write in snapshot {
      for record in write.records { coordinator.replay(record, producer: write.producer) }
    }
    for entry in log {
      switch entry {
      case .record(_, let record, let producer): coordinator.replay(record, producer: producer)
      case .marker(let partition, let producer, let committed):
        coordinator.replayMarker(producer: producer, partition: partition, committed: committed)
      }
    }
    return coordinator
  }
}

extension GroupRig {
  /// The log as a compaction leaves it: below the first open transaction of a partition only the last record of a key,
  /// nothing of aborted transactions, and no tombstones.
  static func compacted(_ log: [LogEntry]) -> [LogEntry] {
    struct Open: Hashable {
      var partition: Int32
      var producer: Int64
    }
    // Whether the transaction of a record was committed; absent while it is open.
    var outcome: [Int: Bool] = [:]
    var open: [Open: [Int]] = [:]
    for (index, entry) in log.enumerated() {
      switch entry {
      case .record(let partition, _, let producer?):
        open[Open(partition: partition, producer: producer.id), default: []].append(index)
      case .record(_, _, nil): outcome[index] = true
      case .marker(let partition, let producer, let committed):
        for staged in open.removeValue(forKey: Open(partition: partition, producer: producer.id)) ?? [] {
          outcome[staged] = committed
        }
      }
    }
    var firstOpen: [Int32: Int] = [:]
    for (key, indexes) in open {
      firstOpen[key.partition] = min(firstOpen[key.partition] ?? .max, indexes.first ?? .max)
    }
    var last: [[UInt8]: Int] = [:]
    for (index, entry) in log.enumerated() {
      guard case .record(let partition, let record, _) = entry, index < firstOpen[partition] ?? .max,
        outcome[index] == true
      else { continue }
      last[record.key] = index
    }
    return log.enumerated().compactMap { index, entry in
      guard case .record(let partition, let record, _) = entry, index < firstOpen[partition] ?? .max else {
        return entry
      }
      return last[record.key] == index && record.value != nil ? entry : nil
    }
  }
}
