import Broker
import LogStore
import Machine
import SimMachine
import Testing
import Units

/// A stop in order is one at the next start, whatever falls due meanwhile.
@Suite struct StopTests {
  /// Stops `rig` while its lanes stand for a second, and lets the node start again.
  private func stopAndStart(_ rig: CompactionRig) throws {
    var isDone = false
    rig.engine.shutDown { isDone = true }
    for _ in 0..<10 {
      rig.clock.advance(byMs: 100)
      rig.engine.timePassed()
      rig.engine.turnEnded()
    }
    rig.settle()
    #expect(isDone)
    try rig.cutAndRestart()
  }

  @Test func noWitnessIsWrittenBehindTheLastCheckpoint() throws {
    let rig = try CompactionRig()
    try rig.produce([("a", "1"), ("b", "2")])
    try stopAndStart(rig)
    #expect(rig.engine.store.report.wasCleanStop)
  }

  @Test func aCompactionThatEndsMeanwhileIsCovered() throws {
    let rig = try CompactionRig()
    for value in 1...20 { try rig.produce([("a", "\(value)"), ("b", "\(value)")]) }
    rig.log.closeActive(olderThan: -1, now: rig.clock.wallClock())
    rig.checkpoint()
    let rules = rig.engine.compactionRules(rig.key.topic)
    let now = rig.clock.wallClock()
    let dirtiness = try #require(
      rig.log.dirtiness(rules, now: .init(now), checkpointed: rig.engine.store.checkpointed))
    #expect(rig.engine.store.beginCompaction(of: rig.log, dirtiness, rules: rules, now: now))
    try stopAndStart(rig)
    #expect(rig.engine.store.report.wasCleanStop)
    #expect(try CompactionRig.latest(rig.records()).map(\.value) == ["20", "20"])
  }
}
