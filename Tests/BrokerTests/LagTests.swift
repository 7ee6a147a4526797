import Broker
import Coordination
import LogStore
import SimMachine
import Testing
import Units

/// What the metrics tell of groups that are behind.
struct LagTests {
  @Test func rowsAreBoundedAndSayWhatIsRead() throws {
    let rig = try CoordinatorRig(SimDisk(SimDisk.Options(seed: 7)))
    _ = try rig.makeTopic("t", partitions: 4)
    for group in ["a", "b"] { rig.commit(0, group: group, partitions: 0..<4) }
    rig.settle()
    let rows = rig.engine.lag(groups: ["a", "b"], limit: 6)
    #expect(rows.map(\.group) == ["a", "a", "a", "a", "b", "b"])
    #expect(rows.allSatisfy { $0.records == 0 && $0.ageMs == nil })
    #expect(rig.engine.groups.offsetCount(of: "a") == 4)
    var aged: [LagRow]?
    rig.engine.addAges(to: rows, limit: 6) { aged = $0 }
    #expect(aged == rows, "nobody is behind, so nothing is looked up")
  }

  @Test func theNextUnreadRecordHasAnAge() throws {
    let rig = try CoordinatorRig(SimDisk(SimDisk.Options(seed: 7)))
    // The offsets themselves are a log with batches in it.
    _ = try rig.makeTopic("t")
    rig.commit(0, group: "a")
    rig.settle()
    let place = InternalTopic.partition(of: "a", of: 50)
    rig.commit(0, group: "reader", topic: InternalTopic.consumerOffsets.rawValue, partitions: place..<place + 1)
    rig.settle()
    rig.clock.advance(byMs: 5_000)
    let rows = rig.engine.lag(groups: ["reader"], limit: 10)
    #expect(rows.first.map { $0.records > 0 } == true)
    var ages: [[LagRow]] = []
    // Once from memory or not at all; then from the disk.
    for _ in 0..<2 {
      rig.engine.addAges(to: rows, limit: 10) { ages.append($0) }
      rig.settle()
    }
    #expect(ages.count == 2)
    let age = try #require(ages.last?.first?.ageMs)
    #expect(age >= 5_000)
  }
}
