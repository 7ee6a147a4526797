import Load
import Testing

@Suite struct LatenciesTests {
  @Test func percentilesAreWithinABucketOfTheTruth() {
    var latencies = Latencies()
    for value in 1...10_000 { latencies.add(nanoseconds: Int64(value) * 1_000) }
    for (share, truth) in [(0.5, 5.0), (0.99, 9.9), (0.999, 9.99)] {
      let told = latencies.milliseconds(below: share)
      #expect(told >= truth * 0.999 && told <= truth * 1.13, "\(share): \(told)")
    }
    #expect(latencies.largestMilliseconds == 10)
    #expect(latencies.count == 10_000)
  }

  @Test func aSingleSlowOneShowsInTheTailAlone() {
    var (fast, slow) = (Latencies(), Latencies())
    for _ in 0..<999 { fast.add(nanoseconds: 1_000_000) }
    slow.add(nanoseconds: 1_000_000_000)
    fast.add(slow)
    #expect(fast.milliseconds(below: 0.99) < 1.13)
    #expect(fast.milliseconds(below: 1) >= 1_000)
    #expect(fast.largestMilliseconds == 1_000)
  }

  @Test func timesThatAreNoneCountAsTheShortest() {
    var latencies = Latencies()
    latencies.add(nanoseconds: -5)
    latencies.add(nanoseconds: 0)
    #expect(latencies.count == 2)
    #expect(latencies.milliseconds(below: 1) < 0.000_01)
  }
}
