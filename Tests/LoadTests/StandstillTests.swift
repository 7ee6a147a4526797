import Load
import Testing

@Suite struct StandstillTests {
  @Test func onlyTimeWithoutAnyReaderCounts() {
    let standstill = Standstill(partitions: 2)
    standstill.took([0, 1], at: 10)
    #expect(standstill.isComplete)
    standstill.beginCounting()
    standstill.gaveUp([0], at: 100)
    #expect(!standstill.isComplete)
    standstill.took([0], at: 150)
    standstill.took([1], at: 160)  // a second reader comes before the first one goes
    standstill.gaveUp([1], at: 170)
    #expect(standstill.isComplete)
    #expect(standstill.average == 25)
    #expect(standstill.longest == 50)
  }

  @Test func nothingCountsBeforeTheStart() {
    let standstill = Standstill(partitions: 1)
    standstill.took([0], at: 10)
    standstill.gaveUp([0], at: 20)
    standstill.took([0], at: 1_000)
    #expect(standstill.average == 0)
  }
}
