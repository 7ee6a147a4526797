import LogStore
import Machine
import SimMachine
import Units

/// A short life on volumes of every size, so that the disk is full at each step in turn: what finds no room is refused,
/// the node lives on, and once there is room again it takes up work by itself.
package struct FullDiskSweep {
  package struct Tally: Sendable {
    package var volumes = 0
    /// The volume was too small for the first start.
    package var tooSmall = 0
    /// The disk was full at some moment, and the node lived on.
    package var filled = 0
    package var refusedBatches = 0
    /// The node stopped.
    package var stopped = 0
    /// Starts on a full disk, and how many of them had to wait for room.
    package var restarts = 0
    package var refusedRestarts = 0

    package var summary: String {
      "\(volumes) volumes: \(tooSmall) too small to start on, full while the node lived on in \(filled), "
        + "(\(refusedBatches) batches refused), stopped in \(stopped); \(restarts) starts on the full disk, \(refusedRestarts) of them refused for want of room"
    }
  }

  private static let page = 4_096
  private let script: Script
  package private(set) var tally = Tally()

  package init(seed: UInt64, operations: Int = 100) { script = Script(seed: seed, operations: operations) }

  /// One life on a volume of each number of `pages`.
  package mutating func run(pages: some Sequence<Int>) throws(SimFailure) {
    for count in pages {
      do throws(SimFailure) { try run(on: count) } catch { throw .wrong("on a volume of \(count) pages: \(error)") }
    }
  }

  private mutating func run(on pages: Int) throws(SimFailure) {
    tally.volumes += 1
    let capacity = ByteCount(pages * Self.page)
    let disk = SimDisk(SimDisk.Options(seed: script.seed, capacity: capacity)), clock = ManualClock()
    var full: (disk: SimDisk, acknowledged: JournalSequence)?
    let outcome: Script.Outcome
    do throws(SimFailure) {
      outcome = try script.run(on: disk, clock: clock, allowsDamage: false) { _, _ in
      } atEnd: { node in
        full = (disk.afterCrash(.best), node.acknowledged)
        disk.setCapacity(.mebi(64))
      }
    } catch {
      guard case .recovery(.disk(let reason)) = error, reason.isFull else { throw error }
      tally.tooSmall += 1
      return
    }
    if outcome.failure != nil { tally.stopped += 1 }
    if outcome.failure == nil, outcome.refusedForRoom > 0 { tally.filled += 1 }
    tally.refusedBatches += outcome.refusedForRoom
    try check(disk.afterCrash(.worst), clock, outcome.model, outcome.acknowledged)
    if let full { try restart(full.disk, clock, outcome.decided, full.acknowledged) }
  }

  /// A start on the disk that is still full may be refused; then one with room again has everything.
  private mutating func restart(
    _ full: SimDisk, _ clock: ManualClock, _ model: Model, _ acknowledged: JournalSequence
  ) throws(SimFailure) {
    tally.restarts += 1
    do throws(SimFailure) {
      _ = try SimNode(disk: full, clock: clock, seed: script.seed)
    } catch {
      guard case .recovery(.disk(let reason)) = error, reason.isFull else { throw error }
      tally.refusedRestarts += 1
    }
    let roomy = full.afterCrash(.worst)
    roomy.setCapacity(.mebi(64))
    try check(roomy, clock, model, acknowledged)
  }

  private func check(
    _ disk: SimDisk, _ clock: ManualClock, _ model: Model, _ acknowledged: JournalSequence
  ) throws(SimFailure) {
    var random = SeededRandom(seed: script.seed)
    let node = try SimNode(disk: disk, clock: clock, seed: script.seed &+ 7)
    guard node.recovered >= acknowledged else { throw .wrong("acknowledged changes are lost") }
    var left = model
    left.crashed(keeping: node.recovered)
    try Comparison.all(node, left, &random)
  }
}
