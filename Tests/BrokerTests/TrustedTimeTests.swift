import Broker
import LogStore
import Machine
import SimMachine
import Testing
import Units

@Suite struct TrustedTimeTests {
  private static let hour: Int64 = 3_600_000
  private let clock = ManualClock()
  private let begin = ManualClock().wallClock()

  private var atBegin: TrustedTime { TrustedTime(wall: begin, at: clock.sinceBoot()) }

  private func read(_ time: inout TrustedTime) -> TrustedTime.Reading {
    time.read(wall: clock.wallClock(), at: clock.sinceBoot())
  }

  @Test func aJumpThatLastsADayIsBelieved() {
    var time = atBegin
    clock.jump(byMs: 10 * Self.hour)
    let first = read(&time)
    #expect(first.time == begin)
    #expect(first.doubtedMs == 10 * Self.hour)
    clock.advance(byMs: 23 * Self.hour)
    let doubted = read(&time)
    #expect(doubted.time == begin.advanced(byMs: 23 * Self.hour))
    #expect(doubted.isInDoubt)
    clock.advance(byMs: Self.hour)
    let believed = read(&time)
    #expect(believed.time == clock.wallClock())
    #expect(!believed.isInDoubt)
    // What has been written down has become older by a day, not by the jump.
    #expect(believed.steady == begin.advanced(byMs: 24 * Self.hour))
  }

  @Test func smallCorrectionsAreFollowed() {
    var time = atBegin
    for step in [-Self.hour, Self.hour, Self.hour / 2] {
      clock.jump(byMs: step)
      #expect(read(&time) == TrustedTime.Reading(clock.wallClock()))
    }
  }

  /// Many small jumps are a large one, and a clock that runs too fast never stands by its time.
  @Test func whatAddsUpToMoreThanAnHourADayIsNotBelieved() {
    var time = atBegin
    clock.jump(byMs: 55 * 60_000)
    #expect(!read(&time).isInDoubt)
    clock.advance(byMs: 60_000)
    clock.jump(byMs: 55 * 60_000)
    #expect(read(&time).isInDoubt)
    clock.jump(byMs: -55 * 60_000)
    #expect(!read(&time).isInDoubt)
    for _ in 0..<(3 * 24) {
      clock.advance(byMs: Self.hour)
      clock.jump(byMs: 9 * Self.hour)
      #expect(read(&time).isInDoubt)
    }
  }

  /// The pause of a start, just under an hour, is no drift.
  @Test func aSmallCorrectionBehindAStartIsFollowed() throws {
    let rig = try CompactionRig()
    rig.checkpoint()
    rig.clock.jump(byMs: 55 * 60_000)
    try rig.cutAndRestart()
    #expect(!rig.engine.store.trustedNow().isInDoubt)
    rig.clock.jump(byMs: 20 * 60_000)
    #expect(!rig.engine.store.trustedNow().isInDoubt)
  }

  @Test func driftOfYearsIsFollowed() {
    var time = atBegin
    for _ in 0..<1_000 {
      clock.advance(byMs: 24 * Self.hour)
      clock.jump(byMs: Self.hour / 2)
      #expect(read(&time).time == clock.wallClock())
    }
  }

  @Test func aClockThatJumpsAgainBeginsItsDayAnew() {
    var time = atBegin
    clock.jump(byMs: 10 * Self.hour)
    _ = read(&time)
    clock.advance(byMs: 23 * Self.hour)
    clock.jump(byMs: 1_000 * Self.hour)
    #expect(read(&time).isInDoubt)
    clock.advance(byMs: 23 * Self.hour)
    #expect(read(&time).isInDoubt)
    clock.advance(byMs: Self.hour)
    #expect(!read(&time).isInDoubt)
  }

  /// Who runs a node for some hours a week has it up for a day in the end.
  @Test func theDayAddsUpOverStarts() throws {
    let rig = try CompactionRig()
    rig.clock.jump(byMs: 1_000 * Self.hour)
    for week in 0..<3 {
      try rig.cutAndRestart()
      #expect(rig.engine.store.trustedNow().isInDoubt)
      rig.clock.advance(byMs: 8 * Self.hour)
      #expect(rig.engine.store.trustedNow().isInDoubt == (week < 2), "week \(week)")
      rig.checkpoint()
      rig.clock.jump(byMs: 160 * Self.hour)
    }
  }

  /// A clock that begins at the same wrong time with each start shows less than it did.
  @Test func aClockThatStartsOverIsNotBelieved() throws {
    let rig = try CompactionRig()
    rig.clock.jump(byMs: 1_000 * Self.hour)
    for _ in 0..<6 {
      try rig.cutAndRestart()
      #expect(rig.engine.store.trustedNow().isInDoubt)
      rig.clock.advance(byMs: 8 * Self.hour)
      rig.checkpoint()
      rig.clock.jump(byMs: -8 * Self.hour)
    }
  }

  /// The folder knows of that jump: it was no pause of the server.
  @Test func aRestartBelievesNoJumpThatWasInDoubt() throws {
    let rig = try CompactionRig()
    rig.clock.jump(byMs: 23 * Self.hour)
    #expect(rig.engine.store.trustedNow().isInDoubt)
    rig.checkpoint()
    try rig.cutAndRestart()
    for _ in 0..<2 { #expect(rig.engine.store.trustedNow().doubtedMs == 23 * Self.hour) }
    rig.clock.jump(byMs: -23 * Self.hour)
    #expect(!rig.engine.store.trustedNow().isInDoubt)
  }

  /// A year is no pause of the server that a doubt could go on over.
  @Test(arguments: [30 * hour, -200_000 * hour])
  func aDoubtLendsNothingToAnother(_ first: Int64) throws {
    let rig = try CompactionRig()
    rig.clock.jump(byMs: first)
    try rig.cutAndRestart()
    rig.clock.advance(byMs: 23 * Self.hour)
    rig.checkpoint()
    rig.clock.jump(byMs: 300_000 * Self.hour)
    try rig.cutAndRestart()
    rig.clock.advance(byMs: 2 * Self.hour)
    #expect(rig.engine.store.trustedNow().isInDoubt)
  }

  /// A quiet node may have no checkpoint for days.
  @Test func theJournalTellsTheTimeBehindTheCheckpoint() throws {
    let rig = try CompactionRig()
    rig.clock.advance(byMs: 300 * Self.hour)
    try rig.produce([("k", "v")])
    try rig.cutAndRestart()
    #expect(rig.engine.store.trustedNow() == TrustedTime.Reading(rig.clock.wallClock()))
    rig.clock.advance(byMs: 300 * Self.hour)
    try rig.cutAndRestart()
    #expect(rig.engine.store.trustedNow().isInDoubt)
  }

  @Test func noRetryIsStoredAgainWhenAClockIsBelieved() throws {
    let rig = try CompactionRig()
    rig.clock.jump(byMs: 1_000 * Self.hour)
    try rig.cutAndRestart()
    #expect(rig.engine.store.trustedNow().isInDoubt)
    rig.clock.advance(byMs: 24 * Self.hour - 1)
    guard case .stored(let base, _) = try rig.produce([("a", "1")], producer: 1, sequence: 0) else {
      Issue.record("not stored")
      return
    }
    rig.clock.advance(byMs: 1)
    #expect(!rig.engine.store.trustedNow().isInDoubt)
    rig.checkpoint()
    guard case .duplicate(let original) = try rig.produce([("a", "1")], producer: 1, sequence: 0) else {
      Issue.record("stored again")
      return
    }
    #expect(original.baseOffset == base)
  }
}
