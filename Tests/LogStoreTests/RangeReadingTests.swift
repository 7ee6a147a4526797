import ByteCodec
import LogStore
import Machine
import RecordFormat
import SimMachine
import Testing
import Units

/// Reads that may be left in their file.
@Suite struct RangeReadingTests {
  /// Five batches of two records, 50,061 bytes each, in one segment: two in each block, the last in one that still grows.
  private func log(_ disk: SimDisk = SimDisk()) throws -> (TestLog, PartitionKey) {
    let log = try TestLog(disk)
    let key = log.makeTopic()
    for fill in 0..<5 as Range<UInt8> {
      try log.append(Forge.batch(records: 2, payload: Self.payload, fill: fill), to: key)
    }
    log.settle()
    return (log, key)
  }

  private static let payload = 50_000
  private static let size = RecordBatchHeader.size + payload

  private func read(
    _ log: TestLog, _ key: PartitionKey, from offset: Int64, limit: Int64? = nil, maxBytes: Int = 1 << 20
  ) throws -> ReadOutcome {
    let partition = try #require(log.store.partition(key))
    guard
      case .outcome(let outcome) = log.store.read(
        partition, from: Offset(offset), limit: limit.map { Offset($0) } ?? partition.durable.end, maxBytes: maxBytes,
        firstBatchWhole: true, mayBeRange: true)
    else {
      Issue.record("nothing here waits for the disk")
      return .notCached
    }
    return outcome
  }

  private struct Found: Equatable {
    var start: Int64
    var count: Int
    var next: Int64
  }

  /// Where the range stands, or nil where it is none.
  private func range(
    _ log: TestLog, _ key: PartitionKey, from offset: Int64, limit: Int64? = nil, maxBytes: Int = 1 << 20
  ) throws -> Found? {
    guard
      case .range(let range, let next, let position) = try read(
        log, key, from: offset, limit: limit, maxBytes: maxBytes)
    else { return nil }
    #expect(position == range.position.advanced(by: ByteCount(range.count)))
    return Found(start: range.position.value, count: range.count, next: next.value)
  }

  private func batches(_ count: Int, at place: Int, next: Int64) -> Found {
    Found(start: Int64(place * Self.size), count: count * Self.size, next: next)
  }

  @Test func aRangeHoldsWholeBlocksOrAllThereIs() throws {
    let (log, key) = try log()
    #expect(try range(log, key, from: 0) == batches(5, at: 0, next: 10))
    #expect(try range(log, key, from: 0, maxBytes: 5 * Self.size) == batches(5, at: 0, next: 10))
    #expect(try range(log, key, from: 0, maxBytes: 5 * Self.size - 1) == batches(4, at: 0, next: 8))
    #expect(try range(log, key, from: 0, maxBytes: 4 * Self.size - 1) == batches(2, at: 0, next: 4))
    #expect(try range(log, key, from: 0, maxBytes: 2 * Self.size - 1) == nil)
    #expect(try range(log, key, from: 4) == batches(3, at: 2, next: 10))
    #expect(try range(log, key, from: 8) == batches(1, at: 4, next: 10))
    #expect(try range(log, key, from: 10) == nil)
    guard case .range(let range, _, _) = try read(log, key, from: 4),
      case .batches(let bytes, _, _) = try log.read(key, from: 4)
    else {
      Issue.record("not read")
      return
    }
    #expect(try range.read().copy() == bytes.copy())
    #expect(
      try #require(try range.dropping(10).prefix(100).readIfCached()).copy() == bytes.part(from: 10, count: 100).copy())
  }

  @Test func whatBeginsWithinABlockIsARangeOnceItsPlaceIsKnown() throws {
    let (log, key) = try log()
    #expect(try range(log, key, from: 2) == nil)
    #expect(try range(log, key, from: 3) == nil)
    // A reader has stopped there.
    #expect(try log.bases(key, maxBytes: Self.size) == [0])
    #expect(try range(log, key, from: 2) == batches(4, at: 1, next: 10))
    #expect(try range(log, key, from: 3) == nil)
  }

  @Test func nothingBeyondTheLimitIsInARange() throws {
    let (log, key) = try log()
    #expect(try range(log, key, from: 0, limit: 9) == batches(4, at: 0, next: 8))
    #expect(try range(log, key, from: 0, limit: 8) == batches(4, at: 0, next: 8))
    #expect(try range(log, key, from: 0, limit: 7) == batches(2, at: 0, next: 4))
    #expect(try range(log, key, from: 0, limit: 3) == nil)
  }

  @Test func nothingIsInARangeBeforeItsSync() throws {
    let (log, key) = try log()
    // Closes the third block with bytes that are decided and not durable.
    try log.append(Forge.batch(records: 2, payload: Self.payload, fill: 5), to: key)
    #expect(try range(log, key, from: 0) == batches(5, at: 0, next: 10))
    log.store.flush()
    #expect(try range(log, key, from: 4) == batches(3, at: 2, next: 10))
    log.settle()
    #expect(try range(log, key, from: 4) == batches(4, at: 2, next: 12))
  }

  @Test func littleIsCopied() throws {
    let log = try TestLog(SimDisk())
    let key = log.makeTopic()
    try log.append(Forge.batch(records: 2, payload: 32_768 - RecordBatchHeader.size - 1), to: key)
    log.settle()
    #expect(try range(log, key, from: 0) == nil)
    try log.append(Forge.batch(payload: 10), to: key)
    log.settle()
    #expect(try range(log, key, from: 0)?.next == 3)
    #expect(try range(log, key, from: 0, maxBytes: 32_767) == nil)
  }

  @Test func blocksAreCheckedBeforeTheirFirstRange() throws {
    let (before, key) = try log()
    before.checkpoint()
    let path = try #require(before.disk.paths.first { $0.hasSuffix(".log") })
    let disk = before.disk.afterCrash(.best)
    disk.flipBit(path, at: FilePosition(Int64(3 * Self.size)))  // the second block: offsets 4 to 7
    let log = try TestLog(disk)
    _ = try log.read(key)  // loads the index, and checks what it can
    #expect(try range(log, key, from: 0, maxBytes: 2 * Self.size) == batches(2, at: 0, next: 4))
    #expect(try range(log, key, from: 0) == nil)
    guard case .damaged = try read(log, key, from: 4) else {
      Issue.record("damage was not found")
      return
    }
    // The last block had no row yet: it was looked at when the index was made.
    #expect(try range(log, key, from: 8) == batches(1, at: 4, next: 10))
  }

  @Test func whatIsNotInMemoryIsNoRange() throws {
    var options = SimDisk.Options()
    options.uncachedPermille = 1_000
    let (log, key) = try log(SimDisk(options))
    let partition = try #require(log.store.partition(key))
    guard
      case .waits = log.store.read(
        partition, from: Offset(0), limit: partition.durable.end, maxBytes: 1 << 20, firstBatchWhole: true,
        mayBeRange: true)
    else {
      Issue.record("the disk was waited for, or not asked")
      return
    }
  }

  @Test func aShortFileIsNoRange() throws {
    let (log, key) = try log()
    let path = try #require(log.disk.paths.first { $0.hasSuffix(".log") })
    try log.disk.open(path, .write).truncate(to: ByteCount(4 * Self.size))
    #expect(try range(log, key, from: 0, maxBytes: 4 * Self.size) == batches(4, at: 0, next: 8))
    #expect(try range(log, key, from: 0) == nil)
  }

  @Test func filesAreLentUpToALimit() throws {
    let (log, key) = try log()
    var held: [FileRange] = []
    while case .range(let range, _, _) = try read(log, key, from: 0) { held.append(range) }
    #expect(held.count == log.disk.filesKeptOpen / 10)
    #expect(try range(log, key, from: 0) == nil)
    #expect(try log.bases(key)?.count == 5)
    held.removeLast()
    #expect(try range(log, key, from: 0) == batches(5, at: 0, next: 10))
  }

  @Test func aRangeOutlivesItsSegment() throws {
    let (log, key) = try log()
    guard case .range(let range, _, _) = try read(log, key, from: 0), case .batches(let bytes, _, _) = try log.read(key)
    else {
      Issue.record("not read")
      return
    }
    log.store.change([.topicDeleted(key.topic)])
    log.settle()
    log.checkpointAndRemove()
    #expect(!log.disk.paths.contains { $0.hasSuffix(".log") })
    #expect(try range.read().copy() == bytes.copy())
  }

  @Test func aLaneReadsWhatHasLeftMemory() throws {
    let (log, key) = try log()
    guard case .range(let range, _, _) = try read(log, key, from: 0) else {
      Issue.record("no range")
      return
    }
    let wanted = range.dropping(10).prefix(1_000)
    let token = log.store.read(wanted)
    let event = try #require(log.lanes.run())
    let found = try #require(log.store.finished(event).range)
    #expect(found.token == token)
    #expect(try found.result.get().copy() == wanted.read().copy())
  }
}
