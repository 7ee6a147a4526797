import Glibc
import Limits
import Testing

@Suite struct BoundTests {
  @Test func aBrokenBoundFailsTheRunAndKeepsItsFolder() throws {
    let good = try LimitRun([:])
    good.bound("much", 1, atMost: 1)
    good.bound("enough", 2, atLeast: 2)
    #expect(good.finish())
    #expect(access(good.folder, F_OK) != 0)
    for breaks in [{ $0.bound("much", 1.01, atMost: 1) }, { $0.bound("enough", 1.99, atLeast: 2) }]
      as [(LimitRun) -> Void]
    {
      let bad = try LimitRun([:])
      breaks(bad)
      #expect(!bad.finish())
      #expect(rmdir(bad.folder) == 0)
    }
  }

  @Test func aValueThatIsNoNumberHoldsNoBound() throws {
    let run = try LimitRun([:])
    run.bound("nothing measured", .nan, atMost: 1)
    #expect(!run.finish())
    #expect(rmdir(run.folder) == 0)
  }

  @Test func optionsAreChosenByName() throws {
    let scenario = try #require(Scenario.all.first { $0.name == "memory" })
    let chosen = try #require(scenario.options(["SECONDS=3", "CAGE=0"]))
    #expect(chosen["SECONDS"] == 3 && chosen["CAGE"] == 0 && chosen["MEBIBYTES"] == 256)
    for words in [["SECONDS"], ["SECONDS=x"], ["SECONDS=-1"], ["UNKNOWN=1"]] {
      #expect(scenario.options(words[...]) == nil, "\(words)")
    }
    for scenario in Scenario.all { #expect(Scenario.usage.contains("  \(scenario.name)\n")) }
  }

  @Test func numbersShowTheDigitsThatMatter() {
    let shown = [12_345.6, 123.44, 1.239, 0.004, -0.001, -2.5, .infinity].map(Number.text)
    #expect(shown == ["12346", "123.4", "1.24", "0.00", "0.00", "-2.50", "-"])
  }
}
