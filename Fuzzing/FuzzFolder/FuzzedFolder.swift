import ByteCodec
import Compression
import LogStore
import Machine
import RecordFormat
import SimMachine
import Units

/// A small data folder with something in every kind of file, as a killed node leaves it.
enum FuzzedFolder {
  static let topic = "orders"
  private static let id = UniqueID(high: 1, low: 2)

  static let disk: SimDisk = {
    do { return try made() } catch { preconditionFailure("no folder to begin with: \(error)") }
  }()

  static let paths = disk.paths.filter { $0 != "lock" && $0 != "ballast" }.sorted()

  /// The segment that the index at `path` belongs to.
  static func key(of path: String) -> SegmentKey {
    let index: Int32 = path.contains("-1/") ? 1 : 0
    return SegmentKey(partition: PartitionKey(topic: id, index: index), base: Offset(0))
  }

  /// A log on `disk`, after recovery.
  static func open(_ disk: SimDisk) throws(RecoveryFailure) -> LogStore { try node(disk).store }

  private static func node(_ disk: SimDisk) throws(RecoveryFailure) -> (store: LogStore, lanes: QueuedLanes) {
    var options = LogStore.Options()
    options.journalFileBytes = .kibi(64)
    var made = QueuedLanes(nil)
    let store = try LogStore(
      disk: disk, clock: ManualClock(), entropy: SeededEntropy(seed: 7), options: options
    ) {
      made = QueuedLanes($0)
      return made
    }
    return (store, made)
  }

  private static func made() throws -> SimDisk {
    let disk = SimDisk(SimDisk.Options(capacity: .mebi(64)))
    let (store, lanes) = try node(disk)
    store.change([.topicCreated(TopicDescription(id: id, name: topic, partitionCount: 2))])
    lanes.settle(store)
    for round: Int32 in 0..<24 {
      // The checkpoint in the middle: the first half is in the segments, the rest in the journal alone.
      if round == 12 {
        store.beginCheckpoint()
        lanes.settle(store)
      }
      guard let partition = store.partition(PartitionKey(topic: id, index: round % 2)) else { continue }
      let batch = try self.batch(round)
      _ = store.append(
        batch, header: try RecordBatchHeader(batch.bytes), to: partition,
        rules: AppendRules(roll: RollRules(segmentBytes: .kibi(256)), syncs: true))
      lanes.settle(store)
    }
    return disk.afterCrash(.best)
  }

  /// Large enough that an index gets rows.
  private static func batch(_ round: Int32) throws -> ByteSlice {
    var builder = RecordBatchBuilder()
    for number in 0..<6 {
      let value = [UInt8](repeating: UInt8(97 + number), count: 2_000)
      builder.append(Record(timestamp: Timestamp(milliseconds: Int64(round) * 1_000), key: nil, value: value))
    }
    return try builder.build(using: Compressor())
  }
}

/// Lanes without threads, which run when told to.
private final class QueuedLanes: JobLanes {
  private let workshop: LogWorkshop?
  private var jobs: [LogJob] = []

  init(_ workshop: LogWorkshop?) { self.workshop = workshop }

  func submit(_ job: LogJob) { jobs.append(job) }

  func settle(_ store: LogStore) {
    store.flush()
    while let workshop, !jobs.isEmpty {
      _ = store.finished(workshop.run(jobs.removeFirst()))
      store.flush()
    }
  }
}
