import Broker
import LogStore
import SimMachine
import Units

/// Flips bits in segments and lets the scrub look for them before any reader does.
package struct ScrubSweep {
  private let script: Script
  private let clock = ManualClock()
  private let disk: SimDisk
  private let outcome: Script.Outcome
  private var random: SeededRandom

  /// A data folder whose power was cut after it had been idle for a moment.
  package init(seed: UInt64, operations: Int) throws(SimFailure) {
    script = Script(seed: seed, operations: operations)
    random = SeededRandom(seed: seed)
    let disk = SimDisk(SimDisk.Options(seed: seed))
    outcome = try script.run(on: disk, clock: clock, allowsDamage: false)
    if let failure = outcome.failure { throw .wrong("the node failed: \(failure)") }
    self.disk = disk.afterCrash(.best)
  }

  /// Flips `count` bits, half of them in full segments, starts the node on each, and answers how often the scrub found
  /// one; a bit flipped in a full segment must be found.
  package mutating func scrub(_ count: Int) throws(SimFailure) -> Int {
    let all = disk.paths.filter { $0.hasSuffix(".log") && (disk.contents($0)?.count ?? 0) > 0 }
    let sound = try SimNode(disk: disk.afterCrash(.best), clock: clock, seed: script.seed &+ 10)
    let full = all.filter { isFull($0, 0, sound) }
    guard !full.isEmpty else { throw .wrong("there is no full segment") }
    var found = 0
    for number in 0..<count {
      let paths = number % 2 == 0 ? full : all
      let path = paths[random.below(paths.count)]
      let copy = disk.afterCrash(.best)
      let position = random.below(max(copy.contents(path)?.count ?? 1, 1))
      copy.flipBit(path, at: FilePosition(Int64(position)), bit: random.below(8))
      let node = try SimNode(disk: copy, clock: clock, seed: script.seed &+ 10)
      node.allowsDamage = true
      var turns = 0
      while node.isUp, node.engine.scrubs.passes == 0 {
        turns += 1
        guard turns < 10_000 else { throw .wrong("the scrub never came to its end") }
        clock.advance(byMs: 100)
        node.engine.timePassed()
        if node.isUp { node.engine.turnEnded() }
        node.quiesce(&random)
      }
      let damages = node.engine.scrubs.damagedBlocks
      guard damages > 0 || !isFull(path, position, node) else {
        throw .wrong("the scrub passed over a flipped bit in byte \(position) of \(path)")
      }
      try Comparison.all(node, outcome.model, &random)
      guard damages == 0 || node.damageSeen > 0 else { throw .wrong("damage found in \(path) was served to readers") }
      if damages > 0 { found += 1 }
    }
    return found
  }

  /// Whether that byte belongs to a segment behind which another one follows.
  private func isFull(_ path: String, _ position: Int, _ node: SimNode) -> Bool {
    node.engine.store.state.partitions.values.contains { partition in
      partition.segments.dropLast().contains {
        SegmentKey(partition: partition.key, base: $0.base, generation: $0.generation).logPath == path
          && position < $0.size.value
      }
    }
  }
}
