import Faults
import Testing

@Suite struct NemesisTests {
  private func faults(_ seed: UInt64, runMs: Int = 300_000, _ count: Int) -> [Nemesis.Fault] {
    var nemesis = Nemesis(seed: seed, runMs: runMs)
    return (0..<count).map { _ in nemesis.next().fault }
  }

  @Test func aSeedDecides() {
    #expect(faults(1, 50) == faults(1, 50))
    #expect(faults(1, 50) != faults(2, 50))
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>) func aShortRunHasEveryKind(_ seed: UInt64) {
    #expect(Set(faults(seed, runMs: 20_000, 6).map(\.kind)) == Set(Nemesis.Kind.allCases))
  }

  @Test func everyWeatherComes() {
    let weathers = faults(1, 60).compactMap { if case .weather(let kind) = $0 { kind } else { nil } }
    #expect(Set(weathers) == Set(Weather.Kind.allCases))
  }

  @Test func noPauseTakesTooMuchOfARun() {
    func pauses(_ runMs: Int) -> [Int] {
      faults(1, runMs: runMs, 500).compactMap { if case .pause(let ms) = $0 { ms } else { nil } }
    }
    #expect(pauses(20_000).allSatisfy { (1_000...2_000).contains($0) })
    #expect(pauses(3_600_000).allSatisfy { (1_000...20_000).contains($0) })
    #expect(pauses(3_600_000).contains { $0 > 15_000 })
  }
}
