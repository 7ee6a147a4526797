import Broker
import ByteCodec
import LogStore
import Machine
import RecordFormat
import SimMachine
import Units

/// Random operations on a node, each decided in the model as well, and each answer compared with it.
struct Workload {
  let node: SimNode
  var random: SeededRandom
  /// Whether it plans failures that must cost nothing.
  var plansFaults = true
  /// Whether no topic gives records up by itself.
  var keepsAll = false
  /// Whether records are read on the way.
  var reads = true
  /// Whether the wall clock is set wrong now and then.
  var setsClock = false
  /// Batches for which there was no room.
  private(set) var refusedForRoom = 0
  /// Log starts that retention moved.
  var retained = 0
  /// Times the wall clock was set.
  var clockJumps = 0
  /// Sequences that are synced before they are acknowledged even with an interval.
  private(set) var promised: [JournalSequence] = []

  private static let maximumTopics = 5

  init(node: SimNode, random: SeededRandom) {
    self.node = node
    self.random = random
  }

  var engine: Engine { node.engine }

  /// One operation, and a turn of the engine's loop.
  mutating func step(_ model: inout Model) throws(SimFailure) {
    switch model.topics.isEmpty ? 0 : random.below(100) {
    case ..<4: try createTopic(&model)
    case ..<5: try deleteTopic(&model)
    case ..<6: try addPartitions(&model)
    case ..<8: try changeSettings(&model)
    case ..<12: try deleteRecords(&model)
    case ..<13: takeProducerID(&model)
    case ..<23: if reads { try fetch(&model) }
    case ..<25: try checkpoint(&model)
    case ..<29: try passTime(&model)
    case ..<31: try changeTwoSettings(&model)
    case ..<32: planTrouble()
    case ..<42: try produceInTransaction(&model)
    case ..<47: try endTransaction(&model)
    case ..<65: try produce(&model, producer: nil)
    case ..<85: try produceInOrder(&model)
    default: try produceAgain(&model)
    }
    engine.turnEnded()
    for _ in 0..<random.below(3) { node.runLane(&random) }
  }

  mutating func pickPartition(_ model: Model) -> Model.Partition? {
    let topics = model.topics.keys.sorted()
    guard !topics.isEmpty, let topic = model.topics[topics[random.below(topics.count)]] else { return nil }
    return topic.partitions[random.below(topic.partitions.count)]
  }

  func log(_ partition: Model.Partition) throws(SimFailure) -> PartitionLog {
    guard let log = engine.store.partition(partition.key) else {
      throw .wrong("partition \(partition.key.folder) is missing")
    }
    return log
  }

  /// A checkpoint; now and then what it is taken of is given up before it is written.
  private mutating func checkpoint(_ model: inout Model) throws(SimFailure) {
    engine.store.beginCheckpoint()
    switch random.below(4) {
    case 0: try deleteTopic(&model)
    case 1: try deleteRecords(&model)
    default: break
    }
  }

  // MARK: Catalogue

  private mutating func createTopic(_ model: inout Model) throws(SimFailure) {
    let name = "topic-\(random.below(2 * Self.maximumTopics))"
    let partitions = Int32(1 + random.below(3))
    let exists = model.topics.values.contains { $0.name == name }
    if !exists, model.topics.count >= Self.maximumTopics { return }
    let overrides = chosenOverrides()
    switch engine.createTopic(name, partitions: partitions, overrides: overrides) {
    case .success(let made):
      if exists { throw .wrong("topic \(name) was created twice") }
      model.decide(
        .created(topic: made.value.id, name: name, partitions: partitions, overrides: made.value.overrides),
        at: made.sequence)
      promised.append(made.sequence)
    case .failure(let refusal):
      if !exists { throw .wrong("topic \(name) was refused: \(refusal)") }
    }
  }

  private mutating func chosenOverrides() -> [String: String] {
    var overrides = ["internal.segment.bytes": String(4_096 + random.below(40_000))]
    if keepsAll { return overrides }
    if random.chance(permille: 300) { overrides["retention.ms"] = setsClock ? "14400000" : "120000" }
    if random.chance(permille: 200) { overrides["retention.bytes"] = String(20_000 + random.below(60_000)) }
    if random.chance(permille: 200) { overrides["flush.messages"] = "1" }
    return overrides
  }

  mutating func deleteTopic(_ model: inout Model) throws(SimFailure) {
    let topics = model.topics.keys.sorted()
    guard topics.count > 1 else { return }
    let id = topics[random.below(topics.count)]
    switch engine.deleteTopic(id) {
    case .success(let gone): model.decide(.deleted(topic: id), at: gone.sequence)
    case .failure(let refusal): throw .wrong("deletion was refused: \(refusal)")
    }
  }

  private mutating func addPartitions(_ model: inout Model) throws(SimFailure) {
    guard let id = pickPartition(model)?.key.topic, let topic = model.topics[id], topic.partitions.count < 6 else {
      return
    }
    let count = Int32(topic.partitions.count + 1)
    switch engine.addPartitions(to: id, count: count) {
    case .success(let done): model.decide(.grown(topic: id, partitions: count), at: done.sequence)
    case .failure(let refusal): throw .wrong("more partitions were refused: \(refusal)")
    }
  }

  private mutating func changeSettings(_ model: inout Model) throws(SimFailure) {
    guard let id = pickPartition(model)?.key.topic, var overrides = model.topics[id]?.overrides else { return }
    overrides["internal.segment.bytes"] = String(4_096 + random.below(40_000))
    let sequence = engine.setTopicOverrides(id, overrides)
    model.decide(.overridden(topic: id, overrides: overrides), at: sequence)
  }

  /// Two topics changed in one unit: both or neither.
  private mutating func changeTwoSettings(_ model: inout Model) throws(SimFailure) {
    let topics = model.topics.keys.sorted().prefix(2)
    guard topics.count == 2 else { return }
    var records: [ControlRecord] = []
    for id in topics {
      var overrides = model.topics[id]?.overrides ?? [:]
      overrides["internal.segment.bytes"] = String(4_096 + random.below(40_000))
      records.append(.topicSettingsChanged(topic: id, overrides: overrides))
    }
    let sequence = engine.store.change(records)
    engine.settingsChanged()
    for record in records {
      guard case .topicSettingsChanged(let id, let overrides) = record else { continue }
      model.decide(.overridden(topic: id, overrides: overrides), at: sequence)
    }
  }

  // MARK: Faults

  private mutating func planTrouble() {
    if setsClock, random.chance(permille: 400) { setClock() } else if plansFaults { planFault() }
  }

  /// A failure that must cost nothing: a full disk while a checkpoint is made, or trouble with files that are derived or
  /// dead.
  private mutating func planFault() {
    let nth = 1 + random.below(4)
    let fault =
      switch random.below(5) {
      case 0: SimFault(.sync, on: .ending(".log"), nth: nth, code: random.chance(permille: 500) ? 28 : 122)
      case 1: SimFault(.sync, on: .under("checkpoint"), code: 28)
      case 2: SimFault(.write, on: .under("checkpoint"), code: 28)
      case 3: SimFault(.write, on: .ending(".blocks"), nth: nth, code: 5)
      default: SimFault(.remove, nth: nth, code: 5)
      }
    node.disk.plan(fault)
  }

  private mutating func takeProducerID(_ model: inout Model) {
    for _ in 0..<random.below(400) { _ = engine.takeProducerID() }
    let taken = engine.takeProducerID()
    if engine.catalogue.producerIDEnd > model.reservedIDs {
      model.decide(.idsReserved(engine.catalogue.producerIDEnd), at: taken.sequence)
    }
  }

  // MARK: Records

  private mutating func produce(_ model: inout Model, producer: BatchForge.Producer?) throws(SimFailure) {
    guard let partition = pickPartition(model) else { return }
    try produce(&model, to: partition, producer: producer, expectsDuplicateOf: nil)
  }

  /// A batch that follows the producer's last one, sometimes under a new epoch, sometimes with a gap that must be refused.
  private mutating func produceInOrder(_ model: inout Model) throws(SimFailure) {
    guard let partition = pickPartition(model) else { return }
    let id = Int64(random.below(4))
    guard let last = partition.recent(of: id).last, let known = last.producer else {
      return try produce(
        &model, to: partition, producer: .init(id: id, epoch: 0, sequence: Int32(random.below(1_000))),
        expectsDuplicateOf: nil)
    }
    if random.chance(permille: 50) {
      return try produce(
        &model, to: partition, producer: .init(id: id, epoch: known.epoch + 1, sequence: 0), expectsDuplicateOf: nil)
    }
    if known.epoch > 0, random.chance(permille: 150) {
      return try refuseStale(partition, producer: .init(id: id, epoch: known.epoch - 1, sequence: 0))
    }
    let next = RecordBatchHeader.sequence(known.sequence, advancedBy: Int32(last.records))
    if random.chance(permille: 100) {
      return try refuse(partition, producer: .init(id: id, epoch: known.epoch, sequence: next + 7))
    }
    try produce(
      &model, to: partition, producer: .init(id: id, epoch: known.epoch, sequence: next), expectsDuplicateOf: nil)
  }

  /// One of the producer's last five batches once more: a retry.
  private mutating func produceAgain(_ model: inout Model) throws(SimFailure) {
    guard let partition = pickPartition(model) else { return }
    let recent = partition.recent(of: Int64(random.below(4)))
    guard !recent.isEmpty else { return }
    let original = recent[random.below(recent.count)]
    try produce(&model, to: partition, producer: original.producer, expectsDuplicateOf: original)
  }

  mutating func produce(
    _ model: inout Model, to partition: Model.Partition, producer: BatchForge.Producer?,
    expectsDuplicateOf original: Model.StoredBatch?, isTransactional: Bool = false
  ) throws(SimFailure) {
    guard engine.store.admits else { return }
    let records = Int32(original?.records ?? Int64(1 + random.below(20)))
    let now = node.clock.wallClock()
    let payload = random.chance(permille: 30) ? 20_000 + random.below(60_000) : 20 + random.below(700)
    guard
      let made = BatchForge.batch(
        records: records, payload: payload, producer: producer, isTransactional: isTransactional,
        timestamp: now, forgesFrame: random.chance(permille: 20), random: &random)
    else { throw .wrong("the forge made no batch") }
    let fingerprint = Fingerprint.of(made.bytes)
    let log = try log(partition)
    guard node.makeAppendable(log, &random) else { return }
    switch engine.append(made.bytes, header: made.header, to: log) {
    case .stored(let base, let sequence):
      if original != nil { throw .wrong("a retry was stored again at \(base.value) of \(partition.key.folder)") }
      if base != partition.end {
        throw .wrong("\(partition.key.folder): offset \(base.value) given, \(partition.end.value) was next")
      }
      let stored = Model.StoredBatch(
        base: base, records: Int64(records), fingerprint: fingerprint, producer: producer,
        epoch: engine.store.epoch, timestamp: now, bytes: made.bytes.count, isTransactional: isTransactional)
      model.decide(.appended(partition.key, stored), at: sequence)
      if model.topics[partition.key.topic]?.overrides["flush.messages"] == "1" { promised.append(sequence) }
    case .duplicate(let batch):
      guard let original, batch.baseOffset == original.base else {
        throw .wrong("\(partition.key.folder): a batch was taken for a duplicate of \(batch.baseOffset.value)")
      }
    case .full:
      refusedForRoom += 1
      return
    case .outOfOrderSequence, .staleEpoch, .tooManyProducers, .tooManyAborted, .transactionOpen:
      throw .wrong("\(partition.key.folder): a batch in order was refused")
    }
  }

  private mutating func refuse(_ partition: Model.Partition, producer: BatchForge.Producer) throws(SimFailure) {
    let now = node.clock.wallClock()
    guard
      let made = BatchForge.batch(records: 1, payload: 20, producer: producer, timestamp: now, random: &random)
    else { return }
    guard case .outOfOrderSequence = engine.append(made.bytes, header: made.header, to: try log(partition)) else {
      throw .wrong("\(partition.key.folder): a gap in the sequence was not refused")
    }
  }

  /// What comes late from a producer that has been replaced.
  private mutating func refuseStale(_ partition: Model.Partition, producer: BatchForge.Producer) throws(SimFailure) {
    let now = node.clock.wallClock()
    guard
      let made = BatchForge.batch(records: 1, payload: 20, producer: producer, timestamp: now, random: &random)
    else { return }
    guard case .staleEpoch = engine.append(made.bytes, header: made.header, to: try log(partition)) else {
      throw .wrong("\(partition.key.folder): a batch of an old epoch was not refused")
    }
  }

  private mutating func deleteRecords(_ model: inout Model) throws(SimFailure) {
    guard let partition = pickPartition(model) else { return }
    let log = try log(partition)
    let span = Int(log.durable.end.value - log.start.value)
    guard span > 0 else { return }
    let target = log.start.advanced(by: Int64(1 + random.below(span)))
    switch engine.deleteRecords(log, before: target) {
    case .success(let done): model.decide(.startMoved(partition.key, target), at: done.sequence)
    case .failure(let refusal): throw .wrong("deletion of records was refused: \(refusal)")
    }
  }

  // MARK: Reading and time

  private mutating func fetch(_ model: inout Model) throws(SimFailure) {
    guard let partition = pickPartition(model) else { return }
    let log = try log(partition)
    guard log.durable.end > log.start else { return }
    let span = Int(log.durable.end.value - log.start.value)
    let offset = log.start.advanced(by: Int64(random.below(span)))
    try Reader.check(
      partition, log, from: offset, maxBytes: 1 + random.below(30_000), engine: engine, node: node,
      readsCommitted: random.chance(permille: 500), random: &random)
  }

  private mutating func passTime(_ model: inout Model) throws(SimFailure) {
    node.clock.advance(byMs: Int64(random.below(800)))
    if random.chance(permille: 60) { node.clock.advance(byMs: 6 * 60_000) }
    if setsClock, random.chance(permille: 20), node.clock.elapsedMs < Self.longestHistoryMs {
      node.clock.advance(byMs: 5 * 3_600_000)
    }
    engine.timePassed()
    try retentionPassed(&model)
  }
}

/// What of a batch the log must give back unchanged: everything but base offset and leader epoch.
enum Fingerprint {
  static func of(_ batch: ByteSlice) -> UInt32 {
    Checksum.crc32c(batch.dropping(RecordBatchHeader.Layout.magic))
  }
}
