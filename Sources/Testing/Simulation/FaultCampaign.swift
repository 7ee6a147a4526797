package import Machine

/// Every sweep once, for the program `simulate`.
package enum FaultCampaign {
  /// Calls that the engine makes; others cannot fail.
  package static let calls: [DiskError.Call] = [
    .open, .makeDirectory, .syncDirectory, .rename, .remove, .removeDirectory, .list, .lock, .read, .write, .sync,
    .size,
    .truncate, .reserve,
  ]

  /// Kinds of folders that are damaged.
  package static let folders: [TrialKind] = [.log, .keyed, .coordinators]

  /// The parts of it, by name, each giving its lines under `seed`.
  package static let parts: [(name: String, run: @Sendable (_ seed: UInt64) throws(SimFailure) -> String)] = [
    ("calls that fail", failCalls),
    ("writes and reads that stop short", shorten),
    ("full disks", fillDisks),
    ("writes gone astray", misdirect),
    ("files cut, lost, exchanged and doubled", mixUp),
  ]

  private static func failCalls(_ seed: UInt64) throws(SimFailure) -> String {
    var faults = FaultSweep(seed: seed, operations: 60)
    for call in calls {
      for code in FaultSweep.codes {
        try faults.failWork(call, code: code)
        try faults.failRecovery(call, code: code)
      }
    }
    return faults.tally.summary
  }

  private static func shorten(_ seed: UInt64) throws(SimFailure) -> String {
    var faults = FaultSweep(seed: seed, operations: 60)
    let shortened = try faults.shorten(seeds: seed..<seed + 50)
    return "\(shortened) calls stopped short in 50 lives, nothing lost"
  }

  private static func fillDisks(_ seed: UInt64) throws(SimFailure) -> String {
    var sweep = FullDiskSweep(seed: seed)
    try sweep.run(pages: 10..<400)
    return sweep.tally.summary
  }

  private static func misdirect(_ seed: UInt64) throws(SimFailure) -> String {
    var sweep = MisdirectionSweep(seed: seed)
    try sweep.run(1_000)
    return sweep.tally.summary
  }

  private static func mixUp(_ seed: UInt64) throws(SimFailure) -> String {
    var tally = RotSweep.Tally()
    for kind in folders {
      for round in 0..<2 as Range<UInt64> {
        var rot = try RotSweep(kind, seed: seed &+ round, operations: 150)
        try rot.mixUpFiles()
        try rot.removeIndexes()
        tally += rot.tally
      }
    }
    return tally.summary
  }
}

/// Single bits flipped at rest, in many folders.
package enum FlipCampaign {
  /// Flips in one folder.
  package static let flipsInFolder = 250

  /// Flips `count` bits in a folder that `seed` decides: its kind, and, for one in eight, that the power went before the
  /// node had been idle, so that the last frames have no witness.
  package static func run(seed: UInt64, count: Int = flipsInFolder) throws(SimFailure) -> RotSweep.Tally {
    let kind = FaultCampaign.folders[Int(seed % UInt64(FaultCampaign.folders.count))]
    var sweep = try RotSweep(kind, seed: seed, operations: 150, idles: seed % 8 != 7)
    try sweep.flipBits(count)
    return sweep.tally
  }
}
