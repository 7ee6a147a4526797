import LogStore
import Machine
import SimMachine
import Testing
import Units

/// What a start after a crash reads: the checkpoint and the journal behind it, however much is stored.
@Suite struct StartCostTests {
  /// What a start reads and opens when `batches` of 4 KiB lie in segments that a checkpoint covers, and ten behind it.
  private func costOfStart(batches: Int) throws -> CountingDisk.Counts {
    let log = try TestLog(SimDisk())
    log.rules = RollRules(segmentBytes: .kibi(64))
    let key = log.makeTopic()
    for number in 1...batches {
      try log.append(Forge.batch(payload: 4_000), to: key)
      log.settle()
      if number.isMultiple(of: 100) { log.checkpoint() }
    }
    for _ in 0..<10 { try log.append(Forge.batch(payload: 4_000), to: key) }
    log.settle()
    let disk = CountingDisk(log.disk.afterCrash(.worst))
    let store = try LogStore(
      disk: disk, clock: ManualClock(), entropy: SeededEntropy(seed: 1), options: log.options
    ) { QueuedLanes($0) }
    #expect(store.partition(key)?.durable.end.value == Int64(batches) + 10)
    #expect(store.report.replayedFrames == 10)
    return disk.counts.withLock { $0 }
  }

  @Test func aStartReadsNoMoreWhenTenTimesAsMuchIsStored() throws {
    let few = try costOfStart(batches: 200)
    let many = try costOfStart(batches: 2_000)
    // 800 KB and 8 MB are stored; of each segment a start knows a row of the checkpoint.
    #expect(many.bytesRead < few.bytesRead + 32_768, "\(few) \(many)")
    #expect(many.opened < few.opened + 8, "\(few) \(many)")
  }
}
