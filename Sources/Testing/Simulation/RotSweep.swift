import Broker
import LogStore
import SimMachine
import Units

/// Damages files at rest, one at a time, and starts the node on them: it refuses, or says which range is damaged, or
/// answers as if nothing had happened. It never gives other bytes, and never silently less.
package struct RotSweep {
  /// What became of the damage, per kind of file.
  package struct Tally: Sendable {
    package var refused: [String: Int] = [:]
    package var reported: [String: Int] = [:]
    package var harmless: [String: Int] = [:]
    /// Acknowledged frames cut off because no later frame had seen them synced.
    package var unwitnessed: [String: Int] = [:]

    package var total: Int {
      [refused, reported, harmless, unwitnessed].reduce(0) { $0 + $1.values.reduce(0, +) }
    }

    package var summary: String {
      let kinds = Set([refused, reported, harmless, unwitnessed].flatMap(\.keys)).sorted()
      return kinds.map { kind in
        "\(kind): start refused \(refused[kind] ?? 0), range reported \(reported[kind] ?? 0), "
          + "harmless \(harmless[kind] ?? 0), cut without a witness \(unwitnessed[kind] ?? 0)"
      }.joined(separator: "\n")
    }
  }

  private let script: Script
  private let clock = ManualClock()
  private let disk: SimDisk
  private let outcome: Script.Outcome
  private var random: SeededRandom
  package private(set) var tally = Tally()

  /// A data folder with something in every file, its power cut after it had been idle for a moment, or,
  /// without `idles`, before.
  package init(seed: UInt64, operations: Int, idles: Bool = true) throws(SimFailure) {
    script = Script(seed: seed, operations: operations, idles: idles)
    random = SeededRandom(seed: seed)
    let disk = SimDisk(SimDisk.Options(seed: seed))
    outcome = try script.run(on: disk, clock: clock, allowsDamage: false)
    if let failure = outcome.failure { throw .wrong("the node failed: \(failure)") }
    self.disk = disk.afterCrash(.best)
  }

  /// Flips `count` bits, chosen over all files so that small files get their share.
  package mutating func flipBits(_ count: Int) throws(SimFailure) {
    let paths = disk.paths.filter { (disk.contents($0)?.count ?? 0) > 0 && $0 != "lock" }
    for _ in 0..<count {
      let path = paths[random.below(paths.count)]
      guard let size = disk.contents(path)?.count else { continue }
      let position = random.below(size), bit = random.below(8)
      try start("flip of bit \(bit) of byte \(position) of \(path)", path) {
        $0.flipBit(path, at: FilePosition(Int64(position)), bit: bit)
      }
    }
  }

  /// Flips `count` bits in segments, starts the node on each, and lets the scrub look for them before any reader does.
  /// Answers how often it found one; a bit flipped in a full segment must be.
  package mutating func scrub(_ count: Int) throws(SimFailure) -> Int {
    let paths = disk.paths.filter { $0.hasSuffix(".log") && (disk.contents($0)?.count ?? 0) > 0 }
    guard !paths.isEmpty else { throw .wrong("there is no segment") }
    var found = 0
    for _ in 0..<count {
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

  /// Cuts, removes, exchanges and doubles files.
  package mutating func mixUpFiles() throws(SimFailure) {
    let paths = disk.paths.filter { $0 != "lock" }
    for path in paths {
      let size = disk.contents(path)?.count ?? 0
      for cut in Set([0, size / 3, size / 2, max(size - 1, 0)]).sorted() {
        try start("\(path) cut to \(cut) of \(size) bytes", path) { $0.setSize(path, to: ByteCount(cut)) }
      }
      try start("\(path) made longer", path) { $0.setSize(path, to: ByteCount(size + 5_000)) }
      try start("\(path) removed", path) { $0.deleteAtRest(path) }
      for other in paths where other > path && FileClass.of(other) == FileClass.of(path) {
        try start("\(path) and \(other) exchanged", path) { $0.swapAtRest(path, other) }
        try start("\(path) copied over \(other)", path) { $0.duplicateAtRest(path, as: other) }
        try start("\(other) copied over \(path)", path) { $0.duplicateAtRest(other, as: path) }
      }
    }
  }

  /// Without any index file, everything is still there.
  package mutating func removeIndexes() throws(SimFailure) {
    let copy = disk.afterCrash(.best)
    for path in copy.paths where path.hasSuffix(".blocks") { copy.deleteAtRest(path) }
    let node = try SimNode(disk: copy, clock: clock, seed: script.seed)
    try Comparison.all(node, outcome.model, &random)
  }

  private mutating func start(_ what: String, _ path: String, _ damage: (SimDisk) -> Bool) throws(SimFailure) {
    let copy = disk.afterCrash(.best)
    guard damage(copy) else { return }
    let kind = FileClass.of(path)
    let node: SimNode
    do throws(SimFailure) {
      node = try SimNode(disk: copy, clock: clock, seed: script.seed &+ 9)
    } catch {
      guard case .recovery = error else { throw error }
      tally.refused[kind, default: 0] += 1
      return
    }
    guard node.recovered >= outcome.model.lastSettled else {
      // Only what the last commit groups held can be both acknowledged and without a witness; an idle node has none.
      if script.idles {
        throw .wrong("\(what): \(outcome.model.lastSettled.value) was acknowledged, \(node.recovered.value) is left")
      }
      tally.unwitnessed[kind, default: 0] += 1
      return
    }
    node.allowsDamage = true
    do throws(SimFailure) {
      try Comparison.all(node, outcome.model, &random)
    } catch {
      throw .wrong("\(what): \(error)")
    }
    if node.damageSeen > 0 { tally.reported[kind, default: 0] += 1 } else { tally.harmless[kind, default: 0] += 1 }
  }
}
