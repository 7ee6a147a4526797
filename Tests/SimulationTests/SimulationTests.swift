import Machine
import Simulation
import Testing

/// In two halves, so that two cores are busy and no more. Each has seeds of all kinds.
@Suite struct CampaignTests {
  @Test(arguments: [1, 100_000] as [UInt64]) func tenThousandCutsLoseNothing(_ first: UInt64) {
    let report = Campaign.run(first: first, crashPoints: 10_000)
    let tally = report.tally
    print("seeds from \(first): \(tally.summary)")
    for failure in report.failures { Issue.record("\(failure.text)") }
    #expect(tally.crashPoints >= 10_000 && tally.sites.count >= 25)
    #expect(tally.ghosts > 250 && tally.replays > 250 && tally.recoveryCuts > 800)
    #expect(tally.retained > 100 && tally.clockJumps > 500 && tally.swaps > 1_000 && tally.suffixesLost > 100)
    #expect(tally.coordinators.compared > 2_000 && tally.coordinators.endedTransactions > 1_000)
  }

  @Test(arguments: TrialKind.allCases) func aSeedGivesTheSameTwice(_ kind: TrialKind) {
    let first = Campaign.run(first: 77, crashPoints: 80, only: kind).tally
    let second = Campaign.run(first: 77, crashPoints: 80, only: kind).tally
    #expect(first.sites == second.sites)
    #expect(first.operations == second.operations && first.recoveryCuts == second.recoveryCuts)
    #expect(first.summary == second.summary)
  }
}

@Suite(.serialized) struct SweepTests {
  @Test(arguments: FaultCampaign.calls) func everyCallMayFailAtAnyTime(_ call: DiskError.Call) throws {
    var sweep = FaultSweep(seed: 5, operations: 60)
    for code in FaultSweep.codes {
      try sweep.failWork(call, code: code)
      try sweep.failRecovery(call, code: code)
    }
    print(sweep.tally.summary)
    #expect((sweep.tally.failedCalls[call] ?? 0) >= FaultSweep.codes.count, "the script never comes to it")
  }

  @Test func writesAndReadsMayStopShortAnywhere() throws {
    var sweep = FaultSweep(seed: 6, operations: 60)
    let shortened = try sweep.shorten(seeds: 0..<60)
    #expect(shortened > 1_000)
  }

  @Test(arguments: FaultCampaign.folders) func damageAtRestIsSeenOrHarmless(_ kind: TrialKind) throws {
    for seed in 11...12 as ClosedRange<UInt64> {
      var sweep = try RotSweep(kind, seed: seed, operations: 150)
      try sweep.flipBits(1_000)
      try sweep.mixUpFiles()
      try sweep.removeIndexes()
      print("\(kind), seed \(seed)\n\(sweep.tally.summary)")
      #expect(sweep.tally.unwitnessed.isEmpty)
      #expect(sweep.tally.refused.count > 1 && sweep.tally.reported.count > 1)
    }
  }

  @Test func writesGoneAstrayAreNoticedOrHarmless() throws {
    var sweep = MisdirectionSweep(seed: 3)
    try sweep.run(200)
    print(sweep.tally.summary)
    #expect(sweep.tally.reported.values.reduce(0, +) > 10)
  }

  @Test func aFullDiskStopsNewWorkAndNothingElse() throws {
    var sweep = FullDiskSweep(seed: 4)
    try sweep.run(pages: stride(from: 10, to: 400, by: 6))
    print(sweep.tally.summary)
    #expect(sweep.tally.stopped == 0 && sweep.tally.filled > 3 && sweep.tally.refusedBatches > 20)
  }

  @Test(arguments: [21, 22, 24] as [UInt64]) func theScrubFindsWhatRotted(_ seed: UInt64) throws {
    var sweep = try ScrubSweep(seed: seed, operations: 400)
    let found = try sweep.scrub(200)
    print("seed \(seed): the scrub found \(found) of 200")
    #expect(found >= 100)
  }

  @Test func withoutAWitnessOnlyTheJournalsEndIsInDoubt() throws {
    var sweep = try RotSweep(seed: 14, operations: 150, idles: false)
    try sweep.flipBits(2_000)
    print("not idle before the cut, \(sweep.tally.total) damages\n\(sweep.tally.summary)")
    #expect(sweep.tally.unwitnessed.keys.allSatisfy { $0.fileClass == "journal" })
  }
}
