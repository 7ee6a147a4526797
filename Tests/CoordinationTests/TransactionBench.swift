import Coordination
import KafkaWire
import Testing
import Units

/// A transaction coordinator with a world around it: topics, a clock, producer ids, and what a runtime would keep.
struct TransactionBench {
  struct Topics: TopicLookup {
    var topicsByName: [TopicFacts] = ["__consumer_offsets", "a", "b"].enumerated().map {
      TopicFacts(
        id: UniqueID(high: 0, low: UInt64($0.offset + 1)), name: $0.element, partitionCount: $0.offset == 0 ? 50 : 3)
    }

    func topic(named name: String) -> TopicFacts? { topicsByName.first { $0.name == name } }
    func topic(_ id: UniqueID) -> TopicFacts? { topicsByName.first { $0.id == id } }
  }

  final class IDs {
    var next: Int64 = 1_000
    var isEmpty = false
  }

  var machine = TransactionCoordinator()
  var now = Instant(nanoseconds: 0)
  var wall = Timestamp(milliseconds: 1_700_000_000_000)
  let ids = IDs()
  /// All records written, in order.
  var log: [CoordinatorRecord] = []
  var ends: [TransactionEnd] = []
  var timers: [CoordinatorTimer: Instant] = [:]
  /// What the last reply shows.
  var seen: [CoordinatorMark] = []
  private var waiters: UInt64 = 0

  var context: CoordinatorContext {
    let ids = ids
    return CoordinatorContext(
      now: now, wall: wall, topics: Topics(), freshID: { UniqueID(high: 1, low: 1) },
      freshProducerID: {
        guard !ids.isEmpty else { return nil }
        ids.next += 1
        return ids.next
      })
  }

  mutating func advance(byMs milliseconds: Int64) {
    now = now.advanced(byMs: milliseconds)
    wall = Timestamp(milliseconds: wall.milliseconds + milliseconds)
  }

  /// Does what a runtime does with effects.
  mutating func take(_ effects: Effects) {
    for write in effects.writes {
      #expect(write.topic == .transactionState)
      #expect(write.marks == [.transaction(write.owner)])
      log += write.records
    }
    for end in effects.ends {
      log += end.write.records
      ends.append(end)
    }
    for (timer, due) in effects.timers { timers[timer] = due }
  }

  private mutating func call<Message: WireMessage>(
    version: Int16, as type: Message.Type,
    _ body: (inout TransactionCoordinator, Caller, Waiter, CoordinatorContext, inout Effects) -> Void
  ) throws -> Message {
    waiters += 1
    var effects = Effects()
    let caller = Caller(clientID: "c", host: "/127.0.0.1", version: version)
    body(&machine, caller, Waiter(waiters), context, &effects)
    take(effects)
    let reply = try #require(effects.replies.first)
    #expect(effects.replies.count == 1 && reply.waiter == Waiter(waiters))
    seen = reply.sees
    return try #require(reply.message as? Message)
  }

  mutating func initialise(
    _ id: String? = "t", _ expected: ProducerIdentity? = nil, timeoutMs: Int32 = 60_000, version: Int16 = 5,
    change: (inout InitProducerIdRequest) -> Void = { _ in }
  ) throws -> InitProducerIdResponse {
    var request = InitProducerIdRequest(
      transactionalId: id, transactionTimeoutMs: timeoutMs, producerId: expected?.id ?? -1,
      producerEpoch: expected?.epoch ?? -1)
    change(&request)
    return try call(version: version, as: InitProducerIdResponse.self) { machine, caller, waiter, context, effects in
      machine.initProducerID(request, from: caller, waiter: waiter, context, into: &effects)
    }
  }

  /// The identity that InitProducerId gives.
  mutating func begin(_ id: String = "t", _ expected: ProducerIdentity? = nil) throws -> ProducerIdentity {
    let reply = try initialise(id, expected)
    try #require(reply.errorCode == 0)
    return ProducerIdentity(id: reply.producerId, epoch: reply.producerEpoch)
  }

  mutating func add(
    _ producer: ProducerIdentity, _ topics: [(String, [Int32])], id: String = "t", version: Int16 = 3
  ) throws -> [Int16] {
    let request = AddPartitionsToTxnRequest(
      v3AndBelowTransactionalId: id, v3AndBelowProducerId: producer.id, v3AndBelowProducerEpoch: producer.epoch,
      v3AndBelowTopics: topics.map { .init(name: $0.0, partitions: $0.1) })
    let reply = try call(version: version, as: AddPartitionsToTxnResponse.self) {
      machine, caller, waiter, context, effects in
      machine.addPartitions(request, from: caller, waiter: waiter, context, into: &effects)
    }
    return reply.resultsByTopicV3AndBelow.flatMap { $0.resultsByPartition.map(\.partitionErrorCode) }
  }

  mutating func addBatched(_ items: [AddPartitionsToTxnRequest.Transaction]) throws -> [[Int16]] {
    let reply = try call(version: 5, as: AddPartitionsToTxnResponse.self) { machine, caller, waiter, context, effects in
      machine.addPartitions(
        AddPartitionsToTxnRequest(transactions: items), from: caller, waiter: waiter, context, into: &effects)
    }
    return reply.resultsByTransaction.map {
      $0.topicResults.flatMap { $0.resultsByPartition.map(\.partitionErrorCode) }
    }
  }

  mutating func addOffsets(_ producer: ProducerIdentity, group: String, version: Int16 = 4) throws -> Int16 {
    let request = AddOffsetsToTxnRequest(
      transactionalId: "t", producerId: producer.id, producerEpoch: producer.epoch, groupId: group)
    return try call(version: version, as: AddOffsetsToTxnResponse.self) { machine, caller, waiter, context, effects in
      machine.addOffsets(request, from: caller, waiter: waiter, context, into: &effects)
    }.errorCode
  }

  mutating func enter(
    _ producer: ProducerIdentity, _ topic: String, _ index: Int32, _ entry: TransactionEntry, id: String = "t"
  ) -> ErrorCode {
    var effects = Effects()
    let code = machine.enter(
      id, producer, [TransactionPartitions(topic: topic, indexes: [index])], entry, context, into: &effects)
    take(effects)
    return code
  }

  mutating func end(
    _ producer: ProducerIdentity, commits: Bool = true, id: String = "t", version: Int16
  ) throws -> EndTxnResponse {
    let request = EndTxnRequest(
      transactionalId: id, producerId: producer.id, producerEpoch: producer.epoch, committed: commits)
    return try call(version: version, as: EndTxnResponse.self) { machine, caller, waiter, context, effects in
      machine.endTransaction(request, from: caller, waiter: waiter, context, into: &effects)
    }
  }

  mutating func list(
    _ request: ListTransactionsRequest, matching: ((String) -> Bool)? = nil
  ) throws -> ListTransactionsResponse {
    try call(version: 2, as: ListTransactionsResponse.self) { machine, caller, waiter, context, effects in
      machine.listTransactions(request, from: caller, waiter: waiter, matching: matching, context, into: &effects)
    }
  }

  mutating func describe(_ ids: [String]) throws -> [DescribeTransactionsResponse.TransactionState] {
    try call(version: 0, as: DescribeTransactionsResponse.self) { machine, caller, waiter, context, effects in
      machine.describeTransactions(
        DescribeTransactionsRequest(transactionalIds: ids), from: caller, waiter: waiter, context, into: &effects)
    }.transactionStates
  }

  mutating func fire(_ timer: CoordinatorTimer) {
    timers[timer] = nil
    var effects = Effects()
    machine.timerFired(timer, context, into: &effects)
    take(effects)
  }

  /// Takes `producer` to an epoch by way of fencing, as instances that start one after the other do.
  mutating func raise(to epoch: Int16) throws -> ProducerIdentity {
    var producer = try begin()
    while producer.epoch < epoch { producer = try begin() }
    return producer
  }

  /// The state that a list of records gives.
  static func replayed(_ records: [CoordinatorRecord]) -> [String: Transaction] {
    var machine = TransactionCoordinator()
    for record in records { #expect(machine.replay(record) == true) }
    return machine.transactions
  }

  /// What compaction leaves of the log: the last record of each key.
  static func compacted(_ records: [CoordinatorRecord]) -> [CoordinatorRecord] {
    var last: [[UInt8]: Int] = [:]
    for (at, record) in records.enumerated() { last[record.key] = at }
    return last.values.sorted().map { records[$0] }
  }
}
