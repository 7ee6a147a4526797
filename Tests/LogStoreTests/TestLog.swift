import ByteCodec
import LogStore
import Machine
import RecordFormat
import SimMachine
import Testing
import Units

/// Lanes that keep jobs until the test runs them, in order.
final class QueuedLanes: JobLanes {
  private let workshop: LogWorkshop
  private(set) var jobs: [LogJob] = []

  init(_ workshop: LogWorkshop) { self.workshop = workshop }

  func submit(_ job: LogJob) { jobs.append(job) }

  func run(where isWanted: (LogJob) -> Bool = { _ in true }) -> LogEvent? {
    guard let index = jobs.firstIndex(where: isWanted) else { return nil }
    return workshop.run(jobs.remove(at: index))
  }
}

extension LogJob {
  var isIndexLoad: Bool { if case .loadIndex = self { true } else { false } }
}

/// A log on a simulated disk, run by hand.
final class TestLog {
  let disk: SimDisk
  let clock: ManualClock
  let store: LogStore
  let lanes: QueuedLanes
  let options: LogStore.Options
  var rules = RollRules(segmentBytes: .mebi(1))

  init(
    _ disk: SimDisk, clock: ManualClock = ManualClock(), seed: UInt64 = 1,
    _ change: (inout LogStore.Options) -> Void = { _ in }
  ) throws {
    self.disk = disk
    self.clock = clock
    var made: QueuedLanes?
    var options = LogStore.Options()
    options.journalFileBytes = .kibi(64)
    change(&options)
    self.options = options
    store = try LogStore(disk: disk, clock: clock, entropy: SeededEntropy(seed: seed), options: options) {
      let lanes = QueuedLanes($0)
      made = lanes
      return lanes
    }
    lanes = try #require(made)
  }

  /// Runs one job; answers whether there was one.
  @discardableResult
  func runOne(where isWanted: (LogJob) -> Bool = { _ in true }) -> LogEvent? {
    guard let event = lanes.run(where: isWanted) else { return nil }
    _ = store.finished(event)
    store.flush()
    return event
  }

  /// Runs everything there is to do.
  func settle() {
    store.flush()
    while runOne() != nil {}
  }

  func checkpoint() {
    store.beginCheckpoint()
    settle()
    store.removeDoomed(now: clock.now()) { _ in 0 }
    settle()
  }

  /// A checkpoint, and then the removal of what it covers, without delay.
  func checkpointAndRemove() {
    checkpoint()
    store.removeDoomed(now: clock.now()) { _ in 0 }
    settle()
  }

  func makeTopic(_ name: String = "t", id: UInt64 = 1) -> PartitionKey {
    let id = UniqueID(high: 0, low: id)
    store.change([.topicCreated(TopicDescription(id: id, name: name, partitionCount: 1))])
    return PartitionKey(topic: id, index: 0)
  }

  @discardableResult
  func append(_ bytes: ByteSlice, to key: PartitionKey) throws -> AppendResult {
    let partition = try #require(store.partition(key))
    if store.prepareAppend(to: partition) != nil { runOne(where: \.isIndexLoad) }
    return store.append(
      bytes, header: try RecordBatchHeader(bytes.bytes), to: partition, rules: AppendRules(roll: rules, syncs: true))
  }

  /// What a reader gets from `offset`, waiting for the disk when it must.
  func read(_ key: PartitionKey, from offset: Int64 = 0, maxBytes: Int = 1 << 20, whole: Bool = true) throws
    -> ReadOutcome
  {
    let partition = try #require(store.partition(key))
    switch store.read(
      partition, from: Offset(offset), limit: partition.durable.end, maxBytes: maxBytes, firstBatchWhole: whole)
    {
    case .outcome(let outcome): return outcome
    case .waits(let token):
      while let event = lanes.run() {
        let progress = store.finished(event)
        if let read = progress.reads.first(where: { $0.token == token }) { return read.outcome }
      }
      Issue.record("a read was never answered")
      return .notCached
    }
  }

  /// Base offsets of the batches a read gives, or nil where it reports damage.
  func bases(_ key: PartitionKey, from offset: Int64 = 0, maxBytes: Int = 1 << 20, whole: Bool = true) throws
    -> [Int64]?
  {
    guard case .batches(let bytes, _, _) = try read(key, from: offset, maxBytes: maxBytes, whole: whole) else {
      return nil
    }
    var found: [Int64] = []
    var at = 0
    while at < bytes.count {
      let header = try RecordBatchHeader(bytes.bytes, at: at)
      found.append(header.baseOffset.value)
      at += header.totalSize
    }
    return found
  }
}

/// Batches with a sound header around bytes of no meaning.
enum Forge {
  static func batch(
    records: Int32 = 1, payload: Int = 40, producer: Int64 = -1, epoch: Int16 = -1, sequence: Int32 = -1,
    timestamp: Int64 = 1_700_000_000_000, fill: UInt8 = 7, content: [UInt8]? = nil
  ) -> ByteSlice {
    var body = ByteWriter()
    body.writeUInt16(0)
    body.writeInt32(records - 1)
    body.writeInt64(timestamp)
    body.writeInt64(timestamp)
    body.writeInt64(producer)
    body.writeInt16(epoch)
    body.writeInt32(sequence)
    body.writeInt32(records)
    body.writeBytes(content ?? [UInt8](repeating: fill, count: payload))
    let checked = body.takeSlice()
    var batch = ByteWriter()
    batch.writeInt64(0)
    batch.writeInt32(Int32(truncatingIfNeeded: checked.count + 9))
    batch.writeInt32(-1)
    batch.writeInt8(2)
    batch.writeUInt32(Checksum.crc32c(checked))
    batch.writeBytes(checked.copy())
    return batch.takeSlice()
  }

  static func header(
    records: Int32 = 1, producer: Int64 = 1, epoch: Int16 = 0, sequence: Int32 = 0
  ) throws -> RecordBatchHeader {
    try RecordBatchHeader(batch(records: records, producer: producer, epoch: epoch, sequence: sequence).bytes)
  }
}
