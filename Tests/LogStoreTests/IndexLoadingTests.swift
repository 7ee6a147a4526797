import ByteCodec
import Compression
import LogStore
import Machine
import RecordFormat
import SimMachine
import Testing
import Units

@Suite struct IndexLoadingTests {
  /// Two topics with about 600 KiB each, a checkpoint behind them, and the power cut.
  private func rested(withIndexes: Bool) throws -> (SimDisk, PartitionKey, PartitionKey) {
    let log = try TestLog(SimDisk())
    let (one, other) = (log.makeTopic("one", id: 1), log.makeTopic("other", id: 2))
    for fill in 0..<12 as Range<UInt8> {
      for key in [one, other] { try log.append(Forge.batch(payload: 50_000, fill: fill), to: key) }
      log.settle()
    }
    log.checkpoint()
    let disk = log.disk.afterCrash(.worst)
    if !withIndexes { for path in disk.paths where path.hasSuffix(".blocks") { disk.deleteAtRest(path) } }
    return (disk, one, other)
  }

  @Test func aReadWaitsForTheIndexAndHoldsUpNobody() throws {
    let (disk, one, other) = try rested(withIndexes: false)
    let log = try TestLog(disk)
    log.settle()
    disk.plan(SimFault(.read, on: .ending(".log")))
    disk.plan(SimFault(.open, on: .ending(".blocks")))
    let partition = try #require(log.store.partition(one))
    guard
      case .waits(let token) = log.store.read(
        partition, from: Offset(3), limit: Offset(12), maxBytes: 60_000, firstBatchWhole: true)
    else {
      Issue.record("the engine's thread made the index")
      return
    }
    #expect(disk.faultsFired == 0)
    disk.clearFaults()
    // Another partition is produced to, and acknowledged, while the index is not made.
    let second = try #require(log.store.partition(other))
    let batch = Forge.batch()
    _ = log.store.append(
      batch, header: try RecordBatchHeader(batch.bytes), to: second, rules: AppendRules(roll: log.rules, syncs: true))
    log.store.flush()
    while log.runOne(where: { !$0.isIndexLoad }) != nil {}
    #expect(second.durable.end == Offset(13))
    // Then the reader is served.
    let loaded = try #require(log.lanes.run(where: \.isIndexLoad))
    let progress = log.store.finished(loaded)
    #expect(progress.reindexed?.blocks == 6)
    let read = try #require(progress.reads.first { $0.token == token })
    guard case .batches(let bytes, let next, _) = read.outcome else {
      Issue.record("nothing was read: \(read.outcome)")
      return
    }
    #expect(try RecordBatchHeader(bytes.bytes).baseOffset == Offset(3) && next == Offset(4))
  }

  @Test func indexesAreDurableWithTheCheckpoint() throws {
    let (disk, one, _) = try rested(withIndexes: true)
    let log = try TestLog(disk)
    let partition = try #require(log.store.partition(one))
    guard
      case .waits = log.store.read(
        partition, from: Offset(0), limit: Offset(12), maxBytes: 1, firstBatchWhole: true)
    else {
      Issue.record("the engine's thread read the index")
      return
    }
    let loaded = try #require(log.lanes.run(where: \.isIndexLoad))
    #expect(log.store.finished(loaded).reindexed == nil)
  }

  @Test func anIndexMadeAgainIsWrittenByTheNextCheckpoint() throws {
    let (disk, one, _) = try rested(withIndexes: false)
    let log = try TestLog(disk)
    #expect(try log.bases(one, maxBytes: 1) == [0])
    log.settle()
    log.checkpoint()
    #expect(disk.paths.filter { $0.hasSuffix(".blocks") }.count == 1)
    #expect(try TestLog(disk.afterCrash(.worst)).bases(one) == Array(0..<12))
  }

  @Test func appendsGoOnInTheSegmentThatRecoveryWroteTo() throws {
    let log = try TestLog(SimDisk())
    let key = log.makeTopic()
    try log.append(Forge.batch(payload: 80_000), to: key)
    log.settle()
    log.checkpoint()
    try log.append(Forge.batch(payload: 80_000), to: key)
    log.settle()
    let again = try TestLog(log.disk.afterCrash(.worst))
    let partition = try #require(again.store.partition(key))
    #expect(!again.store.lacksIndex(partition))
    try again.append(Forge.batch(), to: key)
    again.settle()
    #expect(partition.segments.count == 1 && partition.durable.end == Offset(3))
    #expect(try again.bases(key) == [0, 1, 2])
    #expect(again.store.report.reindexedSegments == 0)
  }

  @Test func searchesByTimeWaitForTheIndexToo() throws {
    let (disk, one, _) = try rested(withIndexes: false)
    let log = try TestLog(disk)
    let partition = try #require(log.store.partition(one))
    guard case .waits(let token) = log.store.candidate(for: .latest, in: partition, from: Offset(0)) else {
      Issue.record("the engine's thread made the index")
      return
    }
    let progress = log.store.finished(try #require(log.lanes.run(where: \.isIndexLoad)))
    #expect(progress.indexes.contains { $0.token == token && $0.failure == nil })
    guard case .found(let candidate) = log.store.candidate(for: .latest, in: partition, from: Offset(0)) else {
      Issue.record("nothing was found")
      return
    }
    #expect(candidate.offset == Offset(0))
  }
}

@Suite struct PreparationTests {
  @Test func fewJobsAreUnderWayAndOrderIsKept() throws {
    let log = try TestLog(SimDisk())
    log.settle()
    let intake = BatchIntake(
      records: Forge.batch(), rules: BatchRules(walksRecords: false), codec: nil, level: nil, appendTime: nil)
    let tokens = (0..<5).map { _ in log.store.prepare([intake]) }
    #expect(log.lanes.jobs.count { $0.lane == .codec } == 2)
    var finished: [UInt64] = []
    while let event = log.lanes.run(where: { $0.lane == .codec }) {
      let progress = log.store.finished(event)
      finished.append(try #require(progress.prepared).token)
      guard case .ready = progress.prepared?.outcomes.first else {
        Issue.record("a sound batch was refused")
        return
      }
    }
    #expect(finished == tokens)
  }
}
