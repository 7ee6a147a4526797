package import Machine

/// Every sweep once, for the program `simulate`.
package enum FaultCampaign {
  /// Calls that the engine makes; others cannot fail.
  package static let calls: [DiskError.Call] = [
    .open, .makeDirectory, .syncDirectory, .rename, .remove, .removeDirectory, .list, .lock, .read, .write, .sync,
    .size,
    .truncate, .reserve,
  ]

  /// Runs all of it under `seed`; answers the tallies.
  package static func run(seed: UInt64) throws(SimFailure) -> String {
    var faults = FaultSweep(seed: seed, operations: 60)
    for call in calls {
      for code in FaultSweep.codes {
        try faults.failWork(call, code: code)
        try faults.failRecovery(call, code: code)
      }
    }
    try faults.shorten(seeds: seed..<seed + 50)
    var lines = [faults.tally.summary]
    for round in 0..<4 {
      var rot = try RotSweep(seed: seed &+ UInt64(round), operations: 150)
      try rot.flipBits(3_000)
      try rot.mixUpFiles()
      try rot.removeIndexes()
      lines.append("seed \(seed &+ UInt64(round)), \(rot.tally.total) damages:\n\(rot.tally.summary)")
    }
    var busy = try RotSweep(seed: seed, operations: 150, idles: false)
    try busy.flipBits(3_000)
    lines.append("seed \(seed), cut before it was idle:\n\(busy.tally.summary)")
    return lines.joined(separator: "\n")
  }
}
