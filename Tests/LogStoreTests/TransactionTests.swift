import ByteCodec
import Compression
import LogStore
import RecordFormat
import SimMachine
import Testing
import Units

/// Open transactions, their markers, the stable end and the index of what was aborted.
@Suite struct TransactionTests {
  @Test func theStableEndStandsAtTheFirstOpenTransaction() throws {
    let log = try TestLog(SimDisk())
    let key = log.makeTopic()
    try log.write(["a"], to: key, producer: -1, epoch: -1, sequence: -1, isTransactional: false)
    try log.write(["b"], to: key, producer: 1)
    try log.write(["c"], to: key, producer: 2)
    log.settle()
    #expect(try log.stable(key) == 1)
    try log.end(.commit, in: [key], producer: 1)
    log.settle()
    #expect(try log.stable(key) == 2)
    try log.end(.abort, in: [key], producer: 2)
    log.settle()
    #expect(try log.stable(key) == 5)
    #expect(try log.committed(key) == ["a", "b"])
  }

  /// KoP #1283: an abort that arrives late must find its records never shown.
  @Test func theStableEndIsHeldBackBeforeTheFirstRecordCanBeSeen() throws {
    let log = try TestLog(SimDisk())
    let key = log.makeTopic()
    log.settle()
    try log.write(["a"], to: key, producer: 1)
    #expect(try log.stable(key) == 0)
    log.settle()
    #expect(try log.log(key).durable.end == Offset(1))
    #expect(try log.stable(key) == 0)
  }

  @Test func anEndCountsOnlyOnceItsMarkerIsSynced() throws {
    let log = try TestLog(SimDisk())
    let key = log.makeTopic()
    try log.write(["a"], to: key, producer: 1)
    log.settle()
    try log.end(.commit, in: [key], producer: 1)
    #expect(try log.log(key).producers.producers[1]?.transactionStart == nil)
    #expect(try log.stable(key) == 0)
    log.settle()
    #expect(try log.stable(key) == 2)
  }

  @Test func aPlainBatchWithinATransactionIsRefused() throws {
    let log = try TestLog(SimDisk())
    let key = log.makeTopic()
    try log.write(["a"], to: key, producer: 1)
    #expect(try log.write(["b"], to: key, producer: 1, sequence: 1, isTransactional: false) == .transactionOpen)
    try log.end(.commit, in: [key], producer: 1)
    guard case .stored = try log.write(["b"], to: key, producer: 1, sequence: 1, isTransactional: false) else {
      Issue.record("a plain batch behind the transaction was refused")
      return
    }
  }

  @Test func anUnknownProducerOfTheSecondGenerationBeginsAtZero() throws {
    let log = try TestLog(SimDisk())
    let key = log.makeTopic()
    #expect(
      try log.write(["a"], to: key, producer: 1, sequence: 4, beginsAtZero: true) == .outOfOrderSequence(expected: 0))
    guard case .stored = try log.write(["a"], to: key, producer: 1, sequence: 4) else {
      Issue.record("an unknown producer of the first generation may begin anywhere")
      return
    }
  }

  /// KIP-890: the marker raises the epoch, so that what comes late from the ended transaction is fenced.
  @Test func aBumpedMarkerFencesWhatComesLate() throws {
    let log = try TestLog(SimDisk())
    let key = log.makeTopic()
    try log.write(["a"], to: key, producer: 1)
    try log.end(.abort, in: [key], producer: 1, epoch: 1)
    #expect(try log.write(["b"], to: key, producer: 1, sequence: 1) == .staleEpoch(current: 1))
    #expect(try log.write(["b"], to: key, producer: 1, epoch: 1, sequence: 1) == .outOfOrderSequence(expected: 0))
    guard case .stored = try log.write(["b"], to: key, producer: 1, epoch: 1) else {
      Issue.record("the next transaction was refused")
      return
    }
    let table = try log.log(key).producers
    #expect(
      table.verdict(onMarkerOf: 1, epoch: 1, isBumped: true, coordinatorEpoch: 3) == .staleEpoch(current: 1),
      "a marker of the ended transaction does not end the next one")
    #expect(table.verdict(onMarkerOf: 1, epoch: 1, isBumped: false, coordinatorEpoch: 3) == .append)
    #expect(table.verdict(onMarkerOf: 1, epoch: 2, isBumped: true, coordinatorEpoch: 3) == .append)
    #expect(table.verdict(onMarkerOf: 1, epoch: 0, isBumped: false, coordinatorEpoch: 3) == .staleEpoch(current: 1))
    #expect(
      table.verdict(onMarkerOf: 1, epoch: 2, isBumped: true, coordinatorEpoch: 2) == .staleCoordinator(current: 3))
    #expect(table.verdict(onMarkerOf: 9, epoch: 0, isBumped: true, coordinatorEpoch: 0) == .append)
  }

  @Test func theAbortedAmongARangeComeByFirstOffset() throws {
    let log = try TestLog(SimDisk())
    let key = log.makeTopic()
    for producer in Int64(1)...3 { try log.write(["\(producer)"], to: key, producer: producer) }  // 0, 1, 2
    for producer in [2, 3, 1] as [Int64] { try log.end(.abort, in: [key], producer: producer) }  // 3, 4, 5
    try log.write(["4"], to: key, producer: 4)  // 6
    try log.end(.abort, in: [key], producer: 4)  // 7
    log.settle()
    let aborted = try log.log(key).aborted
    func producers(_ from: Int64, _ to: Int64) -> [Int64] {
      aborted.overlapping(Offset(from), Offset(to)).map(\.producerID)
    }
    #expect(producers(0, 8) == [1, 2, 3, 4])
    #expect(producers(0, 1) == [1])
    #expect(producers(4, 6) == [1, 3])
    #expect(producers(4, 7) == [1, 3, 4])
    #expect(producers(6, 8) == [4])
    #expect(producers(3, 3) == [])
  }

  @Test func theIndexOutlivesCheckpointAndCrashAndGoesWithTheLogStart() throws {
    var log = try TestLog(SimDisk())
    let key = log.makeTopic()
    try log.write(["a"], to: key, producer: 1)
    try log.end(.abort, in: [key], producer: 1)
    log.settle()
    log.checkpoint()
    try log.write(["b"], to: key, producer: 2)
    try log.end(.abort, in: [key], producer: 2)
    try log.write(["c"], to: key, producer: 3)
    log.settle()
    let before = try log.log(key).aborted
    #expect(before.rows.count == 2)
    log = try TestLog(log.disk.afterCrash(.worst), clock: log.clock)
    #expect(try log.log(key).aborted == before)
    #expect(try log.stable(key) == 4, "a transaction that was open stays open")
    log.store.change([.logStartMoved(key, offset: Offset(2))])
    log.settle()
    #expect(try log.log(key).aborted.rows.map(\.producerID) == [2])
    log.store.change([.logStartMoved(key, offset: Offset(5))])
    log.settle()
    #expect(try log.stable(key) == 5, "the stable end is never below the log start")
  }

  @Test func aCutAtEveryStepEndsATransactionEverywhereOrNowhere() throws {
    var outcomes: Set<Bool> = []
    for step in 1... {
      let disk = SimDisk(.init(seed: UInt64(step)))
      let log = try TestLog(disk)
      let keys = (1...3).map { log.makeTopic("t\($0)", id: $0) }
      for key in keys { try log.write(["x"], to: key, producer: 7) }
      log.settle()
      disk.cutPower(inStep: step)
      let id = UniqueID(high: 0, low: 1)
      _ = log.store.appendTogether(
        try keys.map { try log.marker(.commit, in: $0, producer: 7) },
        and: [.topicSettingsChanged(topic: id, overrides: ["retention.ms": "1"])])
      log.settle()
      log.checkpoint()
      let acknowledged = try log.stable(keys[0]) == 2
      for key in keys { #expect(try (log.stable(key) == 2) == acknowledged, "step \(step)") }
      if !disk.isCut { break }
      for fate in [.worst, .best, .seeded(UInt64(step)), .seeded(UInt64(step) &* 77)] as [CrashFate] {
        let found = try TestLog(disk.afterCrash(fate))
        let ended = try keys.map { try found.stable($0) == 2 }
        #expect(Set(ended).count == 1, "step \(step): some partitions are committed, others not")
        #expect(ended[0] || !acknowledged, "step \(step): an acknowledged commit is gone")
        #expect((found.store.catalogue.topic(id)?.description.overrides.isEmpty == false) == ended[0])
        outcomes.insert(ended[0])
      }
    }
    #expect(outcomes == [true, false])
  }

  @Test func sequencesWrapWithinATransaction() throws {
    let log = try TestLog(SimDisk())
    let key = log.makeTopic()
    try log.write(["a"], to: key, producer: 1, sequence: .max - 1)
    guard case .stored = try log.write(["b", "c"], to: key, producer: 1, sequence: .max),
      case .stored = try log.write(["d"], to: key, producer: 1, sequence: 1)
    else {
      Issue.record("a sequence was refused behind 2147483647")
      return
    }
    #expect(try log.write(["e"], to: key, producer: 1, sequence: 3) == .outOfOrderSequence(expected: 2))
  }

  @Test func aRetryWithinATransactionIsNotStoredTwice() throws {
    var log = try TestLog(SimDisk())
    let key = log.makeTopic()
    try log.write(["a"], to: key, producer: 1)
    try log.write(["b"], to: key, producer: 1, sequence: 1)
    log.settle()
    log = try TestLog(log.disk.afterCrash(.worst), clock: log.clock)
    guard case .duplicate(let original) = try log.write(["a"], to: key, producer: 1) else {
      Issue.record("a retry was not known")
      return
    }
    #expect(original.baseOffset == Offset(0))
    log.settle()
    #expect(try log.stable(key) == 0)
  }

  @Test(arguments: [TransactionMarker.Kind.commit, .abort])
  func aSequenceOfAnEndedTransactionIsNoRetry(_ end: TransactionMarker.Kind) throws {
    var log = try TestLog(SimDisk())
    let key = log.makeTopic()
    try log.write(["a"], to: key, producer: 1)
    try log.end(end, in: [key], producer: 1)
    log.settle()
    for _ in 0..<2 {
      #expect(try log.write(["b"], to: key, producer: 1) == .outOfOrderSequence(expected: 1))
      log = try TestLog(log.disk.afterCrash(.worst), clock: log.clock)
    }
    try log.write(["b"], to: key, producer: 1, sequence: 1)
    #expect(try log.write(["c"], to: key, producer: 1) == .outOfOrderSequence(expected: 2))
    guard case .duplicate(let original) = try log.write(["b"], to: key, producer: 1, sequence: 1) else {
      Issue.record("a retry was not known")
      return
    }
    #expect(original.baseOffset == Offset(2))
  }

  @Test func aUnitHasItsLimits() throws {
    let log = try TestLog(SimDisk())
    let key = log.makeTopic()
    let many = try log.marker(.commit, in: key, producer: 1)
    #expect(
      log.store.appendTogether(Array(repeating: many, count: LogStore.togetherEntries + 1)) == .tooLarge)
    #expect(try log.log(key).end == Offset(0))
    guard case .stored(let bases, _) = log.store.appendTogether([]) else {
      Issue.record("nothing to write is no failure")
      return
    }
    #expect(bases.isEmpty)
  }

  @Test func theEndOfALargeTransactionIsOneUnit() throws {
    let log = try TestLog(SimDisk()) { $0.journalFileBytes = .mebi(64) }
    let id = UniqueID(high: 0, low: 1)
    let count: Int32 = 1_000
    log.store.change([.topicCreated(TopicDescription(id: id, name: "t", partitionCount: count))])
    let keys = (0..<count).map { PartitionKey(topic: id, index: $0) }
    guard case .stored(let bases, _) = try log.end(.commit, in: keys, producer: 1) else {
      Issue.record("the end of a large transaction was refused")
      return
    }
    #expect(bases.count == 1_000)
    #expect(try log.marker(.commit, in: keys[0], producer: 1).batch.count * 20_000 <= LogStore.togetherBytes.value / 2)
    log.settle()
    let found = try TestLog(log.disk.afterCrash(.worst), clock: log.clock)
    #expect(found.store.state.partitions.values.allSatisfy { $0.end == Offset(1) })
  }

  @Test func readCommittedHoldsForCompressedBatches() throws {
    let log = try TestLog(SimDisk())
    let key = log.makeTopic()
    try log.write(["a", "b"], to: key, producer: 1, codec: .zstd)
    try log.write(["c"], to: key, producer: 2, codec: .gzip)
    try log.end(.abort, in: [key], producer: 1)
    try log.end(.commit, in: [key], producer: 2)
    log.settle()
    #expect(try log.committed(key) == ["c"])
  }
}
