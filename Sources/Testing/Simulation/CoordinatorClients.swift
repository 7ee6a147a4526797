import Broker
import ByteCodec
import Coordination
import KafkaWire
import LogStore
import Machine
import RecordFormat
import SimMachine
import Units

/// Producers, committers and members whose requests lie in one line that loses, repeats, delays and reorders them, across
/// restarts of the server too (KAFKA-17754 came of such a line).
struct CoordinatorClients {
  static let partitions: Int32 = 3

  /// A value that a closure and its maker share.
  final class Box<Value> {
    var value: Value
    init(_ value: Value) { self.value = value }
  }

  private enum Request {
    case open(String)
    case produce(String, ProducerIdentity, partition: Int32, sequence: Int32)
    case stage(String, ProducerIdentity, offset: Int64)
    case end(String, ProducerIdentity, commits: Bool)
    case commit(group: String, offset: Int64)
    case fetch(group: String)
    case beat(member: Int)
    case join(member: Int)
  }

  private struct Letter {
    var request: Request
    var life: UInt64
  }

  private struct Producer {
    var identity: ProducerIdentity?
    var sequences: [Int32: Int32] = [:]
  }

  private struct Member {
    var epoch: Int32 = 0
    var owned: [ConsumerGroupHeartbeatRequest.TopicPartition] = []
  }

  /// Letters under way; what comes on top pushes an old one out.
  private static let lineLimit = 50
  private static let groups = ["alone", "shared", "payments"]
  private static let ids = ["w0", "w1", "w2"]

  var topic: UniqueID?
  private var line: [Letter] = []
  private var producers: [String: Producer] = [:]
  private var members = [Member](repeating: Member(), count: 3)
  /// The unit that last committed offsets of a group.
  private var commits: [String: JournalSequence] = [:]
  private var counter: Int64 = 0

  mutating func restarted() { commits = [:] }

  // MARK: Sending

  mutating func send(life: UInt64, _ random: inout SeededRandom) {
    counter += 1
    let group = Self.groups[random.below(Self.groups.count)]
    let requests: [Request]
    switch random.below(10) {
    case 0..<5: requests = transactionRequests(&random)
    case 5, 6: requests = [.commit(group: group, offset: counter)]
    case 7: requests = [.fetch(group: group)]
    case 8: requests = [.beat(member: random.below(members.count))]
    default: requests = [.join(member: random.below(2))]
    }
    for request in requests {
      if line.count >= Self.lineLimit { line.remove(at: random.below(line.count)) }
      line.append(Letter(request: request, life: life))
    }
  }

  private mutating func transactionRequests(_ random: inout SeededRandom) -> [Request] {
    let id = Self.ids[random.below(Self.ids.count)]
    var producer = producers[id] ?? Producer()
    guard let identity = producer.identity, !random.chance(permille: 30) else { return [.open(id)] }
    defer { producers[id] = producer }
    switch random.below(5) {
    case 0: return [.stage(id, identity, offset: counter)]
    case 1: return [.end(id, identity, commits: random.chance(permille: 600))]
    default:
      let partition = Int32(random.below(Int(Self.partitions)))
      let sequence = producer.sequences[partition] ?? 0
      producer.sequences[partition] = sequence + 1
      return [.produce(id, identity, partition: partition, sequence: sequence)]
    }
  }

  // MARK: Arriving

  /// One letter arrives, mostly among the first; now and then its copy stays behind. `note` is called after each decision.
  mutating func deliver(
    to node: SimNode, life: UInt64, _ random: inout SeededRandom, _ tally: inout CoordinatorTally,
    note: () -> Void
  ) throws(SimFailure) {
    guard !line.isEmpty, let topic else { return }
    let place = random.below(random.chance(permille: 700) ? min(line.count, 4) : line.count)
    let letter = random.chance(permille: 100) ? line[place] : line.remove(at: place)
    defer { note() }
    tally.requests += 1
    if letter.life != life { tally.lateRequests += 1 }
    switch letter.request {
    case .open(let id): try open(id, node)
    case .produce(let id, let producer, let partition, let sequence):
      let isCurrent = node.engine.transactions.transactions[id]?.producer == producer
      let entered = node.engine.enterTransaction(id, producer, topic: "data", partition: partition, .adds)
      note()
      try judge(entered.value == .none, isCurrent, "a Produce", node, &tally)
      guard entered.value == .none, node.isUp else { return }
      let key = PartitionKey(topic: topic, index: partition)
      try append(producer, sequence, to: key, node, &random, note: note)
    case .stage(let id, let producer, let offset):
      try stage(id, producer, offset, node, &tally, note: note)
    case .end(let id, let producer, let commits): try end(id, producer, commits, node, &tally)
    case .commit(let group, let offset): try commit(group, offset, node, &tally)
    case .fetch(let group): try fetch(group, node)
    case .beat(let member): beat(member, node)
    case .join(let member): join(member, node)
    }
  }

  /// Nothing that is said under an identity of the past may get into a transaction.
  private func judge(
    _ isAccepted: Bool, _ isCurrent: Bool, _ what: String, _ node: SimNode, _ tally: inout CoordinatorTally
  ) throws(SimFailure) {
    if isAccepted, !isCurrent { throw .wrong("\(what) of a replaced producer was accepted") }
    if !isCurrent { tally.fencedRequests += 1 }
  }

  private mutating func open(_ id: String, _ node: SimNode) throws(SimFailure) {
    let request = InitProducerIdRequest(transactionalId: id, transactionTimeoutMs: 60_000)
    let old = node.engine.transactions.transactions[id]?.producer
    let answer = askTransactions(id, 6, node) { machine, caller, waiter, context, effects in
      machine.initProducerID(request, from: caller, waiter: waiter, context, into: &effects)
    }
    guard let response = answer?.message as? InitProducerIdResponse, response.errorCode == 0 else { return }
    try take(ProducerIdentity(id: response.producerId, epoch: response.producerEpoch), of: id, after: old)
  }

  private func append(
    _ producer: ProducerIdentity, _ sequence: Int32, to key: PartitionKey, _ node: SimNode,
    _ random: inout SeededRandom, note: () -> Void
  ) throws(SimFailure) {
    guard let log = node.engine.store.partition(key) else { throw .wrong("partition \(key.folder) is missing") }
    let forged = BatchForge.Producer(id: producer.id, epoch: producer.epoch, sequence: sequence)
    let batch = BatchForge.batch(
      records: 1, payload: 40, producer: forged, isTransactional: true, timestamp: node.clock.wallClock(),
      random: &random)
    guard let batch else { throw .wrong("no batch was made") }
    guard node.makeAppendable(log, &random) else { return }
    note()
    let rules = AppendRules(roll: RollRules(segmentBytes: .kibi(8)), syncs: true)
    _ = node.engine.store.append(batch.bytes, header: batch.header, to: log, rules: rules)
  }

  private mutating func stage(
    _ id: String, _ producer: ProducerIdentity, _ offset: Int64, _ node: SimNode,
    _ tally: inout CoordinatorTally, note: () -> Void
  ) throws(SimFailure) {
    let isCurrent = node.engine.transactions.transactions[id]?.producer == producer
    let entered = node.engine.enterTransaction(id, producer, offsetsOf: "payments", .adds)
    note()
    try judge(entered.value == .none, isCurrent, "a TxnOffsetCommit", node, &tally)
    guard entered.value == .none, node.isUp else { return }
    let request = TxnOffsetCommitRequest(
      transactionalId: id, groupId: "payments", producerId: producer.id, producerEpoch: producer.epoch,
      topics: [.init(name: "data", partitions: [.init(partitionIndex: 0, committedOffset: offset)])])
    let before = node.engine.store.decided
    let answer = askGroups("payments", 5, node) { machine, caller, waiter, context, effects in
      machine.stageOffsets(request, from: caller, waiter: waiter, context, into: &effects)
    }
    try expectCovered(answer, since: before, "TxnOffsetCommit", node)
  }

  private mutating func end(
    _ id: String, _ producer: ProducerIdentity, _ commits: Bool, _ node: SimNode,
    _ tally: inout CoordinatorTally
  ) throws(SimFailure) {
    let isCurrent = node.engine.transactions.transactions[id]?.producer == producer
    let request = EndTxnRequest(
      transactionalId: id, producerId: producer.id, producerEpoch: producer.epoch, committed: commits)
    let before = node.engine.store.decided
    let answer = askTransactions(id, 5, node) { machine, caller, waiter, context, effects in
      machine.endTransaction(request, from: caller, waiter: waiter, context, into: &effects)
    }
    guard let response = answer?.message as? EndTxnResponse, response.errorCode == 0 else { return }
    try expectCovered(answer, since: before, "EndTxn", node)
    let hasEnded = node.engine.store.decided > before
    if hasEnded {
      // Another try at what has ended decides nothing.
      guard isCurrent else { throw .wrong("an EndTxn of a replaced producer ended a transaction") }
      tally.endedTransactions += 1
    }
    try take(
      ProducerIdentity(id: response.producerId, epoch: response.producerEpoch), of: id,
      after: hasEnded ? producer : nil)
  }

  /// An identity that takes the place of `old` is above it, so that what comes late from the old one is known.
  private mutating func take(
    _ identity: ProducerIdentity, of id: String, after old: ProducerIdentity?
  ) throws(SimFailure) {
    if let old, identity.id == old.id, identity.epoch <= old.epoch {
      throw .wrong("\(id) was given epoch \(identity.epoch) after \(old.epoch)")
    }
    producers[id] = Producer(identity: identity)
  }

  // MARK: Groups

  private mutating func commit(
    _ group: String, _ offset: Int64, _ node: SimNode, _ tally: inout CoordinatorTally
  ) throws(SimFailure) {
    let request = OffsetCommitRequest(
      groupId: group, generationIdOrMemberEpoch: -1,
      topics: [.init(name: "data", partitions: [.init(partitionIndex: 0, committedOffset: offset)])])
    let before = node.engine.store.decided
    let answer = askGroups(group, 8, node) { machine, caller, waiter, context, effects in
      machine.commitOffsets(request, from: caller, waiter: waiter, context, into: &effects)
    }
    guard let response = answer?.message as? OffsetCommitResponse,
      response.topics.allSatisfy({ $0.partitions.allSatisfy { $0.errorCode == 0 } })
    else { return }
    try expectCovered(answer, since: before, "OffsetCommit", node)
    commits[group] = node.engine.store.decided
    tally.committedOffsets += 1
  }

  private func fetch(_ group: String, _ node: SimNode) throws(SimFailure) {
    let request = OffsetFetchRequest(groupId: group, topics: [.init(name: "data", partitionIndexes: [0])])
    let answer = askGroups(group, 5, decides: false, node) { machine, caller, waiter, context, effects in
      machine.fetchOffsets(request, from: caller, waiter: waiter, context, into: &effects)
    }
    guard let answer, group != "payments", let committed = commits[group] else { return }
    if committed > node.engine.store.durable, answer.after < committed {
      throw .wrong("an OffsetFetch shows what a cut could take back")
    }
  }

  private mutating func beat(_ number: Int, _ node: SimNode) {
    let member = members[number]
    var request = ConsumerGroupHeartbeatRequest(
      groupId: "shared-new", memberId: "m\(number)", memberEpoch: member.epoch, rebalanceTimeoutMs: 30_000)
    request.subscribedTopicNames = ["data"]
    request.topicPartitions = member.epoch == 0 ? [] : member.owned
    let answer = askGroups("shared-new", 1, node) { machine, caller, waiter, context, effects in
      machine.consumerGroupHeartbeat(request, from: caller, waiter: waiter, context, into: &effects)
    }
    guard let response = answer?.message as? ConsumerGroupHeartbeatResponse else { return }
    guard response.errorCode == 0 else {
      members[number] = Member()
      return
    }
    members[number].epoch = response.memberEpoch
    if let assigned = response.assignment {
      members[number].owned = assigned.topicPartitions.map { .init(topicId: $0.topicId, partitions: $0.partitions) }
    }
  }

  private func join(_ number: Int, _ node: SimNode) {
    let request = JoinGroupRequest(
      groupId: "shared", sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 20_000, groupInstanceId: "i\(number)",
      protocolType: "consumer", protocols: [.init(name: "range", metadata: [0, 1])])
    _ = askGroups("shared", 5, node) { machine, caller, waiter, context, effects in
      machine.joinGroup(request, from: caller, waiter: waiter, context, into: &effects)
    }
  }

  // MARK: Asking

  private struct Answer {
    var message: any WireMessage
    var after: JournalSequence
  }

  private func askGroups(
    _ group: String, _ version: Int16, decides: Bool = true, _ node: SimNode,
    _ entry: (inout GroupCoordinator, Caller, Waiter, CoordinatorContext, inout Effects) -> Void
  ) -> Answer? {
    let box = Box<Answer?>(nil)
    _ = node.engine.callGroups(
      of: [group], decides: decides, seesTopics: false, reply: { box.value = Answer(message: $0, after: $1) }
    ) { machine, waiter, context, effects in
      entry(&machine, Caller(clientID: "c", host: "/127.0.0.1", version: version), waiter, context, &effects)
    }
    return box.value
  }

  private func askTransactions(
    _ id: String, _ version: Int16, _ node: SimNode,
    _ entry: (inout TransactionCoordinator, Caller, Waiter, CoordinatorContext, inout Effects) -> Void
  ) -> Answer? {
    let box = Box<Answer?>(nil)
    _ = node.engine.callTransactions(
      of: [id], decides: true, seesTopics: false, reply: { box.value = Answer(message: $0, after: $1) }
    ) { machine, waiter, context, effects in
      entry(&machine, Caller(clientID: "c", host: "/127.0.0.1", version: version), waiter, context, &effects)
    }
    return box.value
  }

  /// What was decided by a call, its answer waits for.
  private func expectCovered(
    _ answer: Answer?, since before: JournalSequence, _ what: String, _ node: SimNode
  ) throws(SimFailure) {
    guard let answer, node.engine.store.decided > before else { return }
    if answer.after < node.engine.store.decided { throw .wrong("the answer to \(what) does not wait for its record") }
  }
}
