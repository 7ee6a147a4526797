import Machine
import Testing
import Units

@Suite struct SystemTests {
  @Test func theClockGoesOnAndKnowsTheYear() {
    let clock = SystemClock()
    let first = clock.now()
    #expect(first <= clock.now())
    #expect(clock.wallClock() > Timestamp(milliseconds: 1_700_000_000_000))
  }

  @Test func entropyDoesNotRepeat() async {
    let entropy = SystemEntropy()
    let words = await withTaskGroup(of: [UInt64].self) { group in
      for _ in 0..<4 { group.addTask { (0..<500).map { _ in entropy.next() } } }
      return await group.reduce(into: []) { $0 += $1 }
    }
    #expect(Set(words).count == 2000)
  }

  @Test func lockedValuesAreChangedAlone() async {
    let total = Locked(0)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 { group.addTask { for _ in 0..<1000 { total.withLock { $0 += 1 } } } }
    }
    #expect(total.withLock { $0 } == 4000)
  }
}
