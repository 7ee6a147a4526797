import Simulation
import Testing

/// Groups and transactions under power cuts: what they are after a start is what they were.
@Suite struct CoordinatorTrialTests {
  @Test func theStateAfterACutIsThatOfTheLastUnit() throws {
    let report = Campaign.run(first: 1, crashPoints: 1_500, only: .coordinators)
    for failure in report.failures { Issue.record("\(failure.text)") }
    let tally = report.tally.coordinators
    print(report.tally.summary)
    #expect(report.tally.crashPoints == 1_500)
    #expect(tally.compared > report.tally.crashPoints * 8 / 10)
    #expect(tally.endedTransactions > 800 && tally.committedOffsets > 1_000)
    #expect(tally.lateRequests > 1_000 && tally.fencedRequests > 1_000)
  }

  @Test(arguments: [3, 4] as [UInt64]) func aLifeMayBeCutInEveryStep(_ seed: UInt64) throws {
    let tally = try CoordinatorTrial.cutEverywhere(seed: seed, operations: 150)
    print(tally.summary)
    #expect(tally.crashPoints > 200 && tally.coordinators.compared > tally.crashPoints / 2)
  }
}
