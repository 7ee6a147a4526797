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
