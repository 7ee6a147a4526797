import SimMachine
import Simulation
import Testing

@Suite struct CompactionSimulationTests {
  /// Crash points of this test: enough that every kind of step of a compaction is cut many times.
  private static let seeds: [UInt64] = [1013, 1019, 1025, 1045, 1058, 1074] + Array(1...6)

  @Test(arguments: seeds) func keyedRecordsSurviveCutsAtEachStep(_ seed: UInt64) throws {
    var trial = KeyedTrial(seed: seed)
    try trial.run(crashPoints: 40)
    #expect(trial.swaps > 0)
  }
}
