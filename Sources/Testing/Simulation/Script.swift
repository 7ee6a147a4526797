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
  /// Whether records are read on the way: what this run has written, it trusts in the page cache.
  var reads = true
  /// Whether at last a topic is deleted, and its files with it.
  var removes = false

  /// What a run left behind.
  struct Outcome {
    /// Settled as far as was acknowledged.
    var model: Model
    /// As it was decided, so that a cut earlier on may take it back.
    var decided: Model
    /// What the node was told is durable, and so acknowledged.
    var acknowledged: JournalSequence
    /// What of that had later frames behind it.
    var witnessed: JournalSequence
    var failure: DiskError?
    /// Batches for which the disk had no room.
    var refusedForRoom = 0
  }

  /// Runs the course on `disk`, as far as the node lives. Answers that contradict the model fail the run.
  /// `before` is called before each step, `atEnd` when no more is asked of the node.
  func run(
    on disk: SimDisk, clock: ManualClock, allowsDamage: Bool, before: (Int, SimNode) -> Void = { _, _ in },
    atEnd: (SimNode) -> Void = { _ in }
  ) throws(SimFailure) -> Outcome {
    let node = try SimNode(disk: disk, clock: clock, seed: seed)
    node.allowsDamage = allowsDamage
    var model = Model()
    var workload = Workload(node: node, random: SeededRandom(seed: seed))
    workload.plansFaults = false
    workload.keepsAll = true
    workload.reads = reads
    var random = SeededRandom(seed: seed &+ 1)
    for step in 0..<operations where node.isUp {
      before(step, node)
      try workload.step(&model)
      if step % 16 == 15 { node.engine.store.beginCheckpoint() }
      if step % 4 == 3 { node.quiesce(&random) }
    }
    node.quiesce(&random)
    if removes { try remove(node, clock, &workload, &model, &random) }
    atEnd(node)
    if idles { node.idle(&random) }
    if node.failure == nil {
      guard node.engine.store.durable == node.engine.store.decided else {
        throw .wrong("what was decided never became durable, and nothing was said")
      }
      guard node.engine.store.admits || !idles else { throw .wrong("the node went on, but admits nothing any more") }
    }
    let decided = model
    model.settle(through: node.acknowledged)
    return Outcome(
      model: model, decided: decided, acknowledged: node.acknowledged, witnessed: node.witnessed, failure: node.failure,
      refusedForRoom: workload.refusedForRoom)
  }

  /// Deletes a topic, and lets the time pass after which a checkpoint lets go of its files.
  private func remove(
    _ node: SimNode, _ clock: ManualClock, _ workload: inout Workload, _ model: inout Model,
    _ random: inout SeededRandom
  ) throws(SimFailure) {
    guard node.isUp else { return }
    try workload.deleteTopic(&model)
    for delayMs in [0, 70_000, 0] as [Int64] where node.isUp {
      node.engine.turnEnded()
      node.quiesce(&random)
      node.engine.store.beginCheckpoint()
      node.quiesce(&random)
      clock.advance(byMs: delayMs)
      if node.isUp { node.engine.timePassed() }
    }
    if node.isUp { node.engine.turnEnded() }
    node.quiesce(&random)
  }
}
