import ByteCodec
import LogStore
import Machine
import RecordFormat
import SimMachine
import Testing
import Units

@Suite struct ReadingTests {
  /// Five batches of two records, about 50 KiB each, in one segment.
  private func log(_ disk: SimDisk = SimDisk()) throws -> (TestLog, PartitionKey) {
    let log = try TestLog(disk)
    let key = log.makeTopic()
    for fill in 0..<5 as Range<UInt8> { try log.append(Forge.batch(records: 2, payload: 50_000, fill: fill), to: key) }
    log.settle()
    return (log, key)
  }

  @Test func batchesAreReadWhole() throws {
    let (log, key) = try log()
    #expect(try log.bases(key) == [0, 2, 4, 6, 8])
    #expect(try log.bases(key, from: 3) == [2, 4, 6, 8])
    #expect(try log.bases(key, from: 9) == [8])
    #expect(try log.bases(key, from: 10) == [])
  }

  @Test func theSizeAskedForIsKeptSaveForTheFirstBatch() throws {
    let (log, key) = try log()
    #expect(try log.bases(key, maxBytes: 1) == [0])
    #expect(try log.bases(key, maxBytes: 1, whole: false) == [])
    #expect(try log.bases(key, maxBytes: 100_122) == [0, 2])
    #expect(try log.bases(key, maxBytes: 100_121) == [0])
    #expect(try log.bases(key, from: 4, maxBytes: 60_000, whole: false) == [4])
  }

  @Test func nothingIsShownBeforeItsSync() throws {
    let (log, key) = try log()
    try log.append(Forge.batch(), to: key)
    #expect(try log.bases(key, from: 8) == [8])
    log.store.flush()
    #expect(try log.bases(key, from: 10) == [])
    log.settle()
    #expect(try log.bases(key, from: 10) == [10])
  }

  @Test func readersGoOnFromSegmentToSegment() throws {
    let (log, key) = try log()
    log.rules = RollRules(segmentBytes: .kibi(1))
    for _ in 0..<3 { try log.append(Forge.batch(payload: 900), to: key) }
    log.settle()
    #expect(try log.bases(key, from: 9) == [8])
    #expect(try log.bases(key, from: 10) == [10])
    #expect(try log.bases(key, from: 12) == [12])
  }

  /// The disk after a checkpoint and a cut, so that every block has to be checked again, and the segment's path.
  private func rested() throws -> (SimDisk, PartitionKey, String) {
    let (log, key) = try log()
    log.checkpoint()
    let path = try #require(log.disk.paths.first { $0.hasSuffix(".log") })
    return (log.disk.afterCrash(.worst), key, path)
  }

  @Test func aDamagedBlockClosesOnlyItsRange() throws {
    let (disk, key, path) = try rested()
    disk.flipBit(path, at: FilePosition(150_000))  // the second block: offsets 4 to 7
    let log = try TestLog(disk)
    #expect(try log.bases(key) == [0, 2])
    #expect(try log.bases(key, from: 4) == nil)
    #expect(try log.bases(key, from: 7) == nil)
    guard case .damaged(let first, let last, _) = try log.read(key, from: 5) else {
      Issue.record("damage was not reported")
      return
    }
    #expect(first == Offset(4) && last == Offset(7))
  }

  @Test func aBlockFarBehindTheFirstReadIsCheckedToo() throws {
    let (disk, key, path) = try rested()
    disk.flipBit(path, at: FilePosition(100_200))
    let log = try TestLog(disk)
    // Begins in the first block, whose first batch it has to skip, and would end in the second.
    #expect(try log.bases(key, from: 2, maxBytes: 60_000) == [2])
    #expect(try log.bases(key, from: 4, maxBytes: 60_000) == nil)
  }

  @Test func aFlippedOffsetInTheLastBlockIsNotServed() throws {
    let (disk, key, path) = try rested()
    disk.flipBit(path, at: FilePosition(200_244 + 7))
    let log = try TestLog(disk)
    #expect(try log.bases(key, from: 8) == nil)
    #expect(try log.bases(key, from: 0, maxBytes: 60_000) == [0])
  }

  @Test func theIndexIsMadeAgainWhenItsFileIsLost() throws {
    let (disk, key, _) = try rested()
    for path in disk.paths where path.hasSuffix(".blocks") { disk.deleteAtRest(path) }
    #expect(try TestLog(disk).bases(key) == [0, 2, 4, 6, 8])
  }

  @Test func aReadErrorIsForgottenWhenTheDiskAnswersAgain() throws {
    let (disk, key, path) = try rested()
    let log = try TestLog(disk)
    disk.plan(SimFault(.read, on: .exactly(path)))
    #expect(try log.bases(key) == nil)
    #expect(try log.bases(key) == [0, 2, 4, 6, 8])
  }

  @Test func appendsGoOnBehindADamagedSegment() throws {
    let (disk, key, path) = try rested()
    disk.setSize(path, to: ByteCount(1_000))
    let log = try TestLog(disk)
    guard case .stored(let base, _) = try log.append(Forge.batch(), to: key) else {
      Issue.record("the batch was refused")
      return
    }
    #expect(base == Offset(10))
    log.settle()
    #expect(try log.bases(key, from: 10) == [10])
    #expect(try log.bases(key, from: 8) == nil)
  }
}
