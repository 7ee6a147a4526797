import Broker
import ByteCodec
import LogStore
import Machine
import RecordFormat
import SimMachine
import Testing
import Units

@Suite struct RetentionTests {
  private static let plain = ["cleanup.policy": "delete", "retention.ms": "3600000", "segment.ms": "600000000"]

  private func rig(_ overrides: [String: String]) throws -> CompactionRig {
    try CompactionRig(Self.plain.merging(overrides) { $1 })
  }

  /// One pass, after the check interval.
  private func pass(_ rig: CompactionRig) {
    rig.clock.advance(byMs: 300_000)
    rig.engine.timePassed()
    rig.settle()
  }

  @Test func segmentsGoByTheirLargestTimestamp() throws {
    let rig = try rig([:])
    for number in 0..<12 {
      try rig.produce([("k", String(repeating: "x", count: 300))])
      if number == 5 { rig.clock.advance(byMs: 3_000_000) }
    }
    #expect(rig.log.segments.count >= 4)
    pass(rig)
    #expect(rig.log.start.value == 0)
    rig.clock.advance(byMs: 400_000)
    pass(rig)
    #expect(rig.log.start.value > 0)
    #expect(rig.log.start.value <= 6)
    #expect(rig.log.durableStart == rig.log.start)
  }

  @Test func anActiveSegmentGoesWhenAllIsTooOld() throws {
    let rig = try rig([:])
    try rig.produce([("k", "v")])
    rig.clock.advance(byMs: 3_700_000)
    rig.engine.timePassed()
    pass(rig)
    #expect(rig.log.start.value == 1)
    #expect(rig.log.segments.isEmpty)
    guard case .stored(let base, _) = try rig.produce([("k", "w")]) else {
      Issue.record("appends go on")
      return
    }
    #expect(base.value == 1)
    #expect(try rig.records().map(\.value) == ["w"])
  }

  @Test func bytesKeptAreNeverFewerThanAsked() throws {
    let rig = try rig(["retention.bytes": "2500", "retention.ms": "-1"])
    for _ in 0..<20 { try rig.produce([("k", String(repeating: "x", count: 300))]) }
    pass(rig)
    #expect(rig.log.start.value > 0)
    #expect(rig.log.size.value >= 2_500)
    #expect(rig.log.size.value - (rig.log.segments.first?.size.value ?? 0) < 2_500)
  }

  @Test func minusOneIsForEver() throws {
    let rig = try rig(["retention.bytes": "-1", "retention.ms": "-1"])
    for _ in 0..<20 { try rig.produce([("k", String(repeating: "x", count: 300))]) }
    for _ in 0..<50 { pass(rig) }
    #expect(rig.log.start.value == 0)
  }

  @Test func compactedTopicsKeepOldRecordsUnlessTheyAlsoDelete() throws {
    for (policy, start) in [("compact", 0), ("compact,delete", 1)] {
      let rig = try CompactionRig(["cleanup.policy": policy, "retention.ms": "3600000"])
      try rig.produce([("k", "v")])
      rig.clock.advance(byMs: 3_700_000)
      rig.engine.timePassed()
      pass(rig)
      #expect(rig.log.start.value == Int64(start), "\(policy)")
    }
  }

  @Test(arguments: [Int64(-315_360_000_000), 315_360_000_000, 7_200_000])
  func aClockThatJumpsDeletesNothing(_ jump: Int64) throws {
    let rig = try rig([:])
    for _ in 0..<12 { try rig.produce([("k", String(repeating: "x", count: 300))]) }
    pass(rig)
    rig.clock.jump(byMs: jump)
    pass(rig)
    #expect(rig.log.start.value == 0)
    rig.clock.jump(byMs: -jump)
    pass(rig)
    #expect(rig.log.start.value == 0)
  }

  /// How far the clock is off at a start, in milliseconds.
  @Test(arguments: [Int64(-315_360_000_000), 315_360_000_000, 90_000_000])
  func aStartWithAClockThatIsOffDeletesNothing(_ jump: Int64) throws {
    let rig = try rig([:])
    for _ in 0..<12 { try rig.produce([("k", String(repeating: "x", count: 300))]) }
    rig.clock.jump(byMs: jump)
    for _ in 0..<2 {
      try rig.cutAndRestart()
      pass(rig)
      #expect(rig.log.start.value == 0)
      #expect(rig.engine.store.trustedNow().isInDoubt)
    }
    rig.clock.jump(byMs: -jump)
    pass(rig)
    #expect(rig.log.start.value == 0)
    #expect(!rig.engine.store.trustedNow().isInDoubt)
  }

  @Test func aStartWithinADayOfTheLastCheckpointIsBelieved() throws {
    let rig = try rig([:])
    for _ in 0..<12 { try rig.produce([("k", String(repeating: "x", count: 300))]) }
    rig.clock.jump(byMs: 86_000_000)
    try rig.cutAndRestart()
    pass(rig)
    #expect(rig.log.start.value > 0)
  }

  @Test func whoeverRunsTheNodeIsTold() throws {
    final class Listener: EngineObserver {
      var notices: [EngineNotice] = []
      func durableAdvanced(to sequence: JournalSequence) {}
      func engineFailed(_ error: DiskError) {}
      func indexRebuilt(_ segment: SegmentKey, blocks: Int) {}
      func engineNoticed(_ notice: EngineNotice) { notices.append(notice) }
    }
    let rig = try rig([:])
    let listener = Listener()
    rig.engine.observer = listener
    for jump in [Int64(864_000_000), -864_000_000] {
      rig.clock.jump(byMs: jump)
      pass(rig)
      pass(rig)
    }
    #expect(listener.notices == [.clockInDoubt(offMs: 864_000_000), .clockBelieved])
    #expect(listener.notices[0].description.contains("10 days ahead of what it should show"))
  }
}

@Suite struct ProducerExpiryTests {
  @Test func replayForgetsTheSameProducers() throws {
    let rig = try CompactionRig()
    try rig.produce([("a", "1")], producer: 1, sequence: 0)
    rig.clock.advance(byMs: 50_000_000)
    try rig.produce([("a", "2")], producer: 2, sequence: 0)
    rig.clock.advance(byMs: 50_000_000)
    rig.engine.store.beginCheckpoint()
    rig.settle()
    #expect(rig.log.producers.producers.keys.sorted() == [2])
    let live = rig.engine.store.state.encoded().copy()
    try rig.cutAndRestart()
    #expect(rig.engine.store.state.encoded().copy() == live)
  }

  @Test func atTheLimitTheOldestGoAndTheRecentStay() throws {
    let rig = try CompactionRig()
    rig.engine.store.producerLimits.entries = 8
    for id in 0..<8 {
      try rig.produce([("a", "1")], producer: Int64(id), sequence: 0)
      rig.clock.advance(byMs: 600_000)
    }
    #expect(rig.engine.store.producerEntries == 8)
    guard case .stored = try rig.produce([("a", "1")], producer: 100, sequence: 0) else {
      Issue.record("the oldest make room")
      return
    }
    #expect(rig.log.producers.producers[0] == nil)
    #expect(rig.log.producers.producers[7] != nil)
    for id in 200..<220 { try rig.produce([("a", "1")], producer: Int64(id), sequence: 0) }
    #expect(rig.engine.store.producerEntries <= 8)
    #expect(try rig.produce([("a", "1")], producer: 999, sequence: 0) == .tooManyProducers)
    guard case .duplicate = try rig.produce([("a", "1")], producer: 100, sequence: 0) else {
      Issue.record("a recent producer is protected")
      return
    }
  }
}
