import Broker
import ByteCodec
import Machine
import SimMachine
import Testing
import Units

/// What fetches that wait for the disk count as.
struct FetchMemoryTests {
  @Test func aReadUnderWayCountsAsMuchAsItsFirstBatch() throws {
    let rig = try CompactionRig(["internal.segment.bytes": "1000000"], readsWait: true)
    try rig.produce([("k", String(repeating: "x", count: 100_000))])
    rig.settle()
    var underWay: [Int] = []
    rig.engine.limitReads {
      underWay.append($0)
      return .all
    }
    var lengths: [Int] = []
    func fetch() -> UInt64? {
      let plan = FetchPlan(
        entries: [.init(partition: rig.log, offset: Offset(0), maxBytes: 1)], minBytes: 1, maxBytes: 1,
        deadline: rig.clock.now(), readsCommitted: false, answersAtOnce: true)
      return rig.engine.fetch(plan) { results in
        if case .batches(let bytes, _) = results.first { lengths.append(bytes.count) }
      }
    }
    _ = fetch()
    let gone = try #require(fetch())
    #expect(underWay.first == 0 && underWay.last ?? 0 > 100_000, "a byte was asked for, and a batch comes")
    rig.engine.cancelFetch(gone)
    rig.settle()
    #expect(lengths.count == 1 && lengths.first ?? 0 > 100_000)
    _ = fetch()
    #expect(underWay.last == 0)
  }
}
