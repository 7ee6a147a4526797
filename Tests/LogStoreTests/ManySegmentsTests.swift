import ByteCodec
import LogStore
import Machine
import SimMachine
import Testing
import Units

/// Checkpoints and starts with more segments than are synced one by one.
@Suite struct ManySegmentsTests {
  private static let topics = 5

  /// A log with a batch in each of several partitions, synced as a whole volume.
  private func filled(_ disk: SimDisk = SimDisk()) throws -> (TestLog, [PartitionKey]) {
    let log = try TestLog(disk) { $0.volumeSyncAbove = 2 }
    let keys = (1...Self.topics).map { log.makeTopic("t\($0)", id: UInt64($0)) }
    for key in keys { try log.append(Forge.batch(), to: key) }
    log.settle()
    return (log, keys)
  }

  @Test func aCheckpointOfTheWholeVolumeHolds() throws {
    let (log, keys) = try filled()
    log.checkpoint()
    #expect(log.store.checkpointed.value >= Int64(Self.topics))
    let found = try TestLog(log.disk.afterCrash(.worst))
    for key in keys { #expect(try found.bases(key) == [0]) }
  }

  @Test func aCutAtEveryStepOfCheckpointAndStartLosesNothing() throws {
    for step in 1... {
      let disk = SimDisk(.init(seed: UInt64(step)))
      let (log, keys) = try filled(disk)
      disk.cutPower(inStep: step)
      log.checkpoint()
      if !disk.isCut { break }
      let again = disk.afterCrash(.seeded(UInt64(step)))
      again.cutPower(inStep: 1 + step / 2)
      _ = try? TestLog(again) { $0.volumeSyncAbove = 2 }
      let found = try TestLog(again.isCut ? again.afterCrash(.worst) : disk.afterCrash(.worst)) {
        $0.volumeSyncAbove = 2
      }
      for key in keys { #expect(try found.bases(key) == [0], "step \(step)") }
    }
  }

  @Test func whereTheVolumeCannotSayEachIsSynced() throws {
    let (log, keys) = try filled()
    log.disk.plan(SimFault(.sync, on: .exactly("")))
    log.checkpoint()
    #expect(log.store.failure == nil)
    let found = try TestLog(log.disk.afterCrash(.worst))
    for key in keys { #expect(try found.bases(key) == [0]) }
  }

  /// Batches of many segments that take turns in the journal, gathered as a whole, a few at a time, and one by one.
  @Test(arguments: [ByteCount.mebi(64), .kibi(4), .zero])
  func batchesThatTakeTurnsComeBack(replayBytes: ByteCount) throws {
    let log = try TestLog(SimDisk())
    log.rules = RollRules(segmentBytes: .kibi(2))
    let keys = (1...7).map { log.makeTopic("t\($0)", id: UInt64($0)) }
    for round in 0..<20 {
      for key in keys { try log.append(Forge.batch(payload: 100 + round, fill: UInt8(round)), to: key) }
      log.settle()
      if round == 9 { log.checkpoint() }
    }
    for fate in [CrashFate.worst, .best] {
      let disk = log.disk.afterCrash(fate)
      let found = try TestLog(disk) { $0.replayBytes = replayBytes }
      for key in keys {
        for offset in 0..<Int64(20) { #expect(try found.bases(key, from: offset)?.first == offset) }
        for segment in try #require(found.store.partition(key)).segments {
          let path = SegmentKey(partition: key, base: segment.base).logPath
          #expect(disk.contents(path) == log.disk.contents(path))
        }
      }
    }
  }

  /// What stands behind the last frame in a segment that is written again is cut off.
  @Test func aStartCutsWhatStandsBehindTheJournal() throws {
    let (log, keys) = try filled()
    let key = try #require(keys.first)
    let path = SegmentKey(partition: key, base: Offset(0)).logPath
    let disk = log.disk.afterCrash(.best)
    let size = try disk.open(path, .read).size()
    try disk.open(path, .write).write(
      [ByteSlice(copying: Array(repeating: 9, count: 5_000))], at: FilePosition(size.value))
    let found = try TestLog(disk)
    #expect(try disk.open(path, .read).size() == size)
    #expect(try found.bases(key) == [0])
    try found.append(Forge.batch(), to: key)
    found.settle()
    #expect(try found.bases(key) == [0, 1])
  }
}
