import Broker
import ByteCodec
import Compression
import LogStore
import RecordFormat
import SimMachine
import Testing
import Units

/// Compaction of partitions with transactions (KAFKA-14055, KAFKA-13727, KAFKA-8351, Redpanda #15672).
@Suite struct CompactionTransactionTests {
  /// A compacted partition to which transactions write.
  private final class Bench {
    let rig: CompactionRig

    init(_ overrides: [String: String] = [:]) throws { rig = try CompactionRig(overrides) }

    func write(_ records: [(String, String)], producer: Int64, sequence: Int32 = 0) throws {
      var properties = RecordBatchBuilder.Properties()
      properties.producerID = producer
      properties.producerEpoch = 0
      properties.baseSequence = sequence
      properties.isTransactional = true
      var builder = RecordBatchBuilder(properties)
      for (key, value) in records {
        builder.append(Record(timestamp: rig.clock.wallClock(), key: Array(key.utf8), value: Array(value.utf8)))
      }
      let batch = try builder.build(using: Compressor())
      guard case .stored = rig.engine.append(batch, header: try RecordBatchHeader(batch.bytes), to: rig.log) else {
        Issue.record("a batch was refused")
        return
      }
      rig.settle()
    }

    func end(_ kind: TransactionMarker.Kind, producer: Int64) throws {
      let marker = try TransactionMarker(kind, coordinatorEpoch: 0).batch(
        at: Offset(0), partitionLeaderEpoch: 0, producerID: producer, producerEpoch: 0,
        timestamp: rig.clock.wallClock())
      let rules = AppendRules(roll: RollRules(segmentBytes: ByteCount(1_000)), syncs: true)
      let header = try RecordBatchHeader(marker.bytes)
      guard case .stored = rig.engine.store.appendTogether([TogetherBatch(marker, header, to: rig.log, rules: rules)])
      else {
        Issue.record("a marker was refused")
        return
      }
      rig.settle()
    }

    func markers() throws -> [Int64] { try rig.batches().filter(\.header.isControl).map(\.header.baseOffset.value) }

    /// Key and value of what a reader of committed records gets.
    func committed() throws -> [String] {
      var found: [String] = []
      for view in try rig.batches() where !view.header.isControl && view.header.baseOffset < rig.log.stableEnd {
        let aborted = rig.log.aborted.overlapping(view.header.baseOffset, view.header.nextOffset)
        guard !aborted.contains(where: { $0.producerID == view.header.producerID }) else { continue }
        var reader = try RecordReader(view, scratch: Decompressor())
        while let record = try reader.next() {
          let key = String(decoding: record.key?.copy() ?? [], as: UTF8.self)
          found.append(key + "=" + String(decoding: record.value?.copy() ?? [], as: UTF8.self))
        }
      }
      return found
    }
  }

  @Test func abortedRecordsGoAndHideNoneThatCount() throws {
    let bench = try Bench()
    try bench.write([("a", "kept")], producer: 1)
    try bench.end(.commit, producer: 1)
    try bench.write([("a", "aborted"), ("b", "aborted")], producer: 2)
    try bench.end(.abort, producer: 2)
    try bench.rig.compact()
    #expect(try bench.committed() == ["a=kept"])
    #expect(try bench.rig.records().filter { $0.value == "aborted" }.isEmpty)
  }

  /// KAFKA-14055: all markers have one of two keys, and as records they would shadow one another.
  @Test func markersNeverEnterTheKeyMap() throws {
    let bench = try Bench()
    for producer in Int64(1)...4 {
      try bench.write([("k\(producer)", "v")], producer: producer)
      try bench.end(producer == 2 ? .abort : .commit, producer: producer)
    }
    let before = try bench.markers()
    try bench.rig.compact()
    #expect(try bench.markers() == before)
    #expect(try bench.committed() == ["k1=v", "k3=v", "k4=v"])
  }

  @Test func aMarkerOutlivesItsRecordsByTheDeleteHorizon() throws {
    let bench = try Bench(["delete.retention.ms": "60000"])
    try bench.write([("a", "1")], producer: 1)
    try bench.end(.abort, producer: 1)
    try bench.write([("b", "1")], producer: 2)
    try bench.end(.commit, producer: 2)
    // The producers' own last batches, which are kept empty, must not be these.
    try bench.write([("c", "1")], producer: 1, sequence: 1)
    try bench.end(.commit, producer: 1)
    try bench.write([("b", "2")], producer: 2, sequence: 1)
    try bench.end(.commit, producer: 2)
    let all = try bench.markers()
    try bench.rig.compact()  // the records go
    #expect(try bench.markers() == all)
    #expect(bench.rig.log.aborted.rows.count == 1, "the index speaks of what an older copy may still show")
    try bench.write([("d", "1")], producer: 9)
    try bench.end(.commit, producer: 9)
    try bench.rig.compact()  // markers without records get their horizon
    #expect(bench.rig.log.aborted.rows.isEmpty)
    let dated = try bench.rig.batches().filter { $0.header.isControl && $0.header.deleteHorizon != nil }
    #expect(dated.map(\.header.baseOffset.value) == Array(all.prefix(2)))
    #expect(dated.map { TransactionMarker(batch: $0.bytes)?.kind } == [.abort, .commit])
    #expect(try bench.markers().count == 5)
    bench.rig.clock.advance(byMs: 60_001)
    try bench.write([("e", "1")], producer: 9, sequence: 1)
    try bench.end(.commit, producer: 9)
    try bench.rig.compact()
    #expect(try bench.markers().first == all[2], "two are gone")
    #expect(try bench.committed() == ["c=1", "b=2", "d=1", "e=1"])
  }

  @Test func nothingAtOrAboveAnOpenTransactionIsTouched() throws {
    let bench = try Bench()
    try bench.write([("a", "1")], producer: 1)
    bench.rig.log.closeActive(olderThan: -1, now: bench.rig.clock.wallClock())
    try bench.write([("a", "2")], producer: 2)
    bench.rig.log.closeActive(olderThan: -1, now: bench.rig.clock.wallClock())
    bench.rig.engine.store.beginCheckpoint()
    bench.rig.settle()
    let rules = bench.rig.engine.compactionRules(bench.rig.key.topic)
    #expect(
      bench.rig.log.dirtiness(
        rules, now: .init(bench.rig.clock.wallClock()), checkpointed: bench.rig.engine.store.checkpointed) == nil)
    try bench.end(.commit, producer: 1)
    bench.rig.engine.store.beginCheckpoint()
    bench.rig.settle()
    let found = try #require(
      bench.rig.log.dirtiness(
        rules, now: .init(bench.rig.clock.wallClock()), checkpointed: bench.rig.engine.store.checkpointed))
    #expect(found.limit == Offset(1))
  }

  /// KAFKA-13727, KAFKA-8351: records in one segment, the marker in a later one that is not cleaned yet.
  @Test func aTransactionAcrossCleanedAndUncleanedSegmentsKeepsItsIndex() throws {
    let bench = try Bench()
    try bench.write([("a", "aborted")], producer: 1)
    bench.rig.log.closeActive(olderThan: -1, now: bench.rig.clock.wallClock())
    try bench.write([("b", "aborted")], producer: 1, sequence: 1)
    try bench.end(.abort, producer: 1)
    bench.rig.engine.store.beginCheckpoint()
    bench.rig.settle()
    let rules = bench.rig.engine.compactionRules(bench.rig.key.topic)
    let now = bench.rig.clock.wallClock()
    let dirtiness = try #require(
      bench.rig.log.dirtiness(rules, now: .init(now), checkpointed: bench.rig.engine.store.checkpointed))
    #expect(dirtiness.limit == Offset(1))
    #expect(bench.rig.engine.store.beginCompaction(of: bench.rig.log, dirtiness, rules: rules, now: now))
    bench.rig.settle()
    #expect(bench.rig.log.aborted.rows.count == 1)
    #expect(try bench.committed().isEmpty)
    try bench.rig.cutAndRestart()
    #expect(bench.rig.log.aborted.rows.count == 1)
    #expect(try bench.committed().isEmpty)
  }

  /// The power goes in each step of the checkpoint before a compaction, of the compaction and of its swap, and what readers
  /// of committed records get is never another.
  @Test(arguments: [CrashFate.worst, .best, .seeded(1), .seeded(2)])
  func aCutAtEachStepShowsNothingAbortedAndLosesNothingCommitted(_ fate: CrashFate) throws {
    var cuts = 0
    for step in 1... {
      let bench = try Bench()
      try bench.write([("a", "1"), ("b", "1")], producer: 1)
      try bench.end(.commit, producer: 1)
      try bench.write([("a", "aborted"), ("c", "aborted")], producer: 2)
      try bench.end(.abort, producer: 2)
      try bench.write([("c", "1")], producer: 1, sequence: 2)
      try bench.write([("b", "2")], producer: 3)
      try bench.end(.commit, producer: 3)
      try bench.end(.commit, producer: 1)
      try bench.write([("b", "aborted")], producer: 2, sequence: 2)
      try bench.end(.abort, producer: 2)
      let rig = bench.rig
      rig.log.closeActive(olderThan: -1, now: rig.clock.wallClock())
      try bench.write([("a", "open")], producer: 4)
      let stable = rig.log.stableEnd
      rig.disk.cutPower(inStep: step)
      rig.engine.store.beginCheckpoint()
      rig.settle()
      let rules = rig.engine.compactionRules(rig.key.topic), now = rig.clock.wallClock()
      if let found = rig.log.dirtiness(rules, now: .init(now), checkpointed: rig.engine.store.checkpointed) {
        rig.engine.store.beginCompaction(of: rig.log, found, rules: rules, now: now)
        rig.settle()
        rig.engine.store.beginCheckpoint()
        rig.settle()
      }
      let isCut = rig.disk.isCut
      try rig.cutAndRestart(fate)
      let newest = Dictionary(
        try bench.committed().map { ($0.prefix(1), $0) }, uniquingKeysWith: { _, later in later })
      #expect(newest.values.sorted() == ["a=1", "b=2", "c=1"], "cut in step \(step)")
      #expect(rig.log.stableEnd == stable)
      guard isCut else { break }
      cuts += 1
    }
    #expect(cuts > 10)
  }

  @Test func everyWindowOfARandomTransactionalLogReadsTheSame() throws {
    for seed in UInt64(1)...25 {
      var random = SeededRandom(seed: seed)
      let bench = try Bench(["delete.retention.ms": "1000"])
      var latest: [String: (offset: Int, value: String)] = [:]
      var open: [Int64: [(String, String)]] = [:]
      var sequences: [Int64: Int32] = [:]
      var order = 0
      for step in 0..<60 {
        let producer = Int64(1 + random.below(3))
        switch random.below(10) {
        case 0...5:
          let records = (0...random.below(2)).map { ("k\(random.below(6))", "s\(step).\($0)") }
          try bench.write(records, producer: producer, sequence: sequences[producer] ?? 0)
          sequences[producer, default: 0] += Int32(records.count)
          let base = Int(bench.rig.log.end.value) - records.count
          for (at, record) in records.enumerated() {
            open[producer, default: []].append((record.0, "\(base + at):\(record.1)"))
          }
        case 6...8:
          guard let records = open.removeValue(forKey: producer) else { continue }
          let commits = random.chance(permille: 500)
          try bench.end(commits ? .commit : .abort, producer: producer)
          guard commits else { continue }
          for (key, value) in records {
            let offset = Int(value.prefix { $0 != ":" }) ?? 0
            if latest[key].map({ $0.offset < offset }) ?? true {
              latest[key] = (offset, String(value.drop { $0 != ":" }.dropFirst()))
            }
          }
          order += 1
        default:
          bench.rig.clock.advance(byMs: Int64(random.below(1_500)))
          bench.rig.log.closeActive(olderThan: -1, now: bench.rig.clock.wallClock())
          bench.rig.engine.store.beginCheckpoint()
          bench.rig.settle()
          let rules = bench.rig.engine.compactionRules(bench.rig.key.topic)
          let now = bench.rig.clock.wallClock()
          guard
            let found = bench.rig.log.dirtiness(
              rules, now: .init(now), checkpointed: bench.rig.engine.store.checkpointed)
          else { continue }
          #expect(bench.rig.engine.store.beginCompaction(of: bench.rig.log, found, rules: rules, now: now))
          bench.rig.settle()
          if random.chance(permille: 300) { try bench.rig.cutAndRestart() }
        }
      }
      for producer in open.keys.sorted() { try bench.end(.abort, producer: producer) }
      var shown: [String: String] = [:]
      for record in try bench.committed() {
        let parts = record.split(separator: "=")
        shown[String(parts[0])] = String(parts[1])
      }
      #expect(shown == latest.mapValues(\.value), "seed \(seed)")
      #expect(order > 0)
    }
  }
}
