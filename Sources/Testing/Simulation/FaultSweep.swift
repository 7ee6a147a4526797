import Broker
import LogStore
package import Machine
import SimMachine
import Units

/// Fails every single call of a short life, one at a time, with every errno: no wrong acknowledgement, no trap, no hang,
/// and after a restart, with or without a power cut, everything acknowledged is there.
package struct FaultSweep {
  /// The errors a call is made to fail with: EINTR, EIO, EAGAIN, ENOMEM, EMFILE, ENOSPC, EROFS, EDQUOT.
  package static let codes: [Int32] = [4, 5, 11, 12, 24, 28, 30, 122]

  /// What happened, per call.
  package struct Tally: Sendable {
    package var failedCalls: [DiskError.Call: Int] = [:]
    /// Runs in which the node went on to the end of the script.
    package var survived = 0
    /// Runs in which the node stopped.
    package var stopped = 0
    package var restarts = 0

    package var summary: String {
      let calls = failedCalls.sorted { $0.value > $1.value }.map { "\($0.key.rawValue) \($0.value)" }
      let total = failedCalls.values.reduce(0, +)
      return "\(total) calls failed, the node lived on in \(survived) runs and stopped in \(stopped); "
        + "\(restarts) restarts compared (\(calls.joined(separator: ", ")))"
    }
  }

  private let script: Script
  package private(set) var tally = Tally()

  package init(seed: UInt64, operations: Int) {
    script = Script(seed: seed, operations: operations, removes: true)
  }

  /// A disk on which, after a failed sync of a file, the pages that look clean vanish sooner or later.
  private func disk(for call: DiskError.Call) -> SimDisk {
    var options = SimDisk.Options(seed: script.seed)
    options.uncachedPermille = 100
    options.pressurePermille = call == .sync ? 100 : 0
    return SimDisk(options)
  }

  /// Fails the nth call of kind `call` for n = 1 and up, while the script runs.
  package mutating func failWork(_ call: DiskError.Call, code: Int32, step: Int = 1) throws(SimFailure) {
    var nth = 1
    while true {
      let disk = disk(for: call), clock = ManualClock()
      disk.plan(SimFault(call, nth: nth, code: code))
      do throws(SimFailure) {
        let outcome = try script.run(on: disk, clock: clock, allowsDamage: true)
        if disk.faultsFired == 0 { return }
        if outcome.failure == nil { tally.survived += 1 } else { tally.stopped += 1 }
        try checkRestarts(disk, clock, outcome)
      } catch {
        // A start that the disk refused is an answer; it must have promised nothing.
        guard case .recovery(.disk) = error, disk.faultsFired > 0 else { throw error.during(call, code, nth) }
        tally.stopped += 1
      }
      tally.failedCalls[call, default: 0] += 1
      nth += step
    }
  }

  /// Fails the nth call of kind `call` for n = 1 and up, while a node recovers from a cut and finds a folder that nothing
  /// refers to.
  package mutating func failRecovery(_ call: DiskError.Call, code: Int32) throws(SimFailure) {
    let clock = ManualClock()
    let before = disk(for: call)
    let outcome = try script.run(on: before, clock: clock, allowsDamage: false)
    do throws(DiskError) {
      try before.makeDirectory("data/stray")
      try before.syncDirectory("data")
    } catch {
      throw .wrong("no folder can be made: \(error)")
    }
    for nth in 1... {
      let disk = before.afterCrash(.seeded(UInt64(nth)))
      disk.plan(SimFault(call, nth: nth, code: code))
      do throws(SimFailure) {
        let node = try SimNode(disk: disk, clock: clock, seed: script.seed)
        if disk.faultsFired == 0 { return }
        guard node.recovered >= outcome.acknowledged else { throw .wrong("recovery gave up acknowledged data") }
      } catch {
        guard case .recovery(.disk) = error, disk.faultsFired > 0 else { throw error.during(call, code, nth) }
      }
      tally.failedCalls[call, default: 0] += 1
      do throws(SimFailure) { try checkRestarts(disk, clock, outcome) } catch { throw error.during(call, code, nth) }
    }
  }

  /// Writes and reads that stop short wherever they can; answers how many did.
  package mutating func shorten(seeds: Range<UInt64>) throws(SimFailure) -> Int {
    var shortened = 0
    for seed in seeds {
      var options = SimDisk.Options(seed: seed)
      options.shortWritesPermille = 1_000
      options.shortReadsPermille = 300
      let disk = SimDisk(options), clock = ManualClock()
      let outcome = try script.run(on: disk, clock: clock, allowsDamage: false)
      if let failure = outcome.failure { throw .wrong("a short write ended the node: \(failure)") }
      try checkRestarts(disk, clock, outcome)
      shortened += disk.stoppedShort
    }
    return shortened
  }

  /// The process starts again: on the same page cache, on what is left when that is dropped, and after power cuts.
  private mutating func checkRestarts(
    _ disk: SimDisk, _ clock: ManualClock, _ outcome: Script.Outcome
  ) throws(SimFailure) {
    disk.clearFaults()
    let afterCuts = [disk.afterCrash(.worst), disk.afterCrash(.seeded(script.seed))]
    for found in afterCuts { _ = try check(found, clock, outcome) }
    let left = try check(disk, clock, outcome)
    disk.dropCache()
    _ = try check(disk, clock, left)
  }

  /// Starts on `disk` and compares; answers what is left of `outcome`.
  private mutating func check(
    _ disk: SimDisk, _ clock: ManualClock, _ outcome: Script.Outcome
  ) throws(SimFailure) -> Script.Outcome {
    var random = SeededRandom(seed: script.seed)
    let node = try SimNode(disk: disk, clock: clock, seed: script.seed &+ 7)
    guard node.recovered >= outcome.acknowledged else {
      throw .wrong("\(outcome.acknowledged.value) was acknowledged, \(node.recovered.value) is left")
    }
    var left = outcome
    left.model.crashed(keeping: node.recovered)
    left.acknowledged = node.recovered
    try Comparison.all(node, left.model, &random)
    tally.restarts += 1
    return left
  }
}

extension SimFailure {
  /// The same, with what was broken when it came about.
  func during(_ call: DiskError.Call, _ code: Int32, _ nth: Int) -> SimFailure {
    .wrong("\(call.rawValue) number \(nth) failed with errno \(code): \(self)")
  }
}
