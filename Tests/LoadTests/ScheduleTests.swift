import Load
import Testing

@Suite struct ScheduleTests {
  private let second: Int64 = 1_000_000_000

  @Test func producersTakeTurnsAtTheRate() {
    let schedules = (0..<4).map {
      Schedule(start: 0, rate: 1_000, seconds: 2, warmingSeconds: 1, number: $0, producers: 4)
    }
    #expect(schedules.map { $0.time(of: 0) } == [0, 1_000_000, 2_000_000, 3_000_000])
    #expect(schedules[1].time(of: 1) == 5_000_000)
    #expect(schedules.allSatisfy { $0.count == 750 && $0.warming == 250 })
  }

  @Test func whatIsDueGrowsWithTimeAndEnds() {
    let schedule = Schedule(start: second, rate: 100, seconds: 1, warmingSeconds: 0, number: 0, producers: 1)
    #expect(schedule.due(by: 0) == 0)
    #expect(schedule.due(by: second) == 1)
    #expect(schedule.due(by: second + 9_999_999) == 1)
    #expect(schedule.due(by: second + 10_000_000) == 2)
    #expect(schedule.due(by: 100 * second) == 100)
  }
}
