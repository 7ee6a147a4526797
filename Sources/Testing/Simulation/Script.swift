import Broker
import LogStore
import Machine
import SimMachine
import Units

/// A short life with a fixed course, run again and again with one thing gone wrong each time.
struct Script {
  let seed: UInt64
  let operations: Int
  /// Whether the node is idle for a moment at the end, so that it writes a witness.
  var idles = true

  /// What a run left behind.
  struct Outcome {
    var model: Model
    /// What the node was told is durable, and so acknowledged.
    var acknowledged: JournalSequence
    var failure: DiskError?
  }

  /// Runs the course on `disk`, as far as the node lives. Answers that contradict the model fail the run.
  func run(on disk: SimDisk, clock: ManualClock, allowsDamage: Bool) throws(SimFailure) -> Outcome {
    let node = try SimNode(disk: disk, clock: clock, seed: seed)
    node.allowsDamage = allowsDamage
    var model = Model()
    var acknowledged = node.recovered
    node.durableMoved = { acknowledged = max(acknowledged, $0) }
    var workload = Workload(node: node, random: SeededRandom(seed: seed))
    workload.plansFaults = false
    var random = SeededRandom(seed: seed &+ 1)
    for step in 0..<operations where node.isUp {
      try workload.step(&model)
      if step % 16 == 15 { node.engine.store.beginCheckpoint() }
      if step % 4 == 3 { node.quiesce(&random) }
    }
    node.quiesce(&random)
    // Idle for a moment, so that a witness is written, and a postponed checkpoint has its second try.
    for _ in 0..<(idles ? 3 : 0) {
      clock.advance(byMs: 1_200)
      node.engine.timePassed()
      if node.isUp { node.engine.turnEnded() }
      node.quiesce(&random)
    }
    if node.failure == nil {
      guard node.engine.store.durable == node.engine.store.decided else {
        throw .wrong("what was decided never became durable, and nothing was said")
      }
      guard node.engine.store.admits || !idles else { throw .wrong("the node went on, but admits nothing any more") }
    }
    model.settle(through: acknowledged)
    return Outcome(model: model, acknowledged: acknowledged, failure: node.failure)
  }
}
