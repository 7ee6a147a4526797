import Glibc
import Machine
import Reactor
import Simulation

let usage = """
  simulate [CRASH_POINTS [FIRST_SEED]]     power cuts on the simulated disk, up to the first failure
  simulate --seeds FIRST..LAST [--ledger FILE] [--commit NAME] [--tree HASH] [--machine NAME]
                                           all of these seeds, on all processors; the ledger remembers what is done
  simulate --faults [SEED]                 every call failed in turn, disks filled, writes gone astray, files mixed up
  simulate --flips COUNT [FIRST_SEED]      single bits flipped at rest
  simulate --planted [BUG ...]             all of it against bugs planted on purpose
  The exit code is 1 when something failed.
  """

func refuse() -> Never {
  print(usage)
  exit(64)
}

/// A count of crash points from a seed on, as far as the first failure.
func runPoints(_ words: [String]) -> Bool {
  let numbers = words.compactMap { UInt64($0) }
  guard numbers.count == words.count, words.count <= 2 else { refuse() }
  let report = Campaign.run(
    first: numbers.dropFirst().first ?? 1, crashPoints: Int(clamping: numbers.first ?? 2_000))
  print(report.tally.summary)
  for failure in report.failures { print(failure.text) }
  return report.failures.isEmpty
}

func runSeeds(_ words: [String]) throws(SystemError) -> Bool {
  guard let text = words.first, let seeds = SeedRange.parse(text), words.count % 2 == 1 else { refuse() }
  var run = CampaignRun(seeds: seeds, origin: .init(commit: "unknown", tree: "unknown", machine: "unknown"))
  for index in stride(from: 1, to: words.count, by: 2) {
    switch words[index] {
    case "--ledger": run.ledgerPath = words[index + 1]
    case "--commit": run.origin.commit = words[index + 1]
    case "--tree": run.origin.tree = words[index + 1]
    case "--machine": run.origin.machine = words[index + 1]
    default: refuse()
    }
  }
  return try run.run()
}

func runSweep(_ words: [String]) throws(SystemError) -> Bool {
  let numbers = words.dropFirst().compactMap { UInt64($0) }
  guard numbers.count == words.count - 1 else { refuse() }
  switch (words.first, numbers.count) {
  case ("--faults", ...1): return try Sweeps.faults(seed: numbers.first ?? 1)
  case ("--flips", 1...2): return try Sweeps.flips(Int(clamping: numbers[0]), first: numbers.dropFirst().first ?? 1)
  default: refuse()
  }
}

let words = Array(CommandLine.arguments.dropFirst())
do throws(SystemError) {
  let isWell =
    switch words.first {
    case "--seeds": try runSeeds(Array(words.dropFirst()))
    case "--faults", "--flips": try runSweep(words)
    case "--planted": Planted.run(Array(words.dropFirst()))
    default: runPoints(words)
    }
  exit(isWell ? 0 : 1)
} catch {
  print(error)
  exit(1)
}
