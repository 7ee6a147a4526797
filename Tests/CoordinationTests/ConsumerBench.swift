import Coordination
import KafkaWire
import Units

/// The topics of a test.
struct ConsumerTopics: TopicLookup {
  var facts: [String: TopicFacts] = [:]
  private var made: UInt64 = 0

  mutating func make(_ name: String, _ count: Int32) {
    made += 1
    facts[name] = TopicFacts(id: UniqueID(high: 7, low: made), name: name, partitionCount: count)
  }

  func topic(named name: String) -> TopicFacts? { facts[name] }
  func topic(_ id: UniqueID) -> TopicFacts? { facts.values.first { $0.id == id } }
  var topicsByName: [TopicFacts] { facts.values.sorted { $0.name < $1.name } }
}

/// A consumer group with its log, its timers and a clock that a test moves.
final class ConsumerBench {
  var group = ConsumerGroup(id: "g")
  var topics = ConsumerTopics()
  var settings = ConsumerGroupSettings()
  var now = Instant(nanoseconds: 0)
  var log: [CoordinatorRecord] = []
  var timers: [CoordinatorTimer: Instant] = [:]
  var work: [PatternWork] = []
  private let ids = Counter()

  final class Counter {
    var value: UInt64 = 0
  }

  var context: CoordinatorContext {
    let ids = ids
    return CoordinatorContext(
      now: now, wall: Timestamp(milliseconds: 1_000_000 + now.nanoseconds / 1_000_000), topics: topics,
      freshID: {
        ids.value += 1
        return UniqueID(high: 9, low: ids.value)
      })
  }

  /// Takes what a call decided; gives back its reply.
  @discardableResult
  func take(_ effects: Effects) -> (any WireMessage)? {
    for write in effects.writes { log += write.records }
    for (timer, due) in effects.timers { timers[timer] = due }
    work += effects.patternWork
    return effects.replies.first?.message
  }

  func send(_ request: ConsumerGroupHeartbeatRequest, version: Int16 = 1) -> ConsumerGroupHeartbeatResponse {
    var effects = Effects()
    group.heartbeat(
      request, from: Caller(clientID: "c", host: "/h", version: version), waiter: Waiter(1), settings, context,
      into: &effects)
    return take(effects) as? ConsumerGroupHeartbeatResponse ?? ConsumerGroupHeartbeatResponse(errorCode: -1)
  }

  func join(
    _ member: String, _ topics: [String]? = ["t"], instance: String? = nil, pattern: String? = nil,
    assignor: String? = nil
  ) -> ConsumerGroupHeartbeatResponse {
    send(
      .init(
        groupId: "g", memberId: member, memberEpoch: 0, instanceId: instance, rebalanceTimeoutMs: 60_000,
        subscribedTopicNames: topics, subscribedTopicRegex: pattern, serverAssignor: assignor, topicPartitions: []))
  }

  /// A heartbeat; `owned` are partitions of the topic `t`.
  func beat(
    _ member: String, _ epoch: Int32, owned: [Int32]? = nil, instance: String? = nil
  ) -> ConsumerGroupHeartbeatResponse {
    let list = owned.map { [ConsumerGroupHeartbeatRequest.TopicPartition(topicId: id("t"), partitions: $0)] }
    return send(
      .init(groupId: "g", memberId: member, memberEpoch: epoch, instanceId: instance, topicPartitions: list))
  }

  func id(_ name: String) -> UniqueID { topics.topic(named: name)?.id ?? .zero }

  /// Moves the clock, firing what falls due on the way, in order.
  func wait(_ milliseconds: Int64) {
    let end = now.advanced(byMs: milliseconds)
    while true {
      let next = timers.filter { $0.value <= end }.min {
        $0.value == $1.value ? "\($0.key)" < "\($1.key)" : $0.value < $1.value
      }
      guard let next else { break }
      timers[next.key] = nil
      now = max(now, next.value)
      var effects = Effects()
      group.timerFired(next.key, settings, context, into: &effects)
      take(effects)
    }
    now = end
  }

  func topicsChanged() {
    var effects = Effects()
    group.topicsChanged(settings, context, into: &effects)
    take(effects)
  }

  func matchPatterns() {
    let due = work
    work = []
    for one in due {
      var effects = Effects()
      group.patternsMatched(one.run(on: topics.topicsByName.map(\.name)), settings, context, into: &effects)
      take(effects)
    }
  }

  /// A server that starts again with what the log says.
  func restart() {
    group = Self.replayed(log)
    timers = [:]
    var effects = Effects()
    group.loaded(settings, context, into: &effects)
    take(effects)
  }

  static func replayed(_ records: [CoordinatorRecord]) -> ConsumerGroup {
    var group = ConsumerGroup(id: "g")
    for record in records { group.replay(record) }
    return group
  }

  /// The last record of each key, in the log's order.
  static func compacted(_ log: [CoordinatorRecord], keepingRemovals: Bool) -> [CoordinatorRecord] {
    var seen: Set<[UInt8]> = []
    let kept = log.reversed().filter { seen.insert($0.key).inserted && (keepingRemovals || $0.value != nil) }
    return kept.reversed()
  }
}

extension ConsumerGroupHeartbeatResponse {
  /// Partition numbers of what the reply assigns, in order; nil for no change.
  var partitions: [Int32]? { assignment.map { $0.topicPartitions.flatMap(\.partitions).sorted() } }
  var error: ErrorCode { ErrorCode(rawValue: errorCode) }
}

/// A small generator with a seed.
struct Dice: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func one(in count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }
}
