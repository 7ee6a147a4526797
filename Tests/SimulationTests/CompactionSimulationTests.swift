import SimMachine
import Simulation
import Testing

@Suite struct CompactionSimulationTests {
  /// Crash points of this test: enough that every kind of step of a compaction is cut many times.
  private static let seeds: [UInt64] = [1013, 1019, 1, 2, 3, 4, 5, 6]

  @Test(arguments: seeds) func keyedRecordsSurviveCutsAtEachStep(_ seed: UInt64) throws {
    var trial = KeyedTrial(seed: seed)
    try trial.run(crashPoints: 30)
    #expect(trial.tally.swaps > 0)
  }
}
