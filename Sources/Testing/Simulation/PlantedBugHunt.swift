#if PLANTED_BUGS
  import Coordination
  package import LogStore

  /// Runs campaigns against planted bugs: each must be found, or the campaigns prove little.
  package enum PlantedBugHunt {
    /// Crash points after which a bug counts as escaped.
    package static let patience = 20_000
    /// Crash points before files at rest are damaged.
    private static let firstLook = 400

    /// What became of one bug.
    package struct Catch: Sendable {
      package var bug: PlantedBug
      /// What found it, or failed to.
      package var hunter: String
      /// What gave it away; nil when it escaped.
      package var reason: String?
    }

    /// Switches `bug` on, runs until it is found, and switches it off.
    package static func hunt(_ bug: PlantedBug, first seed: UInt64 = 1) -> Catch {
      PlantedBug.current = bug
      defer { PlantedBug.current = nil }
      let quick = Campaign.run(first: seed, crashPoints: firstLook)
      if let found = quick.failures.first {
        return Catch(bug: bug, hunter: "crash point \(quick.tally.crashPoints)", reason: found.reason)
      }
      if let found = damageAtRest(seed) { return Catch(bug: bug, hunter: "damage at rest", reason: found) }
      let report = Campaign.run(first: seed, crashPoints: patience)
      return Catch(
        bug: bug, hunter: "crash point \(report.tally.crashPoints)", reason: report.failures.first?.reason)
    }

    private static func damageAtRest(_ seed: UInt64) -> String? {
      do throws(SimFailure) {
        for round in 0..<6 as Range<UInt64> {
          let kind = FaultCampaign.folders[Int(round % 3)]
          var sweep = try RotSweep(kind, seed: seed &+ round, operations: 150)
          try sweep.flipBits(300)
          try sweep.mixUpFiles()
        }
        var astray = MisdirectionSweep(seed: seed)
        try astray.run(50)
      } catch {
        return error.description
      }
      return nil
    }

  }
#endif
