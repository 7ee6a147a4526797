import Terminal
import Testing

@Suite struct TimeTextTests {
  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
      (1_795_461_600_123, "2026-11-23T19:20:00.123Z"),
      (951_782_400_000, "2000-02-29T00:00:00.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
    ] as [(Int64, String)])
  func writesAndReadsTheSameTime(time: Int64, text: String) {
    #expect(TimeText.iso(time) == text)
    #expect(TimeText.milliseconds(iso: text) == time)
  }

  @Test(
    arguments: [
      ("2026-11-23", 1_795_392_000_000), ("2026-11-23T19:20", 1_795_461_600_000),
      ("2026-11-23 19:20:05.5Z", 1_795_461_605_500),
      ("2026-11-23T20:20:00+01:00", 1_795_461_600_000), ("2026-11-23T13:50:00-0530", 1_795_461_600_000),
    ] as [(String, Int64)])
  func readsShorterForms(text: String, time: Int64) {
    #expect(TimeText.milliseconds(iso: text) == time)
  }

  @Test(arguments: [
    "", "2026", "2026-13-01", "2026-02-30", "2026-11-23T", "2026-11-23T24:00", "2026-11-23T19:20Zx",
    "2026-11-23T19:20:05.",
    "2026-11-23T19:20+1", "26-11-23",
  ])
  func refusesWhatIsNoTime(text: String) {
    #expect(TimeText.milliseconds(iso: text) == nil)
  }

  @Test func readsDurations() {
    #expect(TimeText.duration("500ms") == 500)
    #expect(TimeText.duration("90s") == 90_000)
    #expect(TimeText.duration("2d") == 172_800_000)
    #expect(TimeText.duration("1") == nil)
    #expect(TimeText.duration("h") == nil)
    #expect(TimeText.duration("9223372036854775807w") == nil)
  }

  @Test func readsStartPoints() {
    func point(_ text: String) -> StartPoint? { StartPoint(text, now: 10_000_000) }
    #expect(point("beginning") == .beginning)
    #expect(point("end") == .end)
    #expect(point("42") == .offset(42))
    #expect(point("-10") == .last(10))
    #expect(point("-1h") == .time(6_400_000))
    #expect(point("10m-ago") == .time(9_400_000))
    #expect(point("-2d") == .time(0))
    #expect(point("@1234") == .time(1234))
    #expect(point("2026-11-23") == .time(1_795_392_000_000))
    #expect(point("+5") == nil)
    #expect(point("yesterday") == nil)
    #expect(point("-9223372036854775808") == nil)
  }
}
