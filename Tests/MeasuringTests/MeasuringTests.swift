import Glibc
import Measuring
import Testing

@Suite struct MeasuringTests {
  @Test func aProcessIsReadFromItsFiles() throws {
    let status = "Name:\ta (b) c\nVmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\nThreads:\t8\n"
    let facts = try #require(ProcessFacts(status: status, descriptors: 5, times: (1, 2)))
    #expect(facts.resident == 1 << 20 && facts.peak == 2 << 20 && facts.threads == 8 && facts.processor == 3)
    #expect(ProcessFacts(status: "Name:\tzombie\n", descriptors: 0, times: (0, 0)) == nil)
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    let times = try #require(
      ProcessFacts.processorSeconds(stat: "1 (a) b (c) S 1 1 1 0 -1 0 0 0 0 0 300 100 0 0 20 0 8 0"))
    #expect(times.user == 300 / ticks && times.system == 100 / ticks)
    #expect(ProcessFacts.processorSeconds(stat: "1 no brackets") == nil)
  }

  @Test func thisProcessHasFacts() throws {
    let facts = try #require(ProcessFacts(of: getpid()))
    #expect(facts.resident > 0 && facts.peak >= facts.resident && facts.threads > 0 && facts.descriptors > 0)
    #expect(ProcessFacts(of: -1) == nil)
  }

  @Test func driftIsTheSlopeOfTheFigures() {
    #expect(Slope.perStep(of: [1, 3, 5, 7]) == 2)
    #expect(Slope.perStep(of: [4, 4, 4]) == 0)
    #expect(Slope.perStep(of: [4]) == 0)
  }

  @Test func aProgramThatIsNoServerIsTold() {
    #expect(throws: MeasuringFailure.self) {
      try ServerProcess("/bin/true", data: "/dev/null", log: "/dev/null", patience: 10)
    }
    #expect(throws: MeasuringFailure.self) {
      try ServerProcess("/nowhere/millrace", data: "/dev/null", log: "/dev/null", patience: 10)
    }
  }
}
