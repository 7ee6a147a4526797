import Simulation
import Testing

/// Groups and transactions under power cuts: what they are after a start is what they were.
@Suite struct CoordinatorTrialTests {
  @Test func theStateAfterACutIsThatOfTheLastUnit() throws {
    var tally = CoordinatorTrial.Tally()
    for seed in 1...60 as ClosedRange<UInt64> {
      var trial = CoordinatorTrial(seed: seed)
      do { try trial.run(crashPoints: 25) } catch { Issue.record("seed \(seed): \(error)") }
      tally += trial.tally
    }
    print(tally)
    #expect(tally.crashPoints == 60 * 25)
    #expect(tally.compared > tally.crashPoints * 8 / 10)
    #expect(tally.endedTransactions > 1_000 && tally.committedOffsets > 1_000)
    #expect(tally.lateRequests > 1_000 && tally.fencedRequests > 1_000)
  }

  @Test(arguments: [3, 4] as [UInt64]) func aLifeMayBeCutInEveryStep(_ seed: UInt64) throws {
    let tally = try CoordinatorTrial.cutEverywhere(seed: seed, operations: 150)
    print(tally)
    #expect(tally.crashPoints > 200 && tally.compared > tally.crashPoints / 2)
  }
}
