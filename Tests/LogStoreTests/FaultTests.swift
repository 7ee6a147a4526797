import LogStore
import Machine
import SimMachine
import Testing
import Units

@Suite struct FaultTests {
  @Test(arguments: [28, 122, 24] as [Int32], [".log", "checkpoint-b"])
  func aFullDiskAtACheckpointIsOutlived(_ code: Int32, _ path: String) throws {
    let log = try TestLog(SimDisk())
    let key = log.makeTopic()
    try log.append(Forge.batch(), to: key)
    log.settle()
    log.disk.plan(SimFault(.sync, on: .ending(path), code: code))
    log.checkpoint()
    #expect(log.disk.faultsFired == 1)
    #expect(log.store.failure == nil)
    #expect(try log.append(Forge.batch(), to: key) == .full)
    #expect(try log.bases(key) == [0])
    log.disk.dropCache()
    log.store.timePassed()
    log.settle()
    #expect(log.store.isFull)
    log.clock.advance(byMs: 1_000)
    log.store.timePassed()
    log.settle()
    #expect(!log.store.isFull)
    #expect(log.store.checkpointed >= JournalSequence(3))
    let found = try TestLog(log.disk.afterCrash(.worst))
    #expect(try found.bases(key) == [0])
  }

  @Test func anIndexThatCannotBeWrittenCostsNothing() throws {
    let log = try TestLog(SimDisk())
    let key = log.makeTopic()
    try log.append(Forge.batch(payload: 100_000), to: key)
    log.settle()
    log.disk.plan(SimFault(.write, on: .ending(".blocks")))
    log.checkpoint()
    #expect(log.disk.faultsFired == 1)
    #expect(log.store.failure == nil && !log.store.isFull)
    #expect(try TestLog(log.disk.afterCrash(.worst)).bases(key) == [0])
  }

  @Test func whatCannotBeRemovedIsTriedAgain() throws {
    let log = try TestLog(SimDisk())
    let key = log.makeTopic()
    try log.append(Forge.batch(), to: key)
    log.settle()
    log.store.change([.topicDeleted(key.topic)])
    log.settle()
    log.disk.plan(SimFault(.remove, code: 5, isSticky: true))
    log.checkpoint()
    #expect(log.store.failure == nil)
    #expect(log.disk.paths.contains { $0.hasPrefix(key.folder) })
    log.disk.clearFaults()
    log.checkpoint()
    #expect(!log.disk.paths.contains { $0.hasPrefix(key.folder) })
  }

  @Test func theEndsOfTimeDoNotTrap() throws {
    let log = try TestLog(SimDisk())
    log.rules = RollRules(segmentBytes: .mebi(1), segmentMs: 1_000)
    let key = log.makeTopic()
    for timestamp in [.max, .min, 0, -1, .min, .max] as [Int64] {
      log.clock.setWallClock(Timestamp(milliseconds: timestamp))
      try log.append(Forge.batch(timestamp: timestamp), to: key)
      let partition = try #require(log.store.partition(key))
      _ = partition.retentionStart(
        now: .init(Timestamp(milliseconds: .min)), retentionMs: 1_000, retentionBytes: -1)
    }
    log.settle()
    #expect(log.store.partition(key)?.durable.end == Offset(6))
  }
}
