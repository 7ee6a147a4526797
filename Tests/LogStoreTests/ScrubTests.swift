import LogStore
import Machine
import SimMachine
import Testing
import Units

@Suite struct ScrubTests {
  /// A full segment of five batches, two records and about 50 KiB each, and one batch behind it in the next.
  private func log() throws -> (log: TestLog, key: PartitionKey, path: String) {
    let log = try TestLog(SimDisk())
    let key = log.makeTopic()
    log.rules = RollRules(segmentBytes: .kibi(260))
    for fill in 0..<6 as Range<UInt8> { try log.append(Forge.batch(records: 2, payload: 50_000, fill: fill), to: key) }
    log.settle()
    return (log, key, SegmentKey(partition: key, base: Offset(0)).logPath)
  }

  /// Everything that scrubbing the partition from its begin comes upon, and how much it read.
  private func scrub(_ log: TestLog, _ key: PartitionKey) throws -> (ranges: [ClosedRange<Int64>], bytes: Int) {
    let partition = try #require(log.store.partition(key))
    var ranges: [ClosedRange<Int64>] = []
    var bytes = 0
    var from = Offset(0)
    while var next = log.store.scrub(of: partition, from: from) {
      from = next.segment.base.advanced(by: 1)
      var isDone = false
      while !isDone {
        log.store.submit(next)
        let event = try #require(log.lanes.run())
        let step = try #require(log.store.finished(event).scrub)
        ranges += step.damages.map { $0.range.first.value...$0.range.last.value }
        bytes += step.bytes
        isDone = step.isDone
        next = step.scrub
      }
    }
    return (ranges, bytes)
  }

  @Test func soundSegmentsAreReadWholeAndTheGrowingOneIsNot() throws {
    let (log, key, path) = try log()
    let found = try scrub(log, key)
    #expect(found.ranges.isEmpty)
    #expect(found.bytes == log.disk.contents(path)?.count)
  }

  @Test func damageFoundClosesItsRangeAndNoOther() throws {
    let (log, key, path) = try log()
    log.disk.flipBit(path, at: FilePosition(150_000))  // the second block: offsets 4 to 7
    #expect(try log.bases(key) == [0, 2, 4, 6, 8], "what this run wrote is not checked by readers")
    #expect(try scrub(log, key).ranges == [4...7])
    #expect(try log.bases(key) == [0, 2])
    #expect(try log.bases(key, from: 4) == nil)
    #expect(try log.bases(key, from: 7) == nil)
    #expect(try log.bases(key, from: 8) == [8])
    #expect(try log.bases(key, from: 10) == [10])
    #expect(try scrub(log, key).ranges == [4...7], "the next pass tells it again")
    log.disk.flipBit(path, at: FilePosition(150_000))
    #expect(try log.bases(key) == [0, 2, 4, 6, 8], "bytes that are right again are served")
  }

  @Test func itWorksOnSegmentsOfAnEarlierRun() throws {
    let (first, key, path) = try log()
    first.checkpoint()
    let disk = first.disk.afterCrash(.best)
    disk.flipBit(path, at: FilePosition(30))
    let log = try TestLog(disk)
    #expect(try scrub(log, key).ranges == [0...3])
    #expect(try log.bases(key, from: 4) == [4, 6, 8])
  }

  @Test func whatTheDiskDoesNotGiveIsDamageAndEndsTheSegment() throws {
    let (log, key, path) = try log()
    log.disk.plan(SimFault(.read, on: .exactly(path)))
    #expect(try scrub(log, key).ranges == [0...3])
    #expect(try scrub(log, key).ranges.isEmpty)
    #expect(try log.bases(key) == [0, 2, 4, 6, 8])
  }

  @Test func aSegmentRemovedMeanwhileHasNoDamage() throws {
    let (log, key, path) = try log()
    let partition = try #require(log.store.partition(key))
    let scrub = try #require(log.store.scrub(of: partition, from: Offset(0)))
    log.disk.flipBit(path, at: FilePosition(150_000))
    log.store.change([.topicDeleted(key.topic)])
    log.settle()
    log.store.submit(scrub)
    let event = try #require(log.lanes.run())
    let step = try #require(log.store.finished(event).scrub)
    #expect(step.damages.isEmpty && step.isDone)
  }
}
