import Reactor
import Testing
import Units

@Suite struct TimerQueueTests {
  private func at(_ nanoseconds: Int64) -> Instant { Instant(nanoseconds: nanoseconds) }

  /// Fires all that is due and answers what it noted.
  private func fire(_ queue: inout TimerQueue, upTo now: Int64, _ fired: Tally) -> [Int] {
    while let work = queue.takeDue(at(now)) { work() }
    defer { fired.numbers = [] }
    return fired.numbers
  }

  private final class Tally { var numbers: [Int] = [] }

  @Test func firesByDeadlineAndThenByAge() {
    var queue = TimerQueue()
    let tally = Tally()
    for (number, deadline) in [(1, 30), (2, 10), (3, 20), (4, 10), (5, 40)] as [(Int, Int64)] {
      _ = queue.schedule(at: at(deadline)) { tally.numbers.append(number) }
    }
    #expect([queue.nextDeadline()] == [at(10)])
    #expect([fire(&queue, upTo: 9, tally)] == [[]])
    #expect([fire(&queue, upTo: 30, tally)] == [[2, 4, 3, 1]])
    #expect([queue.nextDeadline()] == [at(40)])
    #expect(queue.count == 1)
  }

  @Test func cancelledTimersNeverFireAndTheirNamesStayDead() {
    var queue = TimerQueue()
    let tally = Tally()
    let first = queue.schedule(at: at(1)) { tally.numbers.append(1) }
    let second = queue.schedule(at: at(2)) { tally.numbers.append(2) }
    #expect([queue.cancel(first), queue.cancel(first)] == [true, false])
    let third = queue.schedule(at: at(3)) { tally.numbers.append(3) }  // takes the place of the first
    #expect([queue.cancel(first)] == [false])
    #expect([queue.nextDeadline()] == [at(2)])
    #expect([fire(&queue, upTo: 10, tally)] == [[2, 3]])
    #expect([queue.cancel(second), queue.cancel(third)] == [false, false])
    #expect([queue.nextDeadline()] == [nil])
  }

  @Test func tenThousandTimersAgreeWithASortedModel() {
    var queue = TimerQueue()
    let tally = Tally()
    var model: [(deadline: Int64, number: Int, id: TimerID)] = []
    var random: UInt64 = 88_172_645_463_325_252
    func next(_ bound: UInt64) -> UInt64 {
      random ^= random << 13
      random ^= random >> 7
      random ^= random << 17
      return random % bound
    }
    for number in 0..<10_000 {
      let deadline = Int64(next(5_000))
      let id = queue.schedule(at: at(deadline)) { tally.numbers.append(number) }
      model.append((deadline, number, id))
    }
    // Most are moved, as idle limits are: the heap must not grow with them.
    for index in model.indices where next(10) < 9 {
      let deadline = Int64(next(5_000))
      let wasAlive = queue.cancel(model[index].id)
      #expect(wasAlive)
      let number = 10_000 + index
      model[index] = (deadline, number, queue.schedule(at: at(deadline)) { tally.numbers.append(number) })
    }
    #expect(queue.count == 10_000)
    #expect(queue.heldEntries <= 20_001)
    let inOrder = model.sorted { ($0.deadline, $0.number) < ($1.deadline, $1.number) }.map(\.number)
    #expect([fire(&queue, upTo: 5_000, tally)] == [inOrder])
    #expect(queue.count == 0)
    #expect(queue.heldEntries == 0)
  }
}
