import Metrics
import Testing

@Suite struct HistogramTests {
  @Test func aBoundBelongsToItsPlace() {
    var histogram = Histogram(first: 10, bounds: 3)
    #expect(histogram.bounds == [10, 20, 40])
    for value: UInt64 in [0, 10, 11, 20, 21, 40, 41, .max] { histogram.observe(value) }
    #expect(histogram.counts == [2, 2, 2, 2])
    #expect(histogram.count == 8)
  }

  @Test func aNegativeDurationCountsAsNone() {
    var histogram = Histogram.latency
    histogram.observe(nanoseconds: -5)
    #expect(histogram.sum == 0)
    #expect(histogram.counts.first == 1)
  }

  @Test func textHasCumulativeBuckets() {
    var histogram = Histogram(first: 1_000_000_000, bounds: 2)
    histogram.observe(500_000_000)
    histogram.observe(1_500_000_000)
    histogram.observe(9_000_000_000)
    var text = MetricsText()
    text.family("a_seconds", .histogram, "Some time.")
    text.histogram("a_seconds", [("api", "x\"y\\z")], histogram, .nanoseconds)
    #expect(
      text.text == """
        # HELP a_seconds Some time.
        # TYPE a_seconds histogram
        a_seconds_bucket{api="x\\"y\\\\z",le="1.0"} 1
        a_seconds_bucket{api="x\\"y\\\\z",le="2.0"} 2
        a_seconds_bucket{api="x\\"y\\\\z",le="+Inf"} 3
        a_seconds_sum{api="x\\"y\\\\z"} 11.0
        a_seconds_count{api="x\\"y\\\\z"} 3

        """)
  }

  @Test func aLabelCannotEndItself() {
    var text = MetricsText()
    text.sample("a", [("group", "x\r\ny\"\u{301}z\\\u{301}")], 1)
    #expect(text.text.unicodeScalars.elementsEqual("a{group=\"x\r\\ny\\\"\u{301}z\\\\\u{301}\"} 1\n".unicodeScalars))
  }
}
