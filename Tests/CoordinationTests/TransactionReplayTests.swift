import Coordination
import KafkaWire
import Testing
import Units

/// The end of the epochs, and that live state, replay, compaction and snapshots agree.
@Suite struct TransactionReplayTests {
  /// KAFKA-18660, KAFKA-19367, KAFKA-20090, KAFKA-20357: from 32,760 on, with a restart and a repetition at every step.
  @Test func theLastEpochsOfTheSecondGeneration() throws {
    var bench = TransactionBench()
    var producer = try bench.raise(to: 32_760)
    let old = producer.id
    for _ in 0..<12 {
      #expect(bench.enter(producer, "a", 0, .adds) == .none)
      let reply = try bench.end(producer, version: 5)
      #expect(reply.errorCode == 0)
      let markers = try #require(bench.ends.last).producer
      #expect(markers == ProducerIdentity(id: producer.id, epoch: producer.epoch + 1), "one above the records, once")
      bench.restart()
      let again = try bench.end(producer, version: 5)
      #expect((again.errorCode, again.producerId, again.producerEpoch) == (0, reply.producerId, reply.producerEpoch))
      let next = ProducerIdentity(id: reply.producerId, epoch: reply.producerEpoch)
      if producer.epoch == Transaction.lastEpoch {
        #expect(next.id != old && next.epoch == 0)
      } else {
        #expect(next == markers)
      }
      producer = next
    }
    #expect(producer.id != old && producer.epoch == 5)
  }

  @Test func theLastEpochsOfTheFirstGeneration() throws {
    var bench = TransactionBench()
    var producer = try bench.raise(to: 32_760)
    let old = producer.id
    for _ in 0..<10 {
      #expect(try bench.add(producer, [("a", [0])]) == [0])
      #expect(try bench.end(producer, version: 4).errorCode == 0)
      let next = try bench.begin("t", producer)
      bench.restart()
      #expect(try bench.begin("t", producer) == next, "repeated after a restart")
      #expect(next.epoch <= Transaction.lastEpoch)
      producer = next
    }
    #expect(producer.id != old && producer.epoch == 3)
  }

  @Test func fencingAtTheLastEpochEndsTheTransaction() throws {
    for mayRepeat in [false, true] {
      var bench = TransactionBench()
      let last = try bench.raise(to: Transaction.lastEpoch)
      #expect(bench.enter(last, "a", 0, .adds) == .none)
      #expect(try bench.initialise("t", mayRepeat ? last : nil).errorCode == 51)
      #expect(bench.ends.last?.producer.epoch == .max)
      bench.restart()
      let next = try bench.begin("t", mayRepeat ? last : nil)
      #expect(next.id != last.id && next.epoch == 0)
      if mayRepeat { #expect(try bench.begin("t", last) == next) }
      #expect(bench.enter(last, "a", 0, .adds) == .invalidProducerIdMapping)
    }
  }

  @Test func aTimeoutAtTheLastEpochEndsTheTransaction() throws {
    var bench = TransactionBench()
    let last = try bench.raise(to: Transaction.lastEpoch)
    #expect(bench.enter(last, "a", 0, .adds) == .none)
    bench.fire(.transaction("t"))
    #expect(bench.ends.count == 1 && bench.machine.counts[.ongoing] == nil)
    #expect(try bench.end(last, commits: false, version: 5).errorCode == 90)
    #expect(try bench.begin().epoch == 0)
  }

  /// KAFKA-17754: an EndTxn, an AddPartitions and records that are delayed past the end of their transaction.
  @Test func whatComesLateNeverJoinsTheNextTransaction() throws {
    var bench = TransactionBench()
    let first = try bench.begin()
    #expect(bench.enter(first, "a", 0, .adds) == .none)
    #expect(try bench.end(first, version: 5).errorCode == 0)
    let second = ProducerIdentity(id: first.id, epoch: 1)
    #expect(bench.enter(second, "a", 0, .adds) == .none)
    #expect(bench.enter(first, "b", 0, .adds) == .invalidProducerEpoch)
    #expect(try bench.end(first, version: 5).errorCode == 90, "it does not commit the second")
    #expect(try bench.end(first, commits: false, version: 5).errorCode == 90)
    #expect(try bench.add(first, [("b", [0])]) == [90])
    #expect(bench.ends.count == 1)
    #expect(try bench.end(second, commits: false, version: 5).errorCode == 0)
    #expect(bench.ends.last?.partitions == [TransactionPartitions(topic: "a", indexes: [0])])
  }

  @Test func unreadableRecordsChangeNothing() throws {
    var bench = TransactionBench()
    _ = try bench.begin()
    let before = bench.machine.transactions
    let whole = try #require(bench.log.first)
    var records = [CoordinatorRecord(key: [], value: nil), CoordinatorRecord(key: [0, 9, 0, 0], value: nil)]
    let value = try #require(whole.value)
    records += (0..<value.count).map { CoordinatorRecord(key: whole.key, value: Array(value.prefix($0))) }
    records.append(CoordinatorRecord(key: whole.key, value: [0, 9]))
    for record in records { #expect(bench.machine.replay(record) == false) }
    #expect(bench.machine.transactions == before)
  }

  @Test func tombstonesOfUnknownIdsAreNothing() throws {
    var machine = TransactionCoordinator()
    var bench = TransactionBench()
    _ = try bench.begin()
    let key = try #require(bench.log.first).key
    #expect(machine.replay(CoordinatorRecord(key: key, value: nil)) == true)
    #expect(machine.transactions.isEmpty)
  }

  /// New ids wait where the limit is reached; those there are begin transactions and end them. Replay refuses nothing.
  @Test func newIdsWaitForRoom() throws {
    var bench = TransactionBench()
    bench.machine.limitBytes = 20_000
    let codes = try (0..<60).map { try bench.initialise("id\($0)").errorCode }
    let kept = codes.count { $0 == 0 }
    #expect((20...45).contains(kept))
    #expect(codes.dropFirst(kept).allSatisfy { $0 == ErrorCode.coordinatorNotAvailable.rawValue })
    let entered = try (0..<kept).map { number in
      bench.enter(try bench.begin("id\(number)"), "a", 0, .adds, id: "id\(number)")
    }
    #expect(entered.contains(.none))
    #expect(entered.allSatisfy { $0 == .none || $0 == .coordinatorNotAvailable })
    #expect(bench.machine.heldBytes <= 20_000)
    let held = bench.machine.heldBytes
    #expect(held == bench.machine.recountedBytes)
    let first = try #require(bench.machine.transactions["id0"]).producer
    #expect(try bench.end(first, id: "id0", version: 5).errorCode == 0)
    #expect(bench.machine.heldBytes < held)
    var again = TransactionCoordinator()
    again.limitBytes = 1
    for record in bench.log { again.replay(record) }
    #expect(again.transactions == bench.machine.transactions && again.heldBytes == bench.machine.heldBytes)
  }

  /// A program that takes a new id each time leaves them behind: those that were idle for longest make room.
  @Test func idleIdsMakeRoomForNewOnes() throws {
    var bench = TransactionBench()
    bench.machine.limitBytes = 20_000
    #expect(bench.enter(try bench.begin("id0"), "a", 0, .adds, id: "id0") == .none)
    var number = 1
    while try bench.initialise("id\(number)").errorCode == 0 { number += 1 }
    // Nobody is idle for longer than a transaction may last; and what is open stays, however old.
    bench.advance(byMs: Int64(bench.machine.settings.maxTimeoutMs) - 1)
    #expect(try bench.initialise("id\(number)").errorCode == ErrorCode.coordinatorNotAvailable.rawValue)
    bench.advance(byMs: 20_000)
    #expect(try bench.initialise("id\(number)").errorCode == 0)
    #expect(bench.machine.transactions["id0"]?.state == .ongoing)
    #expect(bench.machine.transactions["id1"] == nil)
    #expect(bench.machine.heldBytes == bench.machine.recountedBytes)
    bench.restart()
  }

  @Test func liveStateIsWhatReplayCompactionAndSnapshotsGive() throws {
    for seed in UInt64(1)...40 {
      var walk = Walk(seed: seed)
      try walk.run(steps: 1_000)
    }
  }
}

extension TransactionBench {
  /// Starts anew from what was written.
  mutating func restart() {
    var fresh = TransactionCoordinator(settings: machine.settings)
    for record in log { fresh.replay(record) }
    #expect(fresh.transactions == machine.transactions)
    machine = fresh
  }
}

/// Random requests, also late and wrong ones, of several producers.
private struct Walk {
  private var state: UInt64
  private var bench = TransactionBench()
  private var identities: [String: [ProducerIdentity]] = [:]
  private var snapshot: (records: [CoordinatorRecord], at: Int) = ([], 0)

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  private mutating func below(_ bound: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state >> 11) % bound
  }

  mutating func run(steps: Int) throws {
    if below(2) == 0 { identities["t0"] = [try bench.raiseFirst(to: 32_750)] }
    for step in 1...steps {
      try one()
      if step % 100 == 0 {
        snapshot = (bench.machine.snapshot().flatMap(\.records), bench.log.count)
      }
      if step % 250 == 90 { try compare() }
    }
    try compare()
  }

  private mutating func one() throws {
    let id = "t\(below(3))"
    let known = identities[id] ?? []
    // Mostly who holds the id now, sometimes an earlier one.
    let producer = known.isEmpty ? nil : known[below(6) == 0 ? below(known.count) : known.count - 1]
    let ends = bench.ends.count
    let before = bench.machine.transactions[id]
    switch below(12) {
    case 0:
      let reply = try bench.initialise(id)
      if reply.errorCode == 0 { note(id, reply.producerId, reply.producerEpoch) }
    case 1:
      guard let producer else { return }
      let reply = try bench.initialise(id, producer)
      if reply.errorCode == 0 { note(id, reply.producerId, reply.producerEpoch) }
    case 2...6:
      guard let producer else { return }
      _ = bench.enter(producer, below(2) == 0 ? "a" : "b", Int32(below(3)), .adds, id: id)
    case 7...9:
      guard let producer else { return }
      let reply = try bench.end(producer, commits: below(2) == 0, id: id, version: below(3) == 0 ? 4 : 5)
      if reply.errorCode == 0 { note(id, reply.producerId, reply.producerEpoch) }
    case 10:
      bench.advance(byMs: Int64(below(40_000)))
      for (timer, due) in bench.timers where due <= bench.now { bench.fire(timer) }
    default:
      bench.advance(byMs: below(20) == 0 ? 604_800_000 : 1)
      bench.fire(.expiry)
    }
    guard bench.ends.count > ends, let end = bench.ends.last, end.transactionalID == id, let before else { return }
    #expect(end.producer.id == before.producer.id)
    #expect(end.producer.epoch == before.producer.epoch + (end.isBumped ? 1 : 0), "markers are one above, or the same")
    #expect(!end.partitions.isEmpty)
  }

  private mutating func note(_ id: String, _ producer: Int64, _ epoch: Int16) {
    #expect(epoch <= Transaction.lastEpoch, "an epoch that only fences was given out")
    let identity = ProducerIdentity(id: producer, epoch: epoch)
    if identities[id]?.last != identity { identities[id, default: []].append(identity) }
  }

  private func compare() throws {
    let live = bench.machine.transactions
    #expect(bench.machine.heldBytes == bench.machine.recountedBytes)
    #expect(TransactionBench.replayed(bench.log) == live)
    #expect(TransactionBench.replayed(TransactionBench.compacted(bench.log)) == live)
    let half = bench.log.count / 2
    let partly = TransactionBench.compacted(Array(bench.log[..<half])) + bench.log[half...]
    #expect(TransactionBench.replayed(partly) == live)
    #expect(TransactionBench.replayed(snapshot.records + bench.log[snapshot.at...]) == live)
    #expect(
      bench.machine.snapshot().flatMap(\.records)
        == live.keys.sorted().compactMap { id in
          bench.machine.snapshot().first { $0.owner == id }?.records.first
        })
  }
}

extension TransactionBench {
  fileprivate mutating func raiseFirst(to epoch: Int16) throws -> ProducerIdentity {
    var producer = try begin("t0")
    while producer.epoch < epoch { producer = try begin("t0") }
    log = TransactionBench.compacted(log)
    return producer
  }
}
