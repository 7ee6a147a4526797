import LogStore
import SimMachine
import Units

/// Lets one write of a short life land in the wrong place: in another part of its file or in another file. The node is told
/// that all went well; what it then shows, or finds at the next start, is right or said to be damaged.
package struct MisdirectionSweep {
  private static let operations = 80
  private static let alignment = 512

  private let seed: UInt64
  private var random: SeededRandom
  package private(set) var tally = RotSweep.Tally()

  package init(seed: UInt64) {
    self.seed = seed
    random = SeededRandom(seed: seed)
  }

  /// Runs until `count` writes have gone astray.
  package mutating func run(_ count: Int) throws(SimFailure) {
    var life = seed
    while tally.total < count {
      try misdirect(in: life)
      life += 1
    }
  }

  private mutating func misdirect(in life: UInt64) throws(SimFailure) {
    let disk = SimDisk(SimDisk.Options(seed: life)), clock = ManualClock()
    let script = Script(seed: life, operations: Self.operations, reads: false)
    let step = 4 + random.below(Self.operations - 4)
    var random = random.fork()
    var source = ""
    let outcome = try script.run(on: disk, clock: clock, allowsDamage: true) { at, _ in
      if at == step { source = Self.plan(on: disk, &random) }
    }
    guard disk.misdirectedWrites > 0 else { return }
    let what = RotSweep.Case(damage: .misdirected, fileClass: FileClass.of(source))
    let verdict: RotFolder.Verdict
    do throws(SimFailure) {
      verdict = try judge(disk.afterCrash(.best), clock, outcome, life)
    } catch {
      throw .wrong("life \(life), a write to \(source) gone astray in step \(step): \(error)")
    }
    tally.add(verdict, what)
  }

  /// Chooses a file that will be written again, and where that write lands; answers the file.
  private static func plan(on disk: SimDisk, _ random: inout SeededRandom) -> String {
    let paths = disk.paths.filter { $0 != "lock" && $0 != "ballast" }
    let journals = paths.filter { $0.hasSuffix(".journal") }
    let pool = random.chance(permille: 400) ? journals : paths
    let source = pool[random.below(pool.count)]
    let target = random.chance(permille: 500) ? source : paths[random.below(paths.count)]
    let size = disk.contents(target)?.count ?? 0
    let position = FilePosition(Int64(random.below(size / alignment + 1) * alignment))
    disk.misdirectNextWrite(to: source, landingAt: position, in: target)
    return source
  }

  private func judge(
    _ disk: SimDisk, _ clock: ManualClock, _ outcome: Script.Outcome, _ life: UInt64
  ) throws(SimFailure) -> RotFolder.Verdict {
    let node: SimNode
    do throws(SimFailure) {
      node = try SimNode(disk: disk, clock: clock, seed: life &+ 9)
    } catch {
      guard case .recovery = error else { throw error }
      return .refused
    }
    guard node.recovered >= outcome.model.lastSettled else {
      // A node that stopped by itself had no time for a witness.
      if outcome.failure == nil { throw .wrong("\(outcome.model.lastSettled.value) was acknowledged, and is gone") }
      return .unwitnessed
    }
    node.allowsDamage = true
    var random = SeededRandom(seed: life)
    var model = outcome.model
    model.crashed(keeping: node.recovered)
    try Comparison.all(node, model, &random)
    return node.damageSeen > 0 ? .reported : .harmless
  }
}
