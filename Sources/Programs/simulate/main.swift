import Glibc
import Simulation

// simulate [CRASH_POINTS [FIRST_SEED]]: power cuts on the simulated disk; exit code 1 when a trial fails.
let numbers = CommandLine.arguments.dropFirst().map { UInt64($0) }
guard numbers.count <= 2, numbers.allSatisfy({ $0 != nil }) else {
  print("usage: simulate [CRASH_POINTS [FIRST_SEED]]")
  exit(64)
}
let crashPoints = Int(clamping: numbers.first.flatMap { $0 } ?? 2_000)
let firstSeed = numbers.dropFirst().first.flatMap { $0 } ?? 1
let report = Campaign.run(first: firstSeed, crashPoints: crashPoints)
print(report.tally.summary)
for failure in report.failures {
  print("FAILED seed \(failure.seed): \(failure.reason)\nagain with: simulate \(Campaign.crashPointsPerSeed) \(failure.seed)")
}
exit(report.failures.isEmpty ? 0 : 1)
