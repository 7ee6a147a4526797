import Coordination
import KafkaWire
import Testing
import Units

/// Transactions as clients of both generations of the protocol see them.
@Suite struct TransactionCoordinatorTests {
  @Test func aTransactionOfTheFirstGeneration() throws {
    var bench = TransactionBench()
    let producer = try bench.begin()
    #expect(producer == ProducerIdentity(id: 1_001, epoch: 0))
    #expect(try bench.add(producer, [("a", [0, 2]), ("b", [1])]) == [0, 0, 0])
    #expect(try bench.addOffsets(producer, group: "g") == 0)
    #expect(bench.seen == [.transaction("t")])
    #expect(bench.timers[.transaction("t")] == bench.now.advanced(byMs: 60_000))
    let reply = try bench.end(producer, version: 4)
    #expect((reply.errorCode, reply.producerEpoch) == (0, 0))
    let end = try #require(bench.ends.first)
    #expect(end.producer == producer && end.committed && !end.isBumped)
    #expect(
      end.partitions == [
        TransactionPartitions(topic: "a", indexes: [0, 2]), TransactionPartitions(topic: "b", indexes: [1]),
      ])
    #expect(end.offsetShards == [InternalTopic.partition(of: "g", of: 50)])
    #expect(end.write.records == bench.log.suffix(1))
    #expect(bench.timers[.transaction("t")] == nil)
    #expect(try bench.end(producer, version: 4).errorCode == 0, "a repeated end")
    #expect(try bench.end(producer, commits: false, version: 4).errorCode == 48)
    #expect(bench.ends.count == 1)
  }

  @Test func aTransactionOfTheSecondGenerationRaisesTheEpoch() throws {
    var bench = TransactionBench()
    let producer = try bench.begin()
    #expect(bench.enter(producer, "a", 1, .produce(version: 12)) == .none)
    #expect(bench.enter(producer, "a", 1, .produce(version: 12)) == .none)
    #expect(bench.log.count == 2, "what is in already is not written again")
    let reply = try bench.end(producer, version: 5)
    #expect((reply.errorCode, reply.producerId, reply.producerEpoch) == (0, producer.id, 1))
    #expect(bench.ends.first?.producer == ProducerIdentity(id: producer.id, epoch: 1))
    #expect(bench.ends.first?.isBumped == true)
    let again = try bench.end(producer, version: 5)
    #expect((again.errorCode, again.producerEpoch) == (0, 1))
    #expect(try bench.end(producer, commits: false, version: 5).errorCode == 48)
    #expect(bench.enter(producer, "a", 1, .adds) == .invalidProducerEpoch, "the ended transaction is over")
    #expect(bench.ends.count == 1)
  }

  /// Two bugs of another server: streams lost whole commit intervals.
  @Test func endingNothing() throws {
    var bench = TransactionBench()
    let first = try bench.begin()
    let reply = try bench.end(first, version: 4)
    #expect((reply.errorCode, reply.producerEpoch) == (0, 0))
    #expect(try bench.end(first, commits: false, version: 4).errorCode == 0)
    #expect(try bench.end(first, version: 5).errorCode == 48)
    let aborted = try bench.end(first, commits: false, version: 5)
    #expect((aborted.errorCode, aborted.producerEpoch) == (0, 1))
    #expect(try bench.end(first, commits: false, version: 5).producerEpoch == 1, "repeated")
    let second = ProducerIdentity(id: first.id, epoch: 1)
    #expect(try bench.end(second, version: 5).errorCode == 48)
    #expect(try bench.end(second, commits: false, version: 5).producerEpoch == 2)
    #expect(bench.ends.isEmpty, "no markers")
    #expect(try bench.end(ProducerIdentity(id: first.id, epoch: 0), version: 5).errorCode == 90)
  }

  @Test func anotherInstanceFencesTheFirst() throws {
    var bench = TransactionBench()
    let old = try bench.begin()
    #expect(try bench.add(old, [("a", [0])]) == [0])
    #expect(try bench.initialise().errorCode == 51)
    let end = try #require(bench.ends.first)
    #expect(end.producer == ProducerIdentity(id: old.id, epoch: 1) && !end.committed && end.isBumped)
    #expect(try bench.add(old, [("a", [0])]) == [90])
    #expect(try bench.add(old, [("a", [0])], version: 1) == [47])
    #expect(try bench.addOffsets(old, group: "g") == 90)
    #expect(try bench.addOffsets(old, group: "g", version: 1) == 47)
    #expect(try bench.end(old, commits: false, version: 4).errorCode == 90)
    #expect(try bench.end(old, commits: false, version: 1).errorCode == 47)
    #expect(try bench.end(old, commits: false, version: 5).errorCode == 90, "no retry of the fencing's end")
    #expect(try bench.initialise("t", old).errorCode == 90)
    #expect(try bench.initialise("t", old, version: 3).errorCode == 47)
    #expect(try bench.begin() == ProducerIdentity(id: old.id, epoch: 2))
  }

  @Test func aProducerRaisesItsOwnEpochAndMayRepeatThat() throws {
    var bench = TransactionBench()
    let producer = try bench.begin()
    let raised = try bench.begin("t", producer)
    #expect(raised == ProducerIdentity(id: producer.id, epoch: 1))
    #expect(try bench.begin("t", producer) == raised, "its reply was lost")
    #expect(try bench.begin("t", raised).epoch == 2)
    #expect(try bench.initialise("t", producer).errorCode == 90)
    #expect(try bench.initialise("t", ProducerIdentity(id: 77, epoch: 0)).errorCode == 90)
  }

  @Test func aProducerThatInterruptsItselfIsNotFencedByIt() throws {
    var bench = TransactionBench()
    let producer = try bench.begin()
    #expect(bench.enter(producer, "a", 0, .adds) == .none)
    #expect(try bench.initialise("t", producer).errorCode == 51)
    let next = try bench.begin("t", producer)
    #expect(next == ProducerIdentity(id: producer.id, epoch: 1))
    #expect(try bench.begin("t", producer) == next)
    let late = ProducerIdentity(id: producer.id, epoch: 0)
    #expect(bench.enter(next, "a", 0, .adds) == .none)
    #expect(try bench.initialise("t", late).errorCode == 90, "an older epoch does not abort what is open")
    #expect(bench.ends.count == 1)
  }

  @Test func whatInitProducerIdRefuses() throws {
    var bench = TransactionBench()
    #expect(try bench.initialise("").errorCode == 42)
    #expect(try bench.initialise(nil).errorCode == 42)
    #expect(try bench.initialise(timeoutMs: 0).errorCode == 50)
    #expect(try bench.initialise(timeoutMs: 900_001).errorCode == 50)
    #expect(try bench.initialise(timeoutMs: 900_000).errorCode == 0)
    #expect(try bench.initialise { $0.producerId = 5 }.errorCode == 42)
    #expect(try bench.initialise { $0.producerEpoch = 5 }.errorCode == 42)
    #expect(try bench.initialise(version: 6) { $0.enable2Pc = true }.errorCode == 53)
    #expect(try bench.initialise(version: 6) { $0.keepPreparedTxn = true }.errorCode == 35)
    bench.ids.isEmpty = true
    #expect(try bench.initialise("u").errorCode == 15)
    #expect(bench.machine.transactions.keys.sorted() == ["t"])
  }

  @Test func partitionsMustExistAndBelongToTheProducer() throws {
    var bench = TransactionBench()
    let producer = try bench.begin()
    #expect(try bench.add(producer, [("a", [0, 3]), ("none", [0])]) == [55, 3, 3])
    #expect(try bench.add(producer, [("a", [0])], id: "other") == [49])
    #expect(try bench.add(ProducerIdentity(id: 5, epoch: 0), [("a", [0])]) == [49])
    #expect(try bench.add(producer, [("a", [0])], id: "") == [42])
    #expect(bench.machine.counts[.ongoing] == nil)
  }

  @Test func partitionsOfSeveralTransactionsAtOnce() throws {
    var bench = TransactionBench()
    let t = try bench.begin("t")
    let u = try bench.begin("u")
    func item(_ id: String, _ producer: ProducerIdentity, verifyOnly: Bool = false, _ indexes: [Int32])
      -> AddPartitionsToTxnRequest.Transaction
    {
      .init(
        transactionalId: id, producerId: producer.id, producerEpoch: producer.epoch, verifyOnly: verifyOnly,
        topics: [.init(name: "a", partitions: indexes)])
    }
    let codes = try bench.addBatched([
      item("t", t, [0, 1]), item("u", u, verifyOnly: true, [0]), item("t", t, verifyOnly: true, [1, 2]),
      item("u", ProducerIdentity(id: u.id, epoch: 9), [0]),
    ])
    #expect(codes == [[0, 0], [120], [0, 120], [90]])
    #expect(bench.seen.contains(.transaction("u")))
  }

  @Test func recordsOfPartitionsThatWereNotAddedAreRefusedAsTheClientKnowsIt() throws {
    var bench = TransactionBench()
    let producer = try bench.begin()
    #expect(bench.enter(producer, "a", 0, .produce(version: 11)) == .transactionAbortable)
    #expect(bench.enter(producer, "a", 0, .produce(version: 10)) == .invalidTxnState)
    #expect(bench.enter(producer, "a", 0, .offsetCommit(version: 4)) == .transactionAbortable)
    #expect(bench.enter(producer, "a", 0, .offsetCommit(version: 3)) == .invalidTxnState)
    #expect(bench.enter(producer, "a", 0, .offsetCommit(version: 5)) == .none)
    #expect(bench.enter(producer, "a", 0, .produce(version: 11)) == .none)
    #expect(bench.enter(ProducerIdentity(id: producer.id, epoch: 4), "a", 0, .verifies) == .invalidProducerEpoch)
    #expect(bench.enter(ProducerIdentity(id: 4, epoch: 0), "a", 0, .adds) == .invalidProducerIdMapping)
    bench.machine.settings.isPartitionVerified = false
    #expect(bench.enter(producer, "a", 2, .produce(version: 10)) == .none)
  }

  @Test func aTransactionHasNoMorePartitionsThanItsEndCanHold() throws {
    var bench = TransactionBench()
    let producer = try bench.begin()
    var effects = Effects()
    func enter(_ indexes: Range<Int32>) -> ErrorCode {
      bench.machine.enter(
        "t", producer, [TransactionPartitions(topic: "a", indexes: Array(indexes))], .adds, bench.context,
        into: &effects)
    }
    #expect(enter(0..<20_000) == .none)
    #expect(enter(20_000..<20_001) == .transactionAbortable)
    #expect(enter(5..<9) == .none)
  }

  @Test func whatTakesTooLongIsAbortedAndItsProducerFenced() throws {
    var bench = TransactionBench()
    let producer = try bench.begin()
    #expect(bench.enter(producer, "a", 0, .adds) == .none)
    bench.advance(byMs: 10_000)
    #expect(bench.enter(producer, "a", 1, .adds) == .none)
    #expect(bench.timers[.transaction("t")] == Instant(nanoseconds: 60_000_000_000), "counted from its begin")
    bench.advance(byMs: 50_000)
    bench.fire(.transaction("t"))
    let end = try #require(bench.ends.first)
    #expect(!end.committed && end.producer.epoch == 1 && end.partitions.first?.indexes == [0, 1])
    #expect(bench.enter(producer, "a", 0, .adds) == .invalidProducerEpoch)
    #expect(try bench.end(producer, version: 5).errorCode == 90)
    bench.fire(.transaction("t"))
    #expect(bench.ends.count == 1, "a timer that comes late ends nothing")
    #expect(try bench.begin() == ProducerIdentity(id: producer.id, epoch: 2))
  }

  @Test func openTransactionsTimeOutAfterARestart() throws {
    var bench = TransactionBench()
    let producer = try bench.begin()
    #expect(bench.enter(producer, "a", 0, .adds) == .none)
    bench.advance(byMs: 20_000)
    var restarted = TransactionCoordinator()
    for write in bench.machine.snapshot() { for record in write.records { restarted.replay(record) } }
    bench.now = Instant(nanoseconds: 0)
    var effects = Effects()
    restarted.loaded(bench.context, into: &effects)
    #expect(effects.timers.count == 1)
    #expect(effects.timers.first?.due == Instant(nanoseconds: 40_000_000_000))
    bench.advance(byMs: 900_000)
    effects = Effects()
    restarted.loaded(bench.context, into: &effects)
    #expect(effects.timers.first?.due == bench.now)
  }

  @Test func idsThatNobodyUsesExpire() throws {
    var bench = TransactionBench()
    let busy = try bench.begin("busy")
    _ = try bench.begin("idle")
    #expect(bench.enter(busy, "a", 0, .adds, id: "busy") == .none)
    bench.advance(byMs: 604_799_999)
    bench.fire(.expiry)
    #expect(bench.machine.transactions.count == 2)
    bench.advance(byMs: 1)
    bench.fire(.expiry)
    #expect(bench.machine.transactions.keys.sorted() == ["busy"])
    #expect(bench.log.last?.value == nil)
    #expect(TransactionBench.replayed(bench.log) == bench.machine.transactions)
    #expect(try bench.end(ProducerIdentity(id: 1_002, epoch: 0), id: "idle", version: 5).errorCode == 49)
  }

  @Test func listingAndDescribing() throws {
    var bench = TransactionBench()
    let one = try bench.begin("one")
    let two = try bench.begin("two")
    #expect(bench.enter(two, "b", 2, .adds, id: "two") == .none)
    bench.advance(byMs: 5_000)
    func names(_ reply: ListTransactionsResponse) -> [String] { reply.transactionStates.map(\.transactionalId) }
    #expect(names(try bench.list(.init())) == ["one", "two"])
    #expect(Set(bench.seen) == [.transaction("one"), .transaction("two")])
    let states = try bench.list(.init(stateFilters: ["Ongoing", "PrepareCommit", "Nonsense"]))
    #expect(names(states) == ["two"] && states.unknownStateFilters == ["Nonsense"])
    #expect(names(try bench.list(.init(stateFilters: ["Nonsense"]))) == [])
    #expect(names(try bench.list(.init(producerIdFilters: [one.id]))) == ["one"])
    #expect(names(try bench.list(.init(stateFilters: ["Ongoing"], durationFilter: 4_999))) == ["two"])
    #expect(names(try bench.list(.init(stateFilters: ["Ongoing"], durationFilter: 5_000))) == [])
    #expect(names(try bench.list(.init(transactionalIdPattern: "o.*")) { $0.hasPrefix("o") }) == ["one"])
    #expect(try bench.list(.init(transactionalIdPattern: "(")).errorCode == 128)
    let described = try bench.describe(["two", "three", ""])
    #expect(described.map(\.errorCode) == [0, 105, 42])
    #expect(described[0].transactionState == "Ongoing" && described[0].topics.first?.partitions == [2])
    #expect(described[0].transactionStartTimeMs == 1_700_000_000_000 && described[0].transactionTimeoutMs == 60_000)
    #expect(bench.machine.oldestOpen == Timestamp(milliseconds: 1_700_000_000_000))
    #expect(bench.machine.counts == [.empty: 1, .ongoing: 1])
  }
}
