import Glibc
import Simulation

#if PLANTED_BUGS
  import LogStore
#endif

// simulate [CRASH_POINTS [FIRST_SEED]]: power cuts on the simulated disk; exit code 1 when a trial fails.
// simulate --faults: every call failed in turn, bits flipped, files cut, lost and exchanged.
// simulate --planted [BUG ...]: the same against bugs planted on purpose; exit code 1 when one escapes.
let arguments = CommandLine.arguments.dropFirst()
if arguments.first == "--planted" {
  #if PLANTED_BUGS
    let names = arguments.dropFirst()
    let bugs = names.isEmpty ? PlantedBug.allCases : names.compactMap { PlantedBug(rawValue: $0) }
    guard names.isEmpty || bugs.count == names.count else {
      print("bugs: \(PlantedBug.allCases.map(\.rawValue).joined(separator: " "))")
      exit(64)
    }
    var escaped = 0
    for bug in bugs {
      let result = PlantedBugHunt.hunt(bug)
      if result.reason == nil { escaped += 1 }
      let name = bug.rawValue + String(repeating: " ", count: max(1, 26 - bug.rawValue.count))
      let verdict = result.reason.map { "caught by \(result.hunter): \($0)" }
      print(name + (verdict ?? "ESCAPED up to \(result.hunter)"))
    }
    print("\(bugs.count - escaped) of \(bugs.count) planted bugs caught")
    exit(escaped == 0 ? 0 : 1)
  #else
    print("this build holds no planted bugs; make one with: swift build -c release --traits PlantedBugs")
    exit(64)
  #endif
}
if arguments == ["--faults"] {
  do throws(SimFailure) {
    print(try FaultCampaign.run(seed: 1))
    exit(0)
  } catch {
    print("FAILED: \(error)")
    exit(1)
  }
}
let numbers = arguments.map { UInt64($0) }
guard numbers.count <= 2, numbers.allSatisfy({ $0 != nil }) else {
  print("usage: simulate [CRASH_POINTS [FIRST_SEED]] | --faults | --planted [BUG ...]")
  exit(64)
}
let crashPoints = Int(clamping: numbers.first.flatMap { $0 } ?? 2_000)
let firstSeed = numbers.dropFirst().first.flatMap { $0 } ?? 1
let report = Campaign.run(first: firstSeed, crashPoints: crashPoints)
print(report.tally.summary)
for failure in report.failures {
  print(
    "FAILED seed \(failure.seed): \(failure.reason)\nagain with: simulate \(Campaign.crashPointsPerSeed) \(failure.seed)"
  )
}
exit(report.failures.isEmpty ? 0 : 1)
