/// Many trials with seeds one after the other, and the report over them.
package enum Campaign {
  /// Crash points of one seed: enough for state to gather over several lives.
  package static let crashPointsPerSeed = 40

  /// A seed whose trial failed.
  package struct Failure: Sendable {
    package var seed: UInt64
    package var reason: String

    package init(seed: UInt64, reason: String) {
      self.seed = seed
      self.reason = reason
    }

    /// What went wrong, and in a line of its own how to see it again.
    package var text: String {
      "FAILED seed \(seed) (\(TrialKind.of(seed).rawValue)): \(reason)\nagain with: make simulate SEEDS=\(seed)..\(seed)"
    }
  }

  /// What a campaign found.
  package struct Report: Sendable {
    package var tally = TrialTally()
    package var failures: [Failure] = []

    package init() {}

    package static func += (sum: inout Report, more: Report) {
      sum.tally += more.tally
      sum.failures += more.failures
    }
  }

  /// Runs seeds `first` and up until `crashPoints` are reached; stops early at the first failure. With `kind`, the seeds
  /// of that kind only.
  package static func run(first: UInt64, crashPoints: Int, only kind: TrialKind? = nil) -> Report {
    var report = Report()
    var seed = first
    while report.tally.crashPoints < crashPoints, report.failures.isEmpty {
      defer { seed += 1 }
      if let kind, TrialKind.of(seed) != kind { continue }
      run(seed: seed, crashPoints: min(crashPointsPerSeed, crashPoints - report.tally.crashPoints), &report)
    }
    return report
  }

  /// Runs all `seeds`, whatever fails.
  package static func run(seeds: ClosedRange<UInt64>) -> Report {
    var report = Report()
    for seed in seeds { run(seed: seed, crashPoints: crashPointsPerSeed, &report) }
    return report
  }

  private static func run(seed: UInt64, crashPoints: Int, _ report: inout Report) {
    var trial = TrialKind.of(seed).trial(seed)
    do throws(SimFailure) {
      try trial.run(crashPoints: crashPoints)
      report.tally += trial.tally
    } catch {
      report.failures.append(Failure(seed: seed, reason: error.description))
      report.tally += trial.tally
      report.tally.crashPoints += 1
    }
  }
}
