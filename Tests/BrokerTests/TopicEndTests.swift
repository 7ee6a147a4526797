import Broker
import Coordination
import LogStore
import SimMachine
import Testing
import Units

/// A topic's end and that of its offsets are two units of the journal: what a crash between them leaves.
struct TopicEndTests {
  private static let groups = (0..<10).map { "group-\($0)" }

  /// A node with a topic that every group has read to offset 3. The notes make each group's removal longer than a sector.
  private func node(_ disk: SimDisk) throws -> (rig: CoordinatorRig, topic: UniqueID) {
    let rig = try CoordinatorRig(disk)
    let topic = try rig.makeTopic("t", partitions: 20)
    let note = String(repeating: "n", count: 40)
    for group in Self.groups { rig.commit(3, group: group, partitions: 0..<20, metadata: note) }
    rig.settle()
    return (rig, topic)
  }

  @Test func aCutBetweenThemLeavesANewTopicNothing() throws {
    for hasSnapshot in [true, false] {
      let (rig, topic) = try node(SimDisk(SimDisk.Options(seed: 7)))
      rig.checkpoint()
      // The first of the two units, and nothing of the second.
      rig.engine.store.change([.topicDeleted(topic)])
      rig.settle()
      let again = try rig.afterCrash(hasSnapshot: hasSnapshot)
      #expect(again.engine.groups.groupNames.isEmpty)
      try expectNothingInherited(again)
    }
  }

  @Test func aCutAtAnyStepLeavesAllOrNothing() throws {
    var between = 0
    for trial in UInt64(1)...8 {
      for step in 1... {
        let disk = SimDisk(SimDisk.Options(seed: trial))
        let (rig, topic) = try node(disk)
        disk.cutPower(inStep: step)
        _ = try rig.engine.deleteTopic(topic).get()
        rig.settle()
        if !disk.isCut { break }
        for seed in UInt64(1)...5 {
          let again = try CoordinatorRig(disk.afterCrash(.seeded(seed)), clock: rig.clock)
          if again.engine.catalogue.topic(topic) != nil {
            for group in Self.groups { #expect(try again.fetched(group, partition: 19).offset == 3) }
          } else {
            if again.engine.coordinatorLoading.logRecords < 2 * 20 * Self.groups.count { between += 1 }
            try expectNothingInherited(again)
          }
        }
      }
    }
    #expect(between > 0, "no cut came between the two")
  }

  private func expectNothingInherited(_ rig: CoordinatorRig) throws {
    _ = try rig.makeTopic("t", partitions: 20)
    for found in [rig, try rig.afterCrash(), try rig.afterCrash(hasSnapshot: false)] {
      for group in Self.groups { #expect(try found.fetched(group, partition: 19).offset == -1) }
    }
  }
}
