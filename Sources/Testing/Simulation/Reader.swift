import Broker
import ByteCodec
import LogStore
import Machine
import RecordFormat
import SimMachine
import Units

/// Reads a partition through the engine and compares every batch with the model.
enum Reader {
  /// One fetch from `offset`: what comes back must be exactly the model's batches from there, whole, and only synced ones.
  @discardableResult
  static func check(
    _ partition: Model.Partition, _ log: PartitionLog, from offset: Offset, maxBytes: Int, engine: Engine,
    node: SimNode, readsCommitted: Bool, random: inout SeededRandom
  ) throws(SimFailure) -> Offset {
    let stable = partition.stableEnd(log.durable.end, durable: engine.store.durable)
    guard log.stableEnd == max(stable, log.durableStart) else {
      throw .wrong("\(partition.key.folder): stable to \(log.stableEnd.value), not to \(stable.value)")
    }
    let visible = readsCommitted ? log.stableEnd : log.durable.end
    var answer: [FetchedPartition]?
    var plan = FetchPlan(
      entries: [.init(partition: log, offset: offset, maxBytes: maxBytes)], minBytes: 1, maxBytes: maxBytes,
      deadline: node.clock.now(), readsCommitted: readsCommitted, answersAtOnce: true)
    plan.takesRanges = random.chance(permille: 500)
    let id = engine.fetch(plan) { answer = $0 }
    while answer == nil, node.runLane(&random) {}
    guard let result = answer?.first else {
      if let id { engine.cancelFetch(id) }
      if !node.isUp { return offset }
      throw .wrong("\(partition.key.folder): a fetch at \(offset.value) was never answered")
    }
    guard let (bytes, aborted) = result.content else {
      if node.allowsDamage { node.damageSeen += 1 }
      if !node.isUp || node.allowsDamage { return offset }
      throw .wrong("\(partition.key.folder): a fetch at \(offset.value) found damage: \(result)")
    }
    let next = try compare(bytes, with: partition, from: offset, visible: visible)
    if readsCommitted {
      let expected = partition.aborted.filter { $0.last >= offset && $0.first < next }.sorted { $0.first < $1.first }
      let found = aborted.map { Model.Aborted(producer: $0.producerID, first: $0.first, last: $0.last) }
      guard found == (next > offset ? expected : []) else {
        throw .wrong(
          "\(partition.key.folder): aborted among \(offset.value)..<\(next.value): \(found), not \(expected)")
      }
    }
    return next
  }

  private static func compare(
    _ bytes: ByteSlice, with partition: Model.Partition, from offset: Offset, visible: Offset
  ) throws(SimFailure) -> Offset {
    let place = partition.key.folder
    var expected = partition.batches.drop { $0.end <= offset }
    var at = 0
    var next = offset
    while at < bytes.count {
      guard let header = try? RecordBatchHeader(bytes.bytes, at: at), at + header.totalSize <= bytes.count else {
        throw .wrong("\(place): a fetch at \(offset.value) ends within a batch")
      }
      guard let model = expected.popFirst() else {
        throw .wrong("\(place): a fetch returned offset \(header.baseOffset.value), which was never written")
      }
      guard header.baseOffset == model.base, header.nextOffset == model.end else {
        throw .wrong("\(place): offset \(header.baseOffset.value) came where \(model.base.value) was due")
      }
      guard Fingerprint.of(bytes.part(from: at, count: header.totalSize)) == model.fingerprint else {
        throw .wrong("\(place): offset \(model.base.value) has other bytes than were written")
      }
      guard header.partitionLeaderEpoch == model.epoch else {
        throw .wrong("\(place): offset \(model.base.value) has another leader epoch than it was stored under")
      }
      guard model.end <= visible else { throw .wrong("\(place): offset \(model.base.value) was shown before its sync") }
      at += header.totalSize
      next = model.end
    }
    if next == offset, let first = expected.first, first.end <= visible {
      throw .wrong("\(place): a fetch at \(offset.value) returned nothing, though \(first.base.value) is there")
    }
    return next
  }

  /// Reads all of a partition.
  static func checkAll(
    _ partition: Model.Partition, engine: Engine, node: SimNode, random: inout SeededRandom
  ) throws(SimFailure) {
    guard let log = engine.store.partition(partition.key) else {
      throw .wrong("partition \(partition.key.folder) is missing after recovery")
    }
    guard log.start == partition.start, log.end == partition.end, log.durable.end == log.end else {
      throw .wrong(
        "partition \(partition.key.folder) spans \(log.start.value)..<\(log.end.value) after recovery, "
          + "\(partition.start.value)..<\(partition.end.value) was acknowledged")
    }
    for readsCommitted in [false, true] {
      var offset = log.start
      while offset < log.end {
        let next = try check(
          partition, log, from: offset, maxBytes: 100_000, engine: engine, node: node, readsCommitted: readsCommitted,
          random: &random)
        if next > offset {
          offset = next
          continue
        }
        // Behind what is told to be damaged all is as it was.
        guard node.isUp, case .damaged(_, let last, _) = engine.store.readWaiting(log, from: offset, maxBytes: 1) else {
          break
        }
        offset = max(last, offset).advanced(by: 1)
      }
    }
  }
}

extension FetchedPartition {
  /// The batches, those left in a file read; nil where they cannot be had.
  fileprivate var content: (bytes: ByteSlice, aborted: [AbortedTransaction])? {
    switch self {
    case .batches(let bytes, let aborted): return (bytes, aborted)
    case .range(let range, _, let aborted):
      guard let bytes = try? range.read(), bytes.count == range.count else { return nil }
      return (bytes, aborted)
    case .damaged: return nil
    }
  }
}
