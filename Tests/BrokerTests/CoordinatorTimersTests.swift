import Broker
import Coordination
import Testing
import Units

/// Timers and marks, as plain values.
struct CoordinatorTimersTests {
  private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }
  private func session(_ member: Int) -> CoordinatorTimer { .session(group: "g", member: "\(member)") }

  @Test func aTimerThatIsMovedFiresOnceAtItsLastMoment() {
    var timers = CoordinatorTimers()
    timers.arm(session(1), at: at(10))
    timers.arm(session(1), at: at(30))
    timers.arm(session(2), at: at(20))
    #expect(timers.takeDue(at: at(15)) == nil)
    #expect(timers.takeDue(at: at(25)) == session(2))
    timers.arm(session(1), at: at(27))
    #expect(timers.takeDue(at: at(26)) == nil)
    #expect(timers.takeDue(at: at(40)) == session(1))
    #expect(timers.takeDue(at: at(1_000)) == nil)
    #expect(timers.count == 0)
  }

  @Test func whatIsCancelledNeverFires() {
    var timers = CoordinatorTimers()
    for member in 0..<5_000 { timers.arm(session(member), at: at(Int64(member))) }
    for member in 0..<5_000 where member != 4_999 { timers.cancel(session(member)) }
    #expect(timers.count == 1)
    #expect(timers.takeDue(at: at(10_000)) == session(4_999))
    #expect(timers.next == nil)
  }

  @Test func marksAreForgottenOnceDurable() {
    var marks = CoordinatorMarks()
    let (a, b) = (CoordinatorMark.offsets(group: "a"), CoordinatorMark.membership(group: "a"))
    marks.changed(a, at: JournalSequence(5))
    marks.changed(b, at: JournalSequence(6))
    marks.changed(a, at: JournalSequence(8))
    #expect(marks.lastChange(of: [a]) == JournalSequence(8))
    #expect(marks.lastChange(of: [b, .groups]) == JournalSequence(6))
    marks.durableAdvanced(to: JournalSequence(7))
    #expect(marks.lastChange(of: [a, b]) == JournalSequence(8))
    #expect(marks.count == 1)
    marks.durableAdvanced(to: JournalSequence(8))
    #expect(marks.count == 0)
  }
}
