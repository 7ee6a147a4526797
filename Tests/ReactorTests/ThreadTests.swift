import Glibc
import Reactor
import Testing

@Suite struct LaneTests {
  @Test func workRunsInOrderOnANamedThread() throws {
    let lane = try Lane(name: "disk-lane")
    let seen = Notes<Int>()
    let names = Notes<String>()
    for number in 0..<3_000 { #expect(lane.submit { seen.put(number) }) }
    #expect(lane.submit { names.put(threadName()) })
    for number in 0..<3_000 { #expect(try seen.take() == number) }
    #expect(try names.take() == "disk-lane")
    lane.stop()
  }

  @Test func aFullQueueRefusesAndStopFinishesWhatWasTaken() throws {
    let lane = try Lane(name: "small-lane", bound: 2)
    let (entered, leave, ran) = (Notes<Bool>(), Notes<Bool>(), Notes<Int>())
    #expect(
      lane.submit {
        entered.put(true)
        _ = try? leave.take()
      })
    _ = try entered.take()
    #expect(lane.submit { ran.put(1) })
    #expect(lane.submit { ran.put(2) })
    #expect(!lane.submit { ran.put(3) })
    #expect(lane.waiting == 2)
    leave.put(true)
    lane.stop()
    #expect(try [ran.take(), ran.take()] == [1, 2])
    #expect(ran.isEmpty)
    #expect(!lane.submit { ran.put(4) })
    lane.stop()
  }
}

@Suite struct SignalTests {
  @Test func signalsComeAsEventsOfTheLoop() async {
    await #expect(processExitsWith: .success) {
      let loop = try EventLoop(name: "signal-loop", clock: SystemClock())
      let signals = Notes<Int32>()
      let source = try SignalSource(on: loop) { signals.put($0) }
      try loop.start()
      // Loops block all signals in their threads; each is sent to the loop's own, as other threads of a test process
      // do not block it.
      for signal in [SIGTERM, SIGINT, SIGTERM] {
        try #require(loop.post { pthread_kill(pthread_self(), signal) })
        #expect(try signals.take() == signal)
      }
      try loop.ask { source.close() }
      loop.stop()
      loop.join()
    }
  }

  @Test func blockedSignalsDoNotEndTheThreadAndBrokenPipesAreIgnored() async {
    await #expect(processExitsWith: .exitCode(7)) {
      SignalSource.block()
      pthread_kill(pthread_self(), SIGTERM)
      var pipe: [Int32] = [0, 0]
      try #require(Glibc.pipe(&pipe) == 0)
      close(pipe[0])
      #expect(write(pipe[1], [1] as [UInt8], 1) == -1)
      #expect(errno == EPIPE)
      exit(7)
    }
  }
}

private func threadName() -> String {
  var name = [UInt8](repeating: 0, count: 64)
  let descriptor = open("/proc/thread-self/comm", O_RDONLY)
  defer { close(descriptor) }
  let count = read(descriptor, &name, name.count)
  return String(decoding: name.prefix(max(count - 1, 0)), as: UTF8.self)
}
