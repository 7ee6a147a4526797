import ByteCodec
import Compression
import LogStore
import Machine
import RecordFormat
import SimMachine
import Testing
import Units

/// A log on a simulated disk, whose lanes run when the test says so.
final class TestNode {
  static let topic = UniqueID(high: 1, low: 2)

  let store: LogStore
  private let lanes: WaitingLanes

  init(_ disk: any Disk, checkpointBytes: ByteCount = .mebi(128)) throws {
    var made: WaitingLanes?
    var options = LogStore.Options()
    options.checkpointBytes = checkpointBytes
    store = try LogStore(
      disk: disk, clock: ManualClock(), entropy: SeededEntropy(seed: 7), options: options
    ) { workshop in
      let lanes = WaitingLanes(workshop)
      made = lanes
      return lanes
    }
    lanes = try #require(made)
    settle()
  }

  /// Makes the topic `orders` with two partitions.
  func makeTopic() {
    store.change([.topicCreated(TopicDescription(id: Self.topic, name: "orders", partitionCount: 2))])
    settle()
  }

  /// Stores one batch of `count` records, and waits until it is durable.
  @discardableResult
  func append(_ count: Int, bytes: Int = 100, to index: Int32 = 0) throws -> Offset {
    let partition = try #require(store.partition(PartitionKey(topic: Self.topic, index: index)))
    var builder = RecordBatchBuilder()
    for number in 0..<count {
      let value = Array("\(partition.end.value + Int64(number)) ".utf8) + [UInt8](repeating: 0x61, count: bytes)
      builder.append(Record(timestamp: Timestamp(milliseconds: 1_000), key: nil, value: value))
    }
    let batch = try builder.build(using: Compressor())
    let header = try RecordBatchHeader(batch.bytes)
    let result = store.append(
      batch, header: header, to: partition,
      rules: AppendRules(roll: RollRules(segmentBytes: .kibi(256)), syncs: true))
    guard case .stored(let base, _) = result else { throw Unexpected(what: "\(result)") }
    settle()
    return base
  }

  /// Runs lanes until nothing is left to do.
  func settle() {
    store.flush()
    while let event = lanes.runOne() {
      _ = store.finished(event)
      store.flush()
    }
  }

  func checkpoint() {
    store.beginCheckpoint()
    settle()
  }

  func stopInOrder() {
    store.beginCheckpoint(cleanStop: true)
    settle()
  }

  /// The offsets of all records that can be read from `from` on, and the reasons why others cannot.
  func offsets(from: Int64 = 0, of index: Int32 = 0) throws -> (read: [Int64], damaged: [String]) {
    let partition = try #require(store.partition(PartitionKey(topic: Self.topic, index: index)))
    var at = Offset(from)
    var found: [Int64] = []
    while at < partition.durable.end {
      var result = store.read(
        partition, from: at, limit: partition.durable.end, maxBytes: 1 << 16, firstBatchWhole: true)
      while case .waits(let token) = result, let event = lanes.runOne() {
        let progress = store.finished(event)
        if let read = progress.reads.first(where: { $0.token == token }) { result = .outcome(read.outcome) }
      }
      guard case .outcome(.batches(let bytes, let next, _)) = result, next > at else {
        return (found, ["\(result)"])
      }
      var walk = RecordBatchWalk(bytes)
      while let view = try walk.next() {
        var reader = try RecordReader(view, scratch: Decompressor())
        while let record = try reader.next() {
          if record.offset >= at { found.append(record.offset.value) }
        }
      }
      at = next
    }
    return (found, [])
  }

  struct Unexpected: Error { var what: String }
}

/// Lanes whose jobs wait until they are asked to run, in order.
final class WaitingLanes: JobLanes {
  private let workshop: LogWorkshop
  private var jobs: [LogJob] = []

  init(_ workshop: LogWorkshop) { self.workshop = workshop }

  func submit(_ job: LogJob) { jobs.append(job) }

  func runOne() -> LogEvent? { jobs.isEmpty ? nil : workshop.run(jobs.removeFirst()) }
}

extension SimDisk {
  /// The one path with this ending.
  func path(endingWith ending: String) throws -> String {
    try #require(paths.first { $0.hasSuffix(ending) })
  }
}
