import Broker
import ByteCodec
import Compression
import LogStore
import Machine
import RecordFormat
import SimMachine
import Testing
import Units

@Suite struct CompactionTests {
  @Test func keepsTheLatestRecordOfEachKeyAtItsOffset() throws {
    let rig = try CompactionRig()
    for round in 0..<20 {
      try rig.produce((0..<5).map { ("key-\($0 * (round % 3 + 1))", "value \(round)-\($0)") })
    }
    let before = try rig.records()
    let segmentsBefore = rig.log.segments.count
    #expect(segmentsBefore > 3)
    try rig.compact()
    let after = try rig.records()
    #expect(after == CompactionRig.latest(before))
    #expect(after.count < before.count / 3)
    #expect(rig.log.segments.count < segmentsBefore)
    #expect(rig.log.end.value == 100)
    #expect(rig.log.cleanedThrough.value == 100)
  }

  @Test(arguments: [CompressionCodec.gzip, .snappy, .lz4, .zstd])
  func batchesKeepCodecAndRange(_ codec: CompressionCodec) throws {
    let rig = try CompactionRig()
    try rig.produce([("a", "1"), ("b", "1"), ("c", "1")], codec: codec)
    try rig.produce([("a", "2")], codec: codec)
    try rig.compact()
    let batches = try rig.batches()
    #expect(batches.map(\.header.baseOffset.value) == [0, 3])
    #expect(batches.map(\.header.lastOffset.value) == [2, 3])
    #expect(batches.map(\.header.recordCount) == [2, 1])
    #expect(batches.allSatisfy { $0.header.attributes.codec == codec })
    #expect(try rig.records().map(\.key) == ["b", "c", "a"])
  }

  /// Nothing is known of the keys of a batch that is too large to be looked at: what deletes one of them must stay.
  @Test func tombstonesBehindABatchThatIsTooLargeStay() throws {
    let rig = try CompactionRig(["delete.retention.ms": "1000"])
    try rig.produce([("k", "1"), ("a", "1"), ("b", "1"), ("c", "1")])
    try rig.produce([("k", nil)])
    try rig.produce([("a", "2")])
    for _ in 0..<3 {
      try rig.compact(maximumRecords: 3)
      rig.clock.advance(byMs: 2_000)
      try rig.produce([("d", "1")])
    }
    let records = try rig.records()
    #expect(records.filter { $0.key == "k" }.map(\.value) == ["1", nil])
    #expect(records.filter { $0.key == "a" }.map(\.value) == ["1", "2"])
  }

  @Test func tombstonesStayUntilTheirHorizon() throws {
    let rig = try CompactionRig(["delete.retention.ms": "60000"])
    try rig.produce([("a", "1"), ("b", "1")])
    try rig.produce([("a", nil)])
    try rig.compact()
    let horizon = rig.clock.wallClock().milliseconds + 60_000
    #expect(try rig.records().map(\.key) == ["b", "a"])
    #expect(try rig.batches().last?.header.deleteHorizon?.milliseconds == horizon)
    #expect(try rig.records().last?.timestamp == rig.clock.wallClock().milliseconds)
    rig.clock.advance(byMs: 59_000)
    try rig.produce([("c", "1")])
    try rig.compact()
    #expect(try rig.records().map(\.key) == ["b", "a", "c"], "the horizon is not set anew")
    rig.clock.advance(byMs: 1_000)
    try rig.produce([("d", "1")])
    try rig.compact()
    #expect(try rig.records().map(\.key) == ["b", "c", "d"])
  }

  @Test func theLastBatchOfAProducerStaysEmpty() throws {
    let rig = try CompactionRig()
    try rig.produce([("a", "1")], producer: 5, sequence: 0)
    try rig.produce([("a", "2")], producer: 5, sequence: 1)
    try rig.produce([("a", "3")])
    try rig.compact()
    let batches = try rig.batches()
    #expect(batches.map(\.header.baseOffset.value) == [1, 2])
    #expect(batches.first?.header.recordCount == 0)
    #expect(batches.first?.header.lastSequence == 1)
    guard case .duplicate(let original) = try rig.produce([("a", "2")], producer: 5, sequence: 1) else {
      Issue.record("a retry of the emptied batch is still a duplicate")
      return
    }
    #expect(original.baseOffset.value == 1)
  }

  @Test func aSecondRunIsTheFirstOnesEqual() throws {
    let rig = try CompactionRig()
    for round in 0..<8 { try rig.produce((0..<4).map { ("k\($0)", "\(round)") }) }
    try rig.compact()
    let first = try rig.records()
    try rig.produce([("other", "x")])
    try rig.compact()
    #expect(try rig.records().dropLast() == first[...])
    #expect(rig.log.segments.allSatisfy { $0.generation == 2 || $0.generation == 1 })
  }

  @Test func survivesACutBeforeAndAfterTheSwap() throws {
    for jobsBeforeCut in 0..<12 {
      let rig = try CompactionRig()
      for round in 0..<10 { try rig.produce((0..<4).map { ("k\($0)", "\(round)") }) }
      let before = try rig.records()
      rig.log.closeActive(olderThan: -1, now: rig.clock.wallClock())
      rig.engine.store.beginCheckpoint()
      rig.settle()
      let rules = rig.engine.compactionRules(rig.key.topic)
      let found = try #require(
        rig.log.dirtiness(rules, now: .init(rig.clock.wallClock()), checkpointed: rig.engine.store.checkpointed))
      rig.engine.store.beginCompaction(of: rig.log, found, rules: rules, now: rig.clock.wallClock())
      for _ in 0..<jobsBeforeCut { rig.turn() }
      if jobsBeforeCut > 8 { rig.engine.store.beginCheckpoint() }
      try rig.cutAndRestart()
      let after = try rig.records()
      #expect(after == before || after == CompactionRig.latest(before))
      try rig.produce([("k0", "new")])
      try rig.compact()
      let end = try rig.records()
      #expect(end == CompactionRig.latest(before + [end.last].compactMap { $0 }))
    }
  }

  @Test func replacedFilesGoAfterACheckpointAndTheirDelay() throws {
    let rig = try CompactionRig()
    for round in 0..<10 { try rig.produce((0..<4).map { ("k\($0)", "value \(round)") }) }
    try rig.compact()
    #expect(rig.engine.store.doomedCount > 0)
    let names = { try rig.disk.list(rig.key.folder).map(\.name) }
    let old = try names().filter { $0.hasSuffix(".log") && $0.utf8.count == 24 }
    #expect(!old.isEmpty)
    rig.engine.timePassed()
    rig.settle()
    #expect(try names().filter(old.contains) == old, "neither covered nor old enough")
    for _ in 0..<4 {
      rig.clock.advance(byMs: 5_000)
      rig.engine.timePassed()
      rig.settle()
    }
    #expect(rig.engine.store.doomedCount == 0)
    #expect(try names().filter(old.contains).isEmpty)
    #expect(try rig.records().count == 4)
  }

  @Test func leftoversOfACutRunGoWithTheNextOne() throws {
    let rig = try CompactionRig()
    for round in 0..<10 { try rig.produce((0..<4).map { ("k\($0)", "value \(round)") }) }
    let stray = "\(rig.key.folder)/00000000000000000077.9.log"
    try rig.disk.open(stray, .create).write([ByteSlice(copying: [1, 2, 3])], at: FilePosition(0))
    try rig.compact()
    #expect(try !rig.disk.list(rig.key.folder).map(\.name).contains("00000000000000000077.9.log"))
  }

  @Test func aSmallMapTakesSeveralRounds() throws {
    let rig = try CompactionRig()
    for round in 0..<40 { try rig.produce((0..<50).map { ("key-\(round)-\($0)", "v") }) }
    for round in 0..<40 { try rig.produce((0..<50).map { ("key-\(round)-\($0)", "w") }) }
    let before = try rig.records()
    var rules = rig.engine.compactionRules(rig.key.topic)
    rules.memoryBytes = 1
    rig.log.closeActive(olderThan: -1, now: rig.clock.wallClock())
    rig.engine.store.beginCheckpoint()
    rig.settle()
    var rounds = 0
    while let found = rig.log.dirtiness(
      rules, now: .init(rig.clock.wallClock()), checkpointed: rig.engine.store.checkpointed), rounds < 20
    {
      if found.needsCheckpoint {
        rig.engine.store.beginCheckpoint()
      } else {
        rig.engine.store.beginCompaction(of: rig.log, found, rules: rules, now: rig.clock.wallClock())
        rounds += 1
      }
      rig.settle()
    }
    #expect(rounds > 3)
    #expect(try rig.records() == CompactionRig.latest(before))
  }

  @Test func damageIsNotCopied() throws {
    let rig = try CompactionRig()
    for round in 0..<10 { try rig.produce((0..<4).map { ("k\($0)", "value \(round)") }) }
    try rig.cutAndRestart(.best)
    let first = try #require(try rig.disk.list(rig.key.folder).first { $0.name.hasSuffix(".log") }).name
    rig.disk.flipBit("\(rig.key.folder)/\(first)", at: FilePosition(100), bit: 3)
    let segments = rig.log.segments.map(\.description)
    try rig.compact()
    #expect(rig.log.segments.map(\.description) == segments, "nothing was swapped")
    #expect(rig.engine.uncompactable.count == 1)
  }

  @Test func theEngineFindsWhatIsDueByItself() throws {
    let rig = try CompactionRig(["segment.ms": "1000"])
    for round in 0..<10 { try rig.produce((0..<4).map { ("k\($0)", "value \(round)") }) }
    let before = try rig.records()
    for _ in 0..<10 {
      rig.clock.advance(byMs: 20_000)
      rig.engine.timePassed()
      rig.settle()
    }
    #expect(rig.engine.compactions.done > 0)
    #expect(try rig.records() == CompactionRig.latest(before))
  }

  @Test func recordsYoungerThanTheLagStay() throws {
    let rig = try CompactionRig(["min.compaction.lag.ms": "100000"])
    for round in 0..<10 { try rig.produce((0..<4).map { ("k\($0)", "value \(round)") }) }
    rig.log.closeActive(olderThan: -1, now: rig.clock.wallClock())
    let rules = rig.engine.compactionRules(rig.key.topic)
    #expect(rig.log.dirtiness(rules, now: .init(rig.clock.wallClock()), checkpointed: rig.engine.store.durable) == nil)
    rig.clock.advance(byMs: 100_000)
    #expect(rig.log.dirtiness(rules, now: .init(rig.clock.wallClock()), checkpointed: rig.engine.store.durable) != nil)
  }
}

@Suite struct KeyMapTests {
  @Test func hashesAsItsAuthorsDo() {
    let hash = KeyHash(0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)
    let none = hash.hash(.empty)
    #expect(none.low == 0xe6a8_25ba_047f_81a3)
    #expect(none.high == 0x9302_55c7_1472_f66d)
    let one = hash.hash(ByteSlice(copying: [0]))
    #expect(one.low == 0x44af_996b_d8c1_87da)
    #expect(one.high == 0x45fc_229b_1159_7634)
  }

  @Test func refusesWhatDoesNotFitAndGrowsWhenAsked() {
    var map = KeyMap(hash: KeyHash(1, 2), keys: 10_000, memory: 24 * 2_000)
    var inserted: Int64 = 0
    while map.insert(ByteSlice(copying: Array("key \(inserted)".utf8)), at: Offset(inserted)) { inserted += 1 }
    #expect(inserted == 1_800)
    #expect(map.room == 0)
    map.grow(by: 100)
    #expect(map.room >= 100)
    for number in 0..<inserted {
      #expect(map.offset(of: ByteSlice(copying: Array("key \(number)".utf8))) == Offset(number))
    }
    #expect(map.offset(of: ByteSlice(copying: Array("another".utf8))) == nil)
    _ = map.insert(ByteSlice(copying: Array("key 5".utf8)), at: Offset(9_000))
    _ = map.insert(ByteSlice(copying: Array("key 5".utf8)), at: Offset(7))
    #expect(map.offset(of: ByteSlice(copying: Array("key 5".utf8))) == Offset(9_000))
  }
}
