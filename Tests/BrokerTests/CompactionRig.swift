import Broker
import ByteCodec
import Compression
import LogStore
import Machine
import RecordFormat
import Settings
import SimMachine
import Testing
import Units

/// An engine on a simulated disk with one compacted topic of one partition, driven by hand.
final class CompactionRig {
  struct Stored: Equatable {
    var offset: Int64
    var key: String
    var value: String?
    var timestamp: Int64
  }

  private(set) var disk: SimDisk
  let clock = ManualClock()
  private(set) var engine: Engine
  private(set) var lanes: HeldLanes
  private(set) var key: PartitionKey

  init(_ overrides: [String: String] = [:], readsWait: Bool = false) throws {
    var options = SimDisk.Options(seed: 7)
    options.uncachedPermille = readsWait ? 1_000 : 0
    disk = SimDisk(options)
    (engine, lanes) = try Self.open(disk, clock)
    key = PartitionKey(topic: .zero, index: 0)
    let settings = [
      "cleanup.policy": "compact", "internal.segment.bytes": "1000", "min.cleanable.dirty.ratio": "0",
      "file.delete.delay.ms": "1000",
    ].merging(overrides) { $1 }
    let made = try engine.createTopic("t", partitions: 1, overrides: settings).get()
    key = PartitionKey(topic: made.value.id, index: 0)
    settle()
  }

  private static func open(_ disk: SimDisk, _ clock: ManualClock) throws -> (Engine, HeldLanes) {
    var made: HeldLanes?
    let store = try LogStore(disk: disk, clock: clock, entropy: SeededEntropy(seed: 3)) { workshop in
      let lanes = HeldLanes(workshop)
      made = lanes
      return lanes
    }
    let engine = try Engine(store: store, clock: clock, entropy: SeededEntropy(seed: 4), statics: StaticSettings())
    return (engine, try #require(made))
  }

  var log: PartitionLog {
    guard let log = engine.store.partition(key) else { preconditionFailure("the partition is gone") }
    return log
  }

  /// Lets one job run; false when there is none.
  @discardableResult
  func turn() -> Bool {
    engine.turnEnded()
    guard let event = lanes.runFirst() else { return false }
    engine.laneFinished(event)
    engine.turnEnded()
    return true
  }

  /// Lets all jobs run, and those that follow from them.
  func settle() { while turn() {} }

  func checkpoint() {
    engine.store.beginCheckpoint()
    settle()
  }

  /// Starts anew on what a power cut leaves that loses everything that was not synced.
  func cutAndRestart(_ fate: CrashFate = .worst) throws {
    disk.cutPower()
    disk = disk.afterCrash(fate)
    (engine, lanes) = try Self.open(disk, clock)
    settle()
  }

  @discardableResult
  func produce(
    _ records: [(String, String?)], producer: Int64 = -1, sequence: Int32 = -1, codec: CompressionCodec = .none
  ) throws -> AppendResult {
    var properties = RecordBatchBuilder.Properties()
    properties.codec = codec
    properties.producerID = producer
    properties.producerEpoch = producer < 0 ? -1 : 0
    properties.baseSequence = sequence
    var builder = RecordBatchBuilder(properties)
    for (key, value) in records {
      builder.append(
        Record(timestamp: clock.wallClock(), key: Array(key.utf8), value: value.map { Array($0.utf8) }))
    }
    let batch = try builder.build(using: Compressor())
    let result = engine.append(batch, header: try RecordBatchHeader(batch.bytes), to: log)
    settle()
    return result
  }

  /// Ends the segment that grows, makes a checkpoint, and compacts all there is.
  func compact(maximumRecords: Int32? = nil) throws {
    log.closeActive(olderThan: -1, now: clock.wallClock())
    engine.store.beginCheckpoint()
    settle()
    var rules = engine.compactionRules(key.topic)
    if let maximumRecords { rules.maximumRecords = maximumRecords }
    let now = clock.wallClock()
    let dirtiness = try #require(log.dirtiness(rules, now: .init(now), checkpointed: engine.store.checkpointed))
    #expect(engine.store.beginCompaction(of: log, dirtiness, rules: rules, now: now))
    settle()
  }

  /// All batches, as a reader of the whole partition gets them.
  func batches() throws -> [RecordBatchView] {
    var found: [RecordBatchView] = []
    var offset = log.durableStart
    while offset < log.durable.end {
      var answer: FetchedPartition?
      engine.fetch(
        FetchPlan(
          entries: [.init(partition: log, offset: offset, maxBytes: 4_000)], minBytes: 1, maxBytes: 4_000,
          deadline: clock.now(), readsCommitted: false, answersAtOnce: true)
      ) { answer = $0.first }
      settle()
      guard case .batches(let bytes, _) = try #require(answer) else {
        Issue.record("a fetch at \(offset.value) found damage: \(String(describing: answer))")
        return found
      }
      var walk = RecordBatchWalk(bytes)
      let before = offset
      while let view = try walk.next() {
        #expect(view.checksumMatches)
        found.append(view)
        offset = view.header.nextOffset
      }
      if offset == before { break }
    }
    return found
  }

  func records() throws -> [Stored] {
    try batches().flatMap { view in
      var reader = try RecordReader(view, scratch: Decompressor())
      var records: [Stored] = []
      while let record = try reader.next() {
        records.append(
          Stored(
            offset: record.offset.value, key: String(decoding: record.key?.copy() ?? [], as: UTF8.self),
            value: record.value.map { String(decoding: $0.copy(), as: UTF8.self) },
            timestamp: record.timestamp.milliseconds))
      }
      return records
    }
  }

  /// The newest record of each key among `records`, in offset order.
  static func latest(_ records: [Stored]) -> [Stored] {
    let last = Dictionary(records.map { ($0.key, $0.offset) }, uniquingKeysWith: max)
    return records.filter { last[$0.key] == $0.offset }
  }
}
