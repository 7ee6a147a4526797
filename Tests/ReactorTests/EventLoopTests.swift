import Reactor
import Testing
import Units

@Suite struct EventLoopTests {
  private func withLoop(
    clock: HandClock = HandClock(), bound: Int = 100_000, _ body: (EventLoop, HandClock) throws -> Void
  ) throws {
    let loop = try EventLoop(name: "test-loop", clock: clock, mailboxBound: bound)
    try loop.start()
    defer {
      loop.stop()
      loop.join()
    }
    try body(loop, clock)
  }

  @Test func workOfEveryThreadRunsInItsOrder() throws {
    try withLoop { loop, _ in
      let seen = Notes<(Int, Int)>()
      let refused = Notes<Int>()
      let threads = try (0..<4).map { thread in
        try NamedThread(name: "poster") {
          for number in 0..<5_000 where !loop.post({ seen.put((thread, number)) }) { refused.put(number) }
        }
      }
      for thread in threads { thread.join() }
      var next = [0, 0, 0, 0]
      for _ in 0..<20_000 {
        let (thread, number) = try seen.take()
        #expect(number == next[thread])
        next[thread] += 1
      }
      #expect(refused.isEmpty)
    }
  }

  @Test func aFullMailboxRefuses() throws {
    try withLoop(bound: 3) { loop, _ in
      let (entered, leave, ran) = (Notes<Bool>(), Notes<Bool>(), Notes<Int>())
      #expect(
        loop.post {
          entered.put(true)
          _ = try? leave.take()
        })
      _ = try entered.take()
      for number in 0..<3 { #expect(loop.post { ran.put(number) }) }
      #expect(!loop.post { ran.put(3) })
      leave.put(true)
      #expect(try (0..<3).map { _ in try ran.take() } == [0, 1, 2])
      try loop.letTurnsPass()
      #expect(ran.isEmpty)
    }
  }

  @Test func whatWasPostedBeforeTheStopRunsAndLaterWorkIsRefused() throws {
    let loop = try EventLoop(name: "test-loop", clock: HandClock())
    let ran = Notes<Int>()
    for number in 0..<10 { #expect(loop.post { ran.put(number) }) }
    loop.stop()
    loop.run()
    #expect(try (0..<10).map { _ in try ran.take() } == Array(0..<10))
    #expect(!loop.post {})
  }

  @Test func timersFireInOrderWhenTheClockMoves() throws {
    try withLoop { loop, clock in
      let fired = Notes<Int>()
      let start = clock.now()
      try loop.ask {
        for number in [3, 1, 2] {
          loop.schedule(at: start.advanced(byMs: Int64(number) * 100_000)) { fired.put(number) }
        }
        let unwanted = loop.schedule(at: start.advanced(byMs: 150_000)) { fired.put(-1) }
        loop.cancel(unwanted)
      }
      clock.move(byMs: 99_999)
      try loop.letTurnsPass()
      #expect(fired.isEmpty)
      clock.move(byMs: 1)
      try loop.letTurnsPass()
      #expect(try fired.take() == 1)
      #expect(fired.isEmpty)
      clock.move(byMs: 200_000)
      try loop.letTurnsPass()
      #expect(try fired.take() == 2)
      #expect(try fired.take() == 3)
    }
  }

  @Test func aTimerWakesASleepingLoop() throws {
    let loop = try EventLoop(name: "test-loop", clock: SystemClock())
    let fired = Notes<Bool>()
    loop.schedule(at: loop.now.advanced(byMs: 20)) { fired.put(true) }
    try loop.start()
    #expect(try fired.take())
    loop.stop()
    loop.join()
  }

  @Test func aTimerThatSchedulesItselfForNowDoesNotHoldTheTurn() throws {
    try withLoop { loop, clock in
      let rounds = Notes<Int>()
      @Sendable func again() {
        rounds.put(1)
        loop.schedule(at: clock.now()) { again() }
      }
      try loop.ask { again() }
      for _ in 0..<5 { _ = try rounds.take() }
      try loop.letTurnsPass()
    }
  }

  @Test func hooksRunAfterTheWorkOfTheTurn() throws {
    try withLoop { loop, _ in
      let order = Notes<String>()
      try loop.ask {
        loop.atEndOfTurn { order.put("first hook") }
        loop.atEndOfTurn { order.put("second hook") }
        order.put("work")
      }
      #expect(try (0..<3).map { _ in try order.take() } == ["work", "first hook", "second hook"])
    }
  }

  @Test func knowsItsThread() throws {
    let loop = try EventLoop(name: "test-loop", clock: HandClock())
    #expect(loop.isOnLoopThread)
    try loop.start()
    #expect(try loop.ask { loop.isOnLoopThread })
    #expect(!loop.isOnLoopThread)
    loop.stop()
    loop.join()
  }
}
