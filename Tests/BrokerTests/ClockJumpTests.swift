import Broker
import Coordination
import KafkaWire
import LogStore
import SimMachine
import Testing
import Units

/// The wall clock jumps, and no timer stands still or fires at once.
@Suite struct ClockJumpTests {
  private static let hour: Int64 = 3_600_000
  private static let tenYears: Int64 = 3_652 * 24 * hour

  /// Begins a transaction of a minute and answers how its coordinator sees it.
  private func begin(_ rig: CoordinatorRig) throws {
    _ = try rig.makeTopic("t")
    var opened: InitProducerIdResponse?
    _ = rig.engine.callTransactions(
      of: ["w"], decides: true, seesTopics: false, reply: { message, _ in opened = message as? InitProducerIdResponse }
    ) { machine, waiter, context, effects in
      machine.initProducerID(
        InitProducerIdRequest(transactionalId: "w", transactionTimeoutMs: 60_000),
        from: Caller(clientID: "c", host: "/127.0.0.1", version: 5), waiter: waiter, context, into: &effects)
    }
    let answer = try #require(opened)
    let entered = rig.engine.enterTransaction(
      "w", ProducerIdentity(id: answer.producerId, epoch: answer.producerEpoch), topic: "t", partition: 0, .adds)
    #expect(entered.value == .none)
    rig.settle()
    #expect(rig.engine.transactions.transactions["w"]?.state == .ongoing)
  }

  private func pass(_ milliseconds: Int64, _ rig: CoordinatorRig) {
    rig.clock.advance(byMs: milliseconds)
    rig.engine.timePassed()
    rig.settle()
  }

  @Test(arguments: [hour, -hour, tenYears, -tenYears])
  func aTransactionIsAbortedWhenItsOwnTimeIsUp(_ jump: Int64) throws {
    let rig = try CoordinatorRig()
    try begin(rig)
    pass(20_000, rig)
    rig.clock.jump(byMs: jump)
    pass(30_000, rig)
    #expect(rig.engine.transactions.transactions["w"]?.state == .ongoing)
    pass(11_000, rig)
    #expect(rig.engine.transactions.transactions["w"]?.state == .completeAbort)
  }

  /// A start cannot know how much time has passed; it gives an open transaction its whole time at the most.
  @Test(arguments: [hour, -hour, tenYears, -tenYears])
  func aTransactionThatAStartFoundOpenIsAborted(_ jump: Int64) throws {
    let rig = try CoordinatorRig()
    try begin(rig)
    rig.clock.jump(byMs: jump)
    let again = try rig.afterCrash()
    if jump != Self.hour {
      pass(30_000, again)
      #expect(again.engine.transactions.transactions["w"]?.state == .ongoing)
    }
    pass(61_000, again)
    #expect(again.engine.transactions.transactions["w"]?.state == .completeAbort)
  }

  @Test func whatPeopleReadIsWhatTheClockShows() throws {
    let rig = try CoordinatorRig()
    rig.clock.jump(byMs: Self.tenYears)
    for _ in 0..<25 { pass(Self.hour, rig) }
    #expect(!rig.engine.store.trustedNow().isInDoubt)
    try begin(rig)
    var described: DescribeTransactionsResponse?
    _ = rig.engine.callTransactions(
      of: ["w"], decides: false, seesTopics: false,
      reply: { message, _ in described = message as? DescribeTransactionsResponse }
    ) { machine, waiter, context, effects in
      machine.describeTransactions(
        DescribeTransactionsRequest(transactionalIds: ["w"]),
        from: Caller(clientID: "c", host: "/127.0.0.1", version: 0),
        waiter: waiter, context, into: &effects)
    }
    let began = try #require(described?.transactionStates.first).transactionStartTimeMs
    #expect(abs(began - rig.clock.wallClock().milliseconds) < 1_000)
  }

  private static let offsetsKeptMs = 7 * 24 * hour

  @Test(arguments: [tenYears, offsetsKeptMs + hour])
  func aClockThatIsOffExpiresNoOffsetsNotEvenWhenItIsBelieved(_ jump: Int64) throws {
    let rig = try CoordinatorRig()
    _ = try rig.makeTopic("t")
    rig.commit(5, group: "idle")
    rig.settle()
    rig.clock.jump(byMs: jump)
    let again = try rig.afterCrash()
    for _ in 0..<25 { pass(Self.hour, again) }
    #expect(!again.engine.store.trustedNow().isInDoubt)
    #expect(try again.fetched("idle").offset == 5)
    pass(Self.offsetsKeptMs - 25 * Self.hour, again)
    pass(Self.hour, again)
    #expect(try again.fetched("idle").offset == -1, "its own time is up")
  }
}
