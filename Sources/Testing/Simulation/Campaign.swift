import Machine
import SimMachine

/// Many trials with seeds one after the other, and the report over them.
package enum Campaign {
  /// Crash points of one seed: enough for state to gather over several lives.
  package static let crashPointsPerSeed = 40

  /// What a campaign found.
  package struct Report: Sendable {
    package var tally = Trial.Tally()
    package var failures: [(seed: UInt64, reason: String)] = []
  }

  /// Runs seeds `first` and up until `crashPoints` are reached; stops early at the first failure unless told to go on.
  package static func run(first: UInt64, crashPoints: Int, stopsAtFailure: Bool = true) -> Report {
    var report = Report()
    var seed = first
    while report.tally.crashPoints < crashPoints {
      var trial = Trial(seed: seed)
      do throws(SimFailure) {
        try trial.run(crashPoints: min(crashPointsPerSeed, crashPoints - report.tally.crashPoints))
      } catch {
        report.failures.append((seed, error.description))
        report.tally.crashPoints += 1
      }
      report.tally.add(trial.tally)
      if stopsAtFailure, !report.failures.isEmpty { break }
      seed += 1
    }
    return report
  }
}

extension Trial.Tally {
  mutating func add(_ other: Trial.Tally) {
    crashPoints += other.crashPoints
    operations += other.operations
    recoveryCuts += other.recoveryCuts
    replays += other.replays
    ghosts += other.ghosts
    orphans += other.orphans
    simulatedMs += other.simulatedMs
    sites.merge(other.sites, uniquingKeysWith: +)
  }

  /// The lines a person reads after a campaign.
  package var summary: String {
    let hours = Double(simulatedMs) / 3_600_000
    let named = sites.map { (count: $0.value, name: "\($0.key.call.rawValue) \($0.key.fileClass)") }
    let places = named.sorted { ($1.count, $0.name) < ($0.count, $1.name) }.map { "  \($0.name): \($0.count)" }
    return """
      \(crashPoints) crash points, \(recoveryCuts) cuts during recovery, \(operations) operations, \
      \(replays) replays compared, \(ghosts) worst cuts tried in passing, \(orphans) orphans moved, \
      \(hours.rounded()) simulated hours
      cut at:
      \(places.joined(separator: "\n"))
      """
  }
}
