#if PLANTED_BUGS
  package import LogStore
  import Machine

  /// Runs campaigns against planted bugs: each must be found, or the campaigns prove little.
  package enum PlantedBugHunt {
    /// Crash points after which a bug counts as escaped.
    package static let patience = 20_000

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
      var damaged = 0
      do throws(SimFailure) {
        for round in 0..<4 {
          var sweep = try RotSweep(seed: seed &+ UInt64(round), operations: 150)
          defer { damaged += sweep.tally.total }
          try sweep.flipBits(300)
          try sweep.mixUpFiles()
        }
      } catch {
        return Catch(bug: bug, hunter: "damage at rest", reason: error.description)
      }
      let report = Campaign.run(first: seed, crashPoints: patience)
      return Catch(
        bug: bug, hunter: "crash point \(report.tally.crashPoints)", reason: report.failures.first?.reason)
    }
  }
#endif
