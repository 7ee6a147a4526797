import Broker
import ByteCodec
import Compression
import LogStore
import Machine
import RecordFormat
import SimMachine
import Units

/// A life of a compacted topic under one seed: keyed records and tombstones, compactions at random moments, a power cut at
/// some IO step, recovery, comparison with a list of all that was ever written; again and again.
package struct KeyedTrial: SeededTrial {
  private static let operationsBeforeCut = 50
  private static let deleteRetentionMs: Int64 = 40_000
  private static let keys = 24

  private let seed: UInt64
  private var random: SeededRandom
  private var disk: SimDisk
  private let clock = ManualClock()
  private var lives: UInt64 = 0
  private var models: [CompactionModel] = [CompactionModel(), CompactionModel()]
  private var topic: UniqueID?
  private let compressor = Compressor()
  private let scratch = Decompressor()
  package private(set) var tally = TrialTally()

  package init(seed: UInt64) {
    self.seed = seed
    random = SeededRandom(seed: seed)
    var options = SimDisk.Options(seed: seed)
    options.countsSites = true
    options.fileClass = FileClass.of
    options.uncachedPermille = 30
    options.shortWritesPermille = 10
    options.shortReadsPermille = 10
    disk = SimDisk(options)
  }

  package mutating func run(crashPoints: Int) throws(SimFailure) {
    defer { tally.simulatedMs = clock.elapsedMs }
    for _ in 0..<crashPoints { try liveAndCrash() }
  }

  private mutating func start() throws(SimFailure) -> SimNode {
    lives += 1
    return try SimNode(disk: disk, clock: clock, seed: seed &* 1_000_003 &+ lives)
  }

  private mutating func liveAndCrash() throws(SimFailure) {
    let node = try start()
    for index in models.indices { models[index].crashed(keeping: node.recovered) }
    if topic == nil { try createTopic(node) }
    for index in models.indices { try compare(index, node) }
    disk.cutPower(inStep: 1 + random.below(260))
    var operations = 0
    while node.isUp {
      try step(node)
      operations += 1
      if operations >= 4 * Self.operationsBeforeCut { disk.cutPower() }
    }
    if let failure = node.failure, !failure.isPowerCut { throw .wrong("the node failed: \(failure)") }
    tally.swaps += node.engine.compactions.done
    tally.operations += operations
    tally.crashPoints += 1
    if let site = disk.lastSite { tally.sites[site, default: 0] += 1 }
    disk = disk.afterCrash(fate())
    let twin = try SimNode(disk: disk.snapshotDurable(), clock: clock, seed: seed)
    guard twin.recovered >= node.acknowledged else { throw .wrong("acknowledged changes are lost") }
  }

  /// A life without a cut: what is found when the power went at its end.
  mutating func fill(
    operations: Int, idles: Bool
  ) throws(SimFailure) -> (disk: SimDisk, clock: ManualClock, settled: JournalSequence) {
    let node = try start()
    try createTopic(node)
    for _ in 0..<operations where node.isUp { try step(node) }
    node.quiesce(&random)
    let settled = idles ? node.acknowledged : node.witnessed
    if idles { node.idle(&random) }
    if let failure = node.failure { throw .wrong("the node failed: \(failure)") }
    return (disk, clock, settled)
  }

  private mutating func fate() -> CrashFate {
    switch random.below(5) {
    case 0: .worst
    case 1: .best
    case 2: .seeded(random.next(), names: .ordered)
    default: .seeded(random.next())
    }
  }

  private mutating func createTopic(_ node: SimNode) throws(SimFailure) {
    let overrides = [
      "cleanup.policy": "compact", "internal.segment.bytes": "3000", "delete.retention.ms": "\(Self.deleteRetentionMs)",
      "file.delete.delay.ms": "100", "min.cleanable.dirty.ratio": "0.1",
    ]
    guard
      case .success(let made) = node.engine.createTopic("keyed", partitions: Int32(models.count), overrides: overrides)
    else { throw .wrong("the topic was refused") }
    topic = made.value.id
    node.engine.store.beginCheckpoint()
    node.engine.turnEnded()
    node.quiesce(&random)
  }

  private func log(_ index: Int, _ node: SimNode) throws(SimFailure) -> PartitionLog {
    guard let topic, let log = node.engine.store.partition(PartitionKey(topic: topic, index: Int32(index))) else {
      throw .wrong("partition \(index) is missing")
    }
    return log
  }

  private mutating func step(_ node: SimNode) throws(SimFailure) {
    let index = random.below(models.count)
    switch random.below(100) {
    case ..<60: try produce(index, node)
    case ..<66: try log(index, node).closeActive(olderThan: -1, now: clock.wallClock())
    case ..<72: node.engine.store.beginCheckpoint()
    case ..<84: try compact(index, node)
    case ..<90: passTime(node)
    case ..<94: try compare(index, node)
    default: try lookUp(index, node)
    }
    node.engine.turnEnded()
    for _ in 0..<random.below(4) { node.runLane(&random) }
  }

  private mutating func produce(_ index: Int, _ node: SimNode) throws(SimFailure) {
    guard node.engine.store.admits else { return }
    let log = try log(index, node)
    var properties = RecordBatchBuilder.Properties()
    properties.codec = [.none, .none, .gzip, .lz4, .zstd, .snappy][random.below(6)]
    let producer = Int64(random.below(6)) - 3
    if producer >= 0 {
      properties.producerID = producer
      properties.producerEpoch = 0
      properties.baseSequence = models[index].nextSequence(of: producer)
    }
    var builder = RecordBatchBuilder(properties)
    var stored: [CompactionModel.Stored] = []
    let now = clock.wallClock()
    for number in 0..<1 + random.below(8) {
      let key = UInt16(random.below(Self.keys))
      let value: UInt64? = random.chance(permille: 200) ? nil : random.next()
      let timestamp = Timestamp(milliseconds: now.milliseconds - Int64(random.below(60_000)))
      builder.append(
        Record(
          timestamp: timestamp, key: Self.bytes(UInt64(key)),
          value: value.map { Self.bytes($0) + [UInt8](repeating: 7, count: random.below(120)) }))
      stored.append(
        CompactionModel.Stored(
          offset: models[index].end.advanced(by: Int64(number)), key: key, value: value, timestamp: timestamp,
          appended: now, sequence: .start))
    }
    guard var batch = try? builder.build(using: compressor), var header = try? RecordBatchHeader(batch.bytes) else {
      throw .wrong("no batch was made")
    }
    if random.chance(permille: 300) {
      guard let prepared = try node.prepared(batch, with: random.chance(permille: 500) ? .zstd : nil, &random) else {
        return
      }
      (batch, header) = prepared
    }
    guard node.makeAppendable(log, &random) else { return }
    switch node.engine.append(batch, header: header, to: log) {
    case .stored(let base, let sequence):
      guard base == models[index].end else { throw .wrong("offset \(base.value) was given out of turn") }
      for at in stored.indices { stored[at].sequence = sequence }
      let known = CompactionModel.Batch(
        producer: producer, sequence: properties.baseSequence, base: base, count: Int32(stored.count), stored: sequence)
      models[index].append(stored, batch: producer >= 0 ? known : nil)
    case .full: return
    case .duplicate, .outOfOrderSequence, .staleEpoch, .tooManyProducers, .tooManyAborted, .transactionOpen:
      throw .wrong("a batch in order was refused")
    }
  }

  private static func bytes(_ number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(56 - 8 * $0)) }
  }

  private static func number(_ bytes: ByteSlice) -> UInt64 {
    bytes.copy().prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  private mutating func compact(_ index: Int, _ node: SimNode) throws(SimFailure) {
    let log = try log(index, node)
    var rules = node.engine.compactionRules(log.key.topic)
    if random.chance(permille: 300) { rules.memoryBytes = 1 }
    let now = clock.wallClock()
    guard let found = log.dirtiness(rules, now: .init(now), checkpointed: node.engine.store.checkpointed) else {
      return
    }
    node.engine.store.beginCompaction(of: log, found, rules: rules, now: now)
  }

  private mutating func passTime(_ node: SimNode) {
    clock.advance(byMs: Int64(random.below(20_000)))
    node.engine.timePassed()
  }

  // MARK: Comparing

  private mutating func compare(_ index: Int, _ node: SimNode) throws(SimFailure) {
    let log = try log(index, node)
    let before = log.cleanedThrough
    let visible = log.durable.end
    guard let found = try readAll(log, to: visible, node) else { return }
    let reading = CompactionModel.Reading(
      found: found, visible: visible, cleanedBefore: before, cleanedAfter: log.cleanedThrough, now: clock.wallClock(),
      deleteRetentionMs: Self.deleteRetentionMs)
    if let fault = models[index].fault(in: reading) { throw .wrong("partition \(index): \(fault)") }
    for producer in Int64(0)..<3 {
      let known = log.producers.producers[producer]?.batches.map(\.baseOffset) ?? []
      guard known == models[index].remembered(of: producer) else {
        throw .wrong("partition \(index): producer \(producer) is remembered at \(known)")
      }
    }
  }

  /// All records below `visible`; nil when the power went meanwhile.
  private mutating func readAll(
    _ log: PartitionLog, to visible: Offset, _ node: SimNode
  ) throws(SimFailure) -> [CompactionModel.Stored]? {
    var found: [CompactionModel.Stored] = []
    var offset = log.durableStart
    while offset < visible {
      var answer: FetchedPartition?
      let plan = FetchPlan(
        entries: [.init(partition: log, offset: offset, maxBytes: 2_000)], minBytes: 1, maxBytes: 2_000,
        deadline: clock.now(), readsCommitted: false, answersAtOnce: true)
      node.engine.fetch(plan) { answer = $0.first }
      while answer == nil, node.runLane(&random) {}
      guard let answer, node.isUp else { return nil }
      guard case .batches(let bytes, _) = answer else {
        throw .wrong("a fetch at \(offset.value) found damage: \(answer)")
      }
      let start = offset
      do throws(WireError) {
        var walk = RecordBatchWalk(bytes)
        while let batch = try walk.next(), batch.header.nextOffset <= visible {
          guard batch.checksumMatches else { throw .badValue }
          offset = batch.header.nextOffset
          var reader = try RecordReader(batch, scratch: scratch)
          while let record = try reader.next() { found.append(Self.stored(record)) }
        }
      } catch {
        throw .wrong("a fetch at \(start.value) gave batches that cannot be read: \(error)")
      }
      if offset == start { break }  // compaction has left nothing up to the end
    }
    return found
  }

  private static func stored(_ record: RecordView) -> CompactionModel.Stored {
    CompactionModel.Stored(
      offset: record.offset, key: UInt16(truncatingIfNeeded: number(record.key ?? .empty)),
      value: record.value.map(number), timestamp: record.timestamp, appended: record.timestamp, sequence: .start)
  }

  /// A search by timestamp finds what a scan of all records finds.
  private mutating func lookUp(_ index: Int, _ node: SimNode) throws(SimFailure) {
    node.quiesce(&random)
    let log = try log(index, node)
    guard node.isUp, let all = try readAll(log, to: log.durable.end, node) else { return }
    let sought: TimestampSought
    let expected: CompactionModel.Stored?
    if random.chance(permille: 300) {
      sought = .latest
      let greatest = all.map(\.timestamp).max()
      expected = all.first { $0.timestamp == greatest }
    } else {
      let timestamp = Timestamp(milliseconds: clock.wallClock().milliseconds - Int64(random.below(100_000)))
      sought = .atOrAfter(timestamp)
      expected = all.first { $0.timestamp >= timestamp }
    }
    var answer: LookupResult?
    node.engine.lookUp(sought, in: log) { answer = $0 }
    while answer == nil, node.runLane(&random) {}
    guard let answer, node.isUp else { return }
    switch answer {
    case .found(let found) where found.offset == expected?.offset && found.timestamp == expected?.timestamp: return
    case .nothing where expected == nil: return
    default:
      throw .wrong("a search for \(sought) gave \(answer), a scan finds offset \(expected?.offset.value ?? -1)")
    }
  }
}
