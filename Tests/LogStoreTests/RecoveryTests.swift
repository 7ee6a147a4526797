import ByteCodec
import LogStore
import Machine
import SimMachine
import Testing
import Units

/// What a start makes of a folder after a power cut, a failed call or damage.
@Suite struct RecoveryTests {
  private func filled(_ count: Int = 3, checkpointed: Bool = false, witnessed: Bool = true) throws -> (
    TestLog, PartitionKey
  ) {
    let log = try TestLog(SimDisk())
    let key = log.makeTopic()
    for _ in 0..<count {
      try log.append(Forge.batch(), to: key)
      log.settle()
    }
    if checkpointed { log.checkpoint() }
    if witnessed {
      log.store.submitWitness()
      log.settle()
    }
    return (log, key)
  }

  private func end(_ log: TestLog, _ key: PartitionKey) -> Int64? { log.store.partition(key)?.durable.end.value }

  @Test func aCutAfterEveryStepLosesNothingAcknowledged() throws {
    for step in 1... {
      let disk = SimDisk(.init(seed: UInt64(step)))
      let log = try TestLog(disk)
      let key = log.makeTopic()
      log.settle()
      disk.cutPower(inStep: step)
      for _ in 0..<4 {
        try log.append(Forge.batch(), to: key)
        log.settle()
      }
      let acknowledged = try #require(end(log, key))
      if !disk.isCut { break }
      for fate in [.worst, .best, .seeded(UInt64(step))] as [CrashFate] {
        let found = try TestLog(disk.afterCrash(fate))
        let kept = try #require(end(found, key))
        #expect(kept >= acknowledged && kept <= 4)
        #expect(try found.bases(key) == Array(0..<kept))
      }
    }
  }

  @Test func cutsDuringRecoveryChangeNothing() throws {
    let (log, key) = try filled()
    for step in 1... {
      let disk = log.disk.afterCrash(.worst)
      disk.cutPower(inStep: step)
      _ = try? TestLog(disk)
      if !disk.isCut { break }
      let again = disk.afterCrash(.seeded(UInt64(step)))
      again.cutPower(inStep: 1 + step / 2)
      _ = try? TestLog(again)
      #expect(end(try TestLog(again.afterCrash(.seeded(UInt64(step + 1)))), key) == 3)
    }
  }

  @Test func whatWasReadAfterRecoveryOutlivesACutAtOnce() throws {
    let (log, key) = try filled(witnessed: false)
    try log.append(Forge.batch(), to: key)
    log.store.flush()
    log.disk.plan(SimFault(.sync, on: .ending(".journal")))
    log.runOne()  // written, not synced: it may be found again, or not
    let found = try TestLog(log.disk.afterCrash(.best))
    let seen = try #require(try found.bases(key))
    let again = try TestLog(found.disk.afterCrash(.worst))
    #expect(try again.bases(key) == seen)
  }

  @Test func aCutAtEachStepOfANewSegmentLeavesNoHoleAndNoGhost() throws {
    for step in 1... {
      let disk = SimDisk(.init(seed: UInt64(step)))
      let log = try TestLog(disk)
      log.rules = RollRules(segmentBytes: ByteCount(150))
      let key = log.makeTopic()
      try log.append(Forge.batch(), to: key)
      log.checkpoint()
      disk.cutPower(inStep: step)
      try log.append(Forge.batch(), to: key)
      log.settle()
      log.checkpoint()
      if !disk.isCut { break }
      let found = try TestLog(disk.afterCrash(.seeded(UInt64(step) &* 31)))
      let kept = try #require(end(found, key))
      for offset in 0..<kept { #expect(try found.bases(key, from: offset) == [offset]) }
    }
  }

  @Test func aNameUsedAgainShowsNoOldRecords() throws {
    let (log, key) = try filled(checkpointed: true)
    log.store.change([.topicDeleted(key.topic)])
    let again = log.makeTopic("t", id: 2)
    log.settle()
    let found = try TestLog(log.disk.afterCrash(.worst))
    #expect(found.store.partition(key) == nil)
    #expect(end(found, again) == 0)
    found.checkpointAndRemove()
    #expect(found.disk.paths.allSatisfy { !$0.hasPrefix(key.folder) })
  }

  @Test func aDeletionThatIsLostLeavesTheRecords() throws {
    let (log, key) = try filled()
    // Taken, but not yet written, when the records it speaks of are given up.
    try log.append(Forge.batch(), to: key)
    log.store.beginCheckpoint()
    log.store.change([.logStartMoved(key, offset: Offset(4))])
    log.store.flush()
    log.runOne()  // the group with the batch and the deletion may be one; only what is synced counts
    while log.runOne(where: { $0.lane == .checkpoint }) != nil {}
    let found = try TestLog(log.disk.afterCrash(.worst))
    let start = try #require(found.store.partition(key)?.start.value)
    #expect(try found.bases(key, from: start) == Array(start..<4))
  }

  @Test func aUnitIsKeptWholeOrNotAtAll() throws {
    for seed in 1...40 as ClosedRange<UInt64> {
      let (log, key) = try filled()
      let overrides = ["retention.ms": "1"]
      let second = log.makeTopic("u", id: 2)
      log.settle()
      log.store.change([
        .topicSettingsChanged(topic: key.topic, overrides: overrides),
        .topicSettingsChanged(topic: second.topic, overrides: overrides),
      ])
      log.store.flush()
      log.disk.cutPower(inStep: 1)
      log.runOne()
      let found = try TestLog(log.disk.afterCrash(.seeded(seed)))
      let kept = [key, second].map { found.store.catalogue.topic($0.topic)?.description.overrides == overrides }
      #expect(kept[0] == kept[1])
    }
  }

  @Test func framesOfAnEarlierUseStayDead() throws {
    let (log, key) = try filled(8, witnessed: false)
    let old = try #require(log.disk.contents("journal/0.journal"))
    let second = try TestLog(log.disk.afterCrash(.worst))  // uses the file again, from its start
    try second.append(Forge.batch(), to: key)
    second.settle()
    let disk = second.disk.afterCrash(.worst)
    let position = FilePosition(Int64(disk.contents("journal/0.journal")?.count ?? 0))
    disk.overwrite("journal/0.journal", with: old, at: FilePosition((position.value + 7) / 8 * 8))
    #expect(end(try TestLog(disk), key) == 9)
  }

  @Test func aFailedJournalSyncIsFinalAndAcknowledgesNothing() throws {
    let (log, key) = try filled()
    try log.append(Forge.batch(), to: key)
    log.disk.plan(SimFault(.sync, on: .ending(".journal")))
    log.settle()
    #expect(log.store.failure?.call == .sync)
    #expect(end(log, key) == 3)
    #expect(try log.bases(key) == [0, 1, 2])
    #expect(end(try TestLog(log.disk.afterCrash(.worst)), key) == 3)
  }

  @Test func pagesThatLookCleanAreWrittenAgainBeforeTheyAreServed() throws {
    var (log, key): (TestLog?, PartitionKey) = try filled()
    let disk = try #require(log?.disk)
    try log?.append(Forge.batch(), to: key)
    disk.plan(SimFault(.sync, on: .ending(".journal")))
    log?.settle()
    log = nil  // the process ends; the page cache stays
    let found = try TestLog(disk)
    let seen = try #require(end(found, key))
    #expect(end(try TestLog(found.disk.afterCrash(.worst)), key) == seen)
  }

  @Test func damageToAcknowledgedFramesRefusesTheStart() throws {
    let (log, _) = try filled()
    let disk = log.disk.afterCrash(.worst)
    let before = disk.paths
    disk.flipBit("journal/0.journal", at: FilePosition(700))
    #expect {
      try TestLog(disk)
    } throws: { error in
      guard case RecoveryFailure.journalDamaged = error else { return false }
      return true
    }
    #expect(disk.paths == before)
  }

  @Test func theLastFrameIsSafeOnceWitnessed() throws {
    let (witnessed, key) = try filled()
    let size = try framesEnd(witnessed.disk)
    let disk = witnessed.disk.afterCrash(.worst)
    disk.flipBit("journal/0.journal", at: FilePosition(Int64(size - JournalFrameHeader.size - 20)))
    #expect(throws: RecoveryFailure.self) { try TestLog(disk) }
    let (bare, bareKey) = try filled(witnessed: false)
    let end = try framesEnd(bare.disk)
    let torn = bare.disk.afterCrash(.worst)
    torn.flipBit("journal/0.journal", at: FilePosition(Int64(end - 20)))
    #expect(self.end(try TestLog(torn), bareKey) == 2)
    #expect(bareKey == key)
  }

  /// Where the journal's frames end: zeros fill the last block.
  private func framesEnd(_ disk: SimDisk) throws -> Int {
    let bytes = try #require(disk.contents("journal/0.journal"))
    return try #require(bytes.lastIndex { $0 != 0 }) / 8 * 8 + 8
  }

  @Test func rotInFramesThatACheckpointCoversHidesNoneBehindThem() throws {
    let (log, key) = try filled(checkpointed: true, witnessed: false)
    try log.append(Forge.batch(), to: key)
    log.settle()
    for position in [20, 700] as [Int64] {  // the file's first frame, and one in front of the checkpoint
      let disk = log.disk.afterCrash(.worst)
      disk.flipBit("journal/0.journal", at: FilePosition(position))
      #expect(end(try TestLog(disk), key) == 4)
    }
  }

  @Test func aMissingJournalFileIsMissed() throws {
    let disk = try filled().0.disk.afterCrash(.worst)
    disk.deleteAtRest("journal/0.journal")
    #expect(throws: RecoveryFailure.self) { try TestLog(disk) }
  }

  @Test func aFolderWithDataButNoCheckpointIsNotStartedEmpty() throws {
    let disk = try filled().0.disk.afterCrash(.worst)
    for name in Checkpoint.fileNames { disk.deleteAtRest(name) }
    #expect(throws: RecoveryFailure.noCheckpoint(folderHolds: "journal/0.journal")) { try TestLog(disk) }
  }

  @Test func aMisdirectedJournalWriteIsSeen() throws {
    let (log, key) = try filled()
    log.disk.misdirectNextWrite(to: "journal/0.journal", landingAt: FilePosition(40_001))
    // Longer than a block: what stands in the last one is written again with the next frame, which heals it.
    for _ in 0..<2 {
      try log.append(Forge.batch(payload: 10_000), to: key)
      log.settle()
    }
    #expect(throws: RecoveryFailure.self) { try TestLog(log.disk.afterCrash(.worst)) }
  }

  @Test func theEpochRisesWithEveryUncleanStartOnly() throws {
    let (log, _) = try filled()
    log.store.beginCheckpoint(cleanStop: true)
    log.settle()
    let second = try TestLog(log.disk.afterCrash(.best))
    #expect(second.store.report.wasCleanStop && second.store.epoch == log.store.epoch)
    second.settle()
    let third = try TestLog(second.disk.afterCrash(.best))
    #expect(!third.store.report.wasCleanStop && third.store.epoch == log.store.epoch + 1)
  }

  @Test func aSecondProcessIsRefused() throws {
    let (log, _) = try filled()
    #expect(throws: RecoveryFailure.lockHeld) { try TestLog(log.disk) }
  }
}
