import Broker
import Machine
import Testing
import Units

@Suite struct DiskAlarmTests {
  private func space(_ percentUsed: Int64) -> VolumeSpace {
    VolumeSpace(total: ByteCount(100_000), available: ByteCount(100_000 - percentUsed * 1_000))
  }

  @Test func everyCrossingIsToldOnce() {
    var alarm = DiskAlarm()
    let course: [(used: Int64, told: DiskAlarm.Level?)] = [
      (0, nil), (84, nil), (85, .warning), (86, nil), (84, nil), (83, nil), (85, nil), (94, nil), (95, .critical),
      (99, nil), (94, nil), (93, nil), (92, .warning), (94, nil), (95, .critical), (100, nil),
      (82, DiskAlarm.Level.none), (82, nil), (97, .critical), (84, .warning), (82, DiskAlarm.Level.none),
    ]
    for (step, moment) in course.enumerated() {
      let told = alarm.observe(space(moment.used))
      #expect(told == moment.told, "step \(step), \(moment.used) %")
    }
  }

  @Test func strangeVolumesDoNotTrap() {
    var alarm = DiskAlarm()
    #expect(alarm.observe(VolumeSpace(total: .zero, available: .zero)) == nil)
    #expect(alarm.observe(VolumeSpace(total: ByteCount(10), available: ByteCount(20))) == nil)
    #expect(alarm.observe(VolumeSpace(total: ByteCount(Int64.max), available: .zero)) == .critical)
  }

  @Test func aNoticeSaysWhatToDo() {
    let text = EngineNotice.volumeLevel(.warning, space(86)).description
    #expect(text.contains("86.0 % full, 14000 of 100000 bytes are free"))
    let damage = EngineNotice.damaged(
      topic: "orders", partition: 3, first: Offset(10), last: Offset(19), reason: "why", folder: "/data")
    #expect(damage.description.contains("topic orders, partition 3, offsets 10 to 19: why"))
    #expect(damage.description.contains("`millrace repair /data --accept-loss orders/3:10-19`"))
  }
}
