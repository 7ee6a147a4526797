import Broker
import ByteCodec
import Coordination
import LogStore
import RecordFormat
import SimMachine
import Units

/// A data folder with something in every file, whose power was cut, and what a node on it answers. Made once, damaged many
/// times.
struct RotFolder {
  let seed: UInt64
  let clock: ManualClock
  let disk: SimDisk
  /// What no start may be without, unless it refuses: all that was acknowledged and witnessed by later frames.
  let settled: JournalSequence
  /// What was decided on it, where a model keeps that.
  private let model: Model?
  /// What a node on it finds.
  private let recovered: JournalSequence
  private let answers: FolderAnswers

  /// A folder as a trial of `kind` leaves it after `operations`, cut after it had been idle for a moment, or, without
  /// `idles`, before.
  init(_ kind: TrialKind, seed: UInt64, operations: Int, idles: Bool = true) throws(SimFailure) {
    var end: (disk: SimDisk, clock: ManualClock, settled: JournalSequence)
    var model: Model?
    switch kind {
    case .log, .interval:
      let disk = SimDisk(SimDisk.Options(seed: seed)), clock = ManualClock()
      let script = Script(seed: seed, operations: operations, idles: idles)
      let outcome = try script.run(on: disk, clock: clock, allowsDamage: false)
      if let failure = outcome.failure { throw .wrong("the node failed: \(failure)") }
      end = (disk, clock, idles ? outcome.model.lastSettled : outcome.witnessed)
      model = outcome.decided
    case .keyed:
      var trial = KeyedTrial(seed: seed)
      end = try trial.fill(operations: operations, idles: idles)
    case .coordinators:
      var trial = CoordinatorTrial(seed: seed)
      end = try trial.fill(operations: operations, idles: idles)
    }
    try self.init(
      seed: seed, disk: end.disk.afterCrash(.best), clock: end.clock, settled: end.settled, model: model)
  }

  private init(
    seed: UInt64, disk: SimDisk, clock: ManualClock, settled: JournalSequence, model: Model?
  ) throws(SimFailure) {
    self.seed = seed
    self.disk = disk
    self.clock = clock
    self.settled = settled
    self.model = model
    var state: [UInt8] = []
    let node = try SimNode(disk: disk.afterCrash(.best), clock: clock, seed: seed &+ 9) {
      state = $0.state.encoded().copy()
    }
    recovered = node.recovered
    answers = FolderAnswers(node, state: state)
    guard recovered >= settled, !answers.hasDamage else {
      throw .wrong("the folder is damaged from the beginning")
    }
  }

  /// What became of a damaged copy of the folder.
  enum Verdict { case refused, reported, harmless, unwitnessed }

  /// Starts a node on `copy`, and looks at all it answers; other bytes, or less without a word, fail. Says what for.
  func judge(_ copy: SimDisk, _ what: String) throws(SimFailure) -> Verdict {
    let node: SimNode
    var state: [UInt8] = []
    do throws(SimFailure) {
      node = try SimNode(disk: copy, clock: clock, seed: seed &+ 9) { state = $0.state.encoded().copy() }
    } catch {
      guard case .recovery = error else { throw error }
      return .refused
    }
    guard node.recovered >= recovered else {
      // Only what the last commit groups held can be without a witness: nothing that an idle node has acknowledged.
      guard node.recovered >= settled else {
        throw .wrong("\(what): \(settled.value) was witnessed, \(node.recovered.value) is left")
      }
      try compareWhatIsLeft(node, what)
      return .unwitnessed
    }
    let found = FolderAnswers(node, state: state)
    if let fault = found.fault(against: answers) { throw .wrong("\(what): \(fault)") }
    return found.hasDamage ? .reported : .harmless
  }

  /// What stands before the frames that were cut off is as it was decided.
  private func compareWhatIsLeft(_ node: SimNode, _ what: String) throws(SimFailure) {
    guard var left = model else { return }
    left.crashed(keeping: node.recovered)
    var random = SeededRandom(seed: seed)
    do throws(SimFailure) { try Comparison.all(node, left, &random) } catch { throw .wrong("\(what): \(error)") }
  }
}

/// Everything a node answers just after a start: every partition, batch by batch, and the groups and transactions.
struct FolderAnswers {
  private struct Batch: Equatable {
    var end: Offset
    var checksum: UInt32
  }

  private struct Partition {
    /// Ends and checksums of batches, by base offset.
    var batches: [Offset: Batch] = [:]
    /// Offsets that are reported to be damaged.
    var damaged: [ClosedRange<Offset>] = []
  }

  private var partitions: [PartitionKey: Partition] = [:]
  /// All the log knew beside the bytes of records, before the coordinators decided anything.
  private let state: [UInt8]
  /// What the coordinators know.
  private let owners: [CoordinatorWrite]
  private let unreadable: Int
  /// Whether an owner is served: all of its records could be read.
  private let isServed: (CoordinatorWrite) -> Bool

  /// Reads all that `node` has, which found `state`.
  init(_ node: SimNode, state: [UInt8]) {
    let engine = node.engine, store = engine.store
    self.state = state
    owners = engine.groups.snapshot() + engine.transactions.snapshot()
    unreadable = engine.coordinatorLoading.unreadable.count
    isServed = { engine.canServe([$0.owner], of: $0.topic) }
    for partition in store.state.partitions.values {
      partitions[partition.key] = Self.read(partition, store)
    }
  }

  /// Whether anything is reported to be damaged.
  var hasDamage: Bool { unreadable > 0 || partitions.values.contains { !$0.damaged.isEmpty } }

  /// What is wrong, and was not reported; nil when all is as in `sound`, save what is reported.
  func fault(against sound: FolderAnswers) -> String? {
    guard state == sound.state else { return "the log's state is another, without a word" }
    guard owners == sound.owners.filter(isServed) else {
      return "groups or transactions are not what they were, without a word"
    }
    for (key, expected) in sound.partitions {
      guard let found = partitions[key] else { return "\(key.folder) is missing" }
      for (offset, batch) in expected.batches where found.batches[offset] != batch {
        let isReported = found.damaged.contains { $0.lowerBound < batch.end && $0.upperBound >= offset }
        guard found.batches[offset] == nil, isReported else {
          return "\(key.folder): the batch at \(offset.value) is not what it was, without a word"
        }
      }
      guard found.batches.keys.allSatisfy({ expected.batches[$0] != nil }) else {
        return "\(key.folder): a batch came where none was"
      }
    }
    return nil
  }

  private static func read(_ partition: PartitionLog, _ store: LogStore) -> Partition {
    var found = Partition()
    var offset = partition.start
    while offset < partition.durable.end {
      switch store.readWaiting(partition, from: offset, maxBytes: 1 << 20) {
      case .batches(let bytes, let next, _):
        var at = 0
        while at < bytes.count, let header = try? RecordBatchHeader(bytes.bytes, at: at) {
          let batch = bytes.part(from: at, count: header.totalSize)
          found.batches[header.baseOffset] = Batch(end: header.nextOffset, checksum: Checksum.crc32c(batch))
          at += header.totalSize
        }
        guard next > offset else { return found }
        offset = next
      case .damaged(_, let last, _):
        found.damaged.append(offset...max(last, offset))
        offset = max(last, offset).advanced(by: 1)
      case .gone, .notCached, .range: return found
      }
    }
    return found
  }
}
