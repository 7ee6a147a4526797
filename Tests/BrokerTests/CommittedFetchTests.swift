import Broker
import ByteCodec
import Compression
import LogStore
import RecordFormat
import SimMachine
import Testing
import Units

/// Fetches of committed records: how far they see, what wakes them, and what they learn of aborted transactions.
@Suite struct CommittedFetchTests {
  private func batch(producer: Int64, _ rig: CompactionRig) throws -> ByteSlice {
    var properties = RecordBatchBuilder.Properties()
    properties.producerID = producer
    properties.producerEpoch = producer < 0 ? -1 : 0
    properties.baseSequence = producer < 0 ? -1 : 0
    properties.isTransactional = producer >= 0
    var builder = RecordBatchBuilder(properties)
    builder.append(Record(timestamp: rig.clock.wallClock(), key: [1], value: [2]))
    return try builder.build(using: Compressor())
  }

  private func write(producer: Int64 = -1, _ rig: CompactionRig) throws {
    let bytes = try batch(producer: producer, rig)
    guard case .stored = rig.engine.append(bytes, header: try RecordBatchHeader(bytes.bytes), to: rig.log) else {
      Issue.record("a batch was refused")
      return
    }
    rig.settle()
  }

  private func end(_ kind: TransactionMarker.Kind, producer: Int64, _ rig: CompactionRig) throws {
    let marker = try TransactionMarker(kind, coordinatorEpoch: 0).batch(
      at: Offset(0), partitionLeaderEpoch: 0, producerID: producer, producerEpoch: 0, timestamp: rig.clock.wallClock())
    let rules = AppendRules(roll: RollRules(), syncs: true)
    let header = try RecordBatchHeader(marker.bytes)
    guard case .stored = rig.engine.store.appendTogether([TogetherBatch(marker, header, to: rig.log, rules: rules)])
    else {
      Issue.record("a marker was refused")
      return
    }
  }

  private func plan(_ rig: CompactionRig, from offset: Int64, waits: Bool, committed: Bool = true) -> FetchPlan {
    FetchPlan(
      entries: [.init(partition: rig.log, offset: Offset(offset), maxBytes: 10_000)], minBytes: 1, maxBytes: 10_000,
      deadline: rig.clock.now().advanced(byMs: 1_000), readsCommitted: committed, answersAtOnce: !waits)
  }

  /// First offsets of the batches, and of the aborted transactions.
  private func content(_ answer: FetchedPartition?) throws -> (bases: [Int64], aborted: [Int64]) {
    guard case .batches(let bytes, let aborted) = try #require(answer) else { return ([], []) }
    var bases: [Int64] = []
    var walk = RecordBatchWalk(bytes)
    while let view = try walk.next() { bases.append(view.header.baseOffset.value) }
    return (bases, aborted.map(\.first.value))
  }

  @Test func aParkedFetchWakesWhenTheStableEndMoves() throws {
    let rig = try CompactionRig(["internal.segment.bytes": "100000"])
    try write(producer: 1, rig)
    var answer: FetchedPartition?
    rig.engine.fetch(plan(rig, from: 0, waits: true)) { answer = $0.first }
    rig.settle()
    #expect(answer == nil)
    try write(rig)
    #expect(answer == nil, "records behind an open transaction wake nobody for good")
    try end(.abort, producer: 1, rig)
    #expect(answer == nil, "the marker is not synced")
    rig.settle()
    let found = try content(answer)
    #expect(found.bases == [0, 1, 2])
    #expect(found.aborted == [0])
  }

  @Test func onlyThoseThatOverlapWhatIsReturnedAreTold() throws {
    let rig = try CompactionRig(["internal.segment.bytes": "100000"])
    try write(producer: 1, rig)  // 0
    try end(.abort, producer: 1, rig)  // 1
    try write(producer: 2, rig)  // 2
    try write(producer: 3, rig)  // 3
    try end(.abort, producer: 3, rig)  // 4
    rig.settle()
    func fetched(_ offset: Int64, committed: Bool = true) throws -> (bases: [Int64], aborted: [Int64]) {
      var answer: FetchedPartition?
      rig.engine.fetch(plan(rig, from: offset, waits: false, committed: committed)) { answer = $0.first }
      rig.settle()
      return try content(answer)
    }
    #expect(try fetched(0) == ([0, 1], [0]), "2 is open")
    #expect(try fetched(2) == ([], []))
    #expect(try fetched(0, committed: false) == ([0, 1, 2, 3, 4], []))
    try end(.commit, producer: 2, rig)  // 5
    rig.settle()
    #expect(try fetched(2) == ([2, 3, 4, 5], [3]))
    #expect(try fetched(5) == ([5], []))
  }
}
