import Broker
import ByteCodec
import Coordination
import KafkaWire
import LogStore
import Machine
import Settings
import SimMachine
import Testing
import Units

/// The groups' machine in the engine: what is durable when, what a start brings back, and time.
struct CoordinatorTests {
  @Test func theFirstCommitMakesTheTopic() throws {
    let rig = try CoordinatorRig()
    _ = try rig.makeTopic("t")
    #expect(rig.engine.catalogue.topic(named: "__consumer_offsets") == nil)
    let answer = try #require(rig.commit(5, group: "g"))
    #expect(answer.after > rig.engine.store.durable)
    let topic = try #require(rig.engine.catalogue.topic(named: "__consumer_offsets")?.description)
    #expect(topic.partitionCount == 50)
    #expect(rig.engine.topicSettings(topic.id).cleanupPolicy.contains(.compact))
    let index = InternalTopic.partition(of: "g", of: 50)
    #expect(rig.engine.store.partition(PartitionKey(topic: topic.id, index: index))?.end == Offset(1))
    rig.settle()
    #expect(answer.after <= rig.engine.store.durable)
    #expect(try rig.afterCrash().fetched("g").offset == 5)
  }

  /// A change of one group's settings takes no time in proportion to what other groups have set.
  @Test func aGroupsSettingsAreAppliedAlone() throws {
    let rig = try CoordinatorRig()
    func group(_ number: Int) -> ConfiguredResource { ConfiguredResource(kind: .group, name: "g\(number)") }
    let time = ContinuousClock().measure {
      for number in 0..<4_000 {
        _ = rig.engine.setOverrides(group(number), ["consumer.session.timeout.ms": "\(50_000 + number)"])
      }
    }
    #expect(time < .seconds(5))
    #expect(rig.engine.groups.settings.consumer("g3999").sessionTimeoutMs == 53_999)
    _ = rig.engine.setOverrides(group(3_999), [:])
    #expect(rig.engine.groups.settings.consumer("g3999").sessionTimeoutMs == 45_000)
    #expect(rig.engine.groups.settings.consumer("g0").sessionTimeoutMs == 50_000)
    rig.settle()
    let again = try rig.afterCrash()
    #expect(again.engine.groups.settings.consumer("g1").sessionTimeoutMs == 50_001)
    #expect(again.engine.groups.settings.consumerOverrides.count == 3_999)
  }

  @Test func aReplyWaitsForWhatItShowsAndNothingElse() throws {
    let rig = try CoordinatorRig()
    _ = try rig.makeTopic("t")
    let committed = try #require(rig.commit(1, group: "a"))
    let (shown, other) = (try rig.fetched("a"), try rig.fetched("b"))
    #expect(shown.offset == 1 && shown.after == committed.after)
    #expect(other.offset == -1 && other.after == .start)
    rig.settle()
    #expect(try rig.fetched("a").after == .start)
  }

  @Test func aCommitOfManyBatchesIsThereWholeOrNotAtAll() throws {
    let rig = try CoordinatorRig()
    _ = try rig.makeTopic("t", partitions: 3_000)
    rig.commit(1, group: "g")
    rig.settle()
    let note = String(repeating: "n", count: 4_000)
    let answer = try #require(rig.commit(2, group: "g", partitions: 0..<3_000, metadata: note))
    #expect(try rig.afterCrash().fetched("g").offset == 1)
    rig.settle()
    #expect(answer.after <= rig.engine.store.durable)
    let again = try rig.afterCrash()
    for partition in [Int32(0), 1, 1_500, 2_999] {
      #expect(try again.fetched("g", partition: partition).offset == 2)
    }
    #expect(again.engine.groups.encoded == rig.engine.groups.encoded)
  }

  /// Snapshot and tail give the same bytes as the whole log, and both the same as the live state.
  @Test func bothWaysOfLoadingGiveTheLiveState() throws {
    let rig = try CoordinatorRig()
    _ = try rig.makeTopic("t")
    var random: UInt64 = 11
    func draw(_ bound: UInt64) -> UInt64 {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (random >> 33) % bound
    }
    for step in 1...3_000 {
      let group = "group-\(draw(40))"
      switch draw(20) {
      case 0: _ = rig.join("classic-\(draw(10))", sessionMs: 6_000)
      case 1: rig.clock.advance(byMs: Int64(draw(4_000)))
      case 2: rig.engine.timePassed()
      default:
        let first = Int32(draw(4))
        rig.commit(Int64(step), group: group, partitions: first..<first + Int32(draw(3)) + 1)
      }
      if draw(10) == 0 { rig.settle() }
      if step % 1_000 == 500 { rig.checkpoint() }
      guard step % 1_000 == 0 else { continue }
      rig.settle()
      let live = rig.engine.groups.encoded
      let (quick, full) = (try rig.afterCrash(), try rig.afterCrash(hasSnapshot: false))
      #expect(quick.engine.groups.encoded == live)
      #expect(full.engine.groups.encoded == live)
      #expect(quick.engine.coordinatorLoading.fullReplayReason == nil)
      #expect(full.engine.coordinatorLoading.fullReplayReason != nil)
      #expect(quick.engine.coordinatorLoading.logRecords < full.engine.coordinatorLoading.logRecords)
    }
  }

  @Test func aSnapshotThatCannotBeReadCostsOnlyTime() throws {
    let rig = try CoordinatorRig()
    _ = try rig.makeTopic("t")
    rig.commit(9, group: "g")
    rig.settle()
    rig.engine.store.attachments = {
      [PendingAttachment(name: CoordinatorSnapshot.name, version: 99) { .empty }]
    }
    rig.checkpoint()
    let again = try rig.afterCrash()
    #expect(again.engine.coordinatorLoading.fullReplayReason != nil)
    #expect(try again.fetched("g").offset == 9)
  }

  /// What is known of such a group is what it once was: nobody is told so, and no timer decides by it.
  @Test func aGroupWithRecordsThatCannotBeReadWaitsForTheirRepair() throws {
    let rig = try CoordinatorRig()
    _ = try rig.makeTopic("t")
    for offset in 1...3 as ClosedRange<Int64> {
      rig.commit(offset, group: "broken")
      rig.commit(offset, group: "sound")
      rig.settle()
    }
    rig.checkpoint()
    let topic = try #require(rig.engine.catalogue.id(of: "__consumer_offsets"))
    let partition = PartitionKey(topic: topic, index: InternalTopic.partition(of: "broken", of: 50))
    #expect(partition.index != InternalTopic.partition(of: "sound", of: 50))
    let record = try #require(rig.engine.store.partition(partition)?.end)
    let segment = "\(partition.folder)/00000000000000000000.log"
    let disk = rig.disk.afterCrash(.worst)
    let last = FilePosition(Int64(try #require(disk.contents(segment)).count - 1))
    #expect(disk.flipBit(segment, at: last))

    let damaged = try CoordinatorRig(disk, clock: rig.clock, hasSnapshot: false)
    #expect(damaged.engine.coordinatorLoading.unreadable.count == 1)
    #expect(damaged.commit(4, group: "broken") == nil)
    #expect(try damaged.fetched("sound").offset == 3)
    damaged.clock.advance(byMs: 8 * 86_400_000)
    damaged.engine.timePassed()
    damaged.settle()
    #expect(try damaged.fetched("sound").offset == -1, "it has expired")
    #expect(damaged.engine.store.partition(partition)?.end == record)
    damaged.checkpoint()

    let repaired = damaged.disk.afterCrash(.worst)
    #expect(repaired.flipBit(segment, at: last))
    let again = try CoordinatorRig(repaired, clock: rig.clock)
    #expect(again.engine.coordinatorLoading.unreadable.isEmpty)
    #expect(try again.fetched("broken").offset == 3)
  }

  /// The program ends at once; who has the engine in a process with other things can still take it down.
  @Test(arguments: [false, true]) func aStopReturnsThoughTheDiskHasFailed(_ failsMeanwhile: Bool) throws {
    let rig = try CoordinatorRig()
    _ = try rig.makeTopic("t")
    rig.commit(1, group: "g")
    rig.disk.cutPower()
    if !failsMeanwhile { rig.settle() }
    #expect((rig.engine.store.failure == nil) == failsMeanwhile)
    var isDone = false
    rig.engine.shutDown { isDone = true }
    rig.settle()
    #expect(isDone && rig.engine.store.failure != nil)
    #expect(rig.engine.nextDeadline == .distantFuture)
  }

  @Test func theWallClockNeitherExpiresNorKeepsMembers() throws {
    let rig = try CoordinatorRig()
    #expect(rig.join("g") == nil, "the first member waits for the initial delay")
    rig.clock.advance(byMs: 3_000)
    rig.engine.timePassed()
    #expect(try rig.members(of: "g") == 1)
    rig.clock.setWallClock(Timestamp(milliseconds: rig.clock.wallClock().milliseconds + 30 * 86_400_000))
    rig.engine.timePassed()
    #expect(try rig.members(of: "g") == 1)
    rig.clock.setWallClock(Timestamp(milliseconds: 0))
    rig.clock.advance(byMs: 130_000)
    rig.engine.timePassed()
    #expect(try rig.members(of: "g") == 0)
  }

  @Test func aTopicTakesItsOffsetsAlong() throws {
    let rig = try CoordinatorRig()
    let id = try rig.makeTopic("t")
    _ = try rig.makeTopic("u")
    rig.commit(3, group: "g")
    rig.commit(4, group: "g", topic: "u")
    rig.settle()
    _ = try rig.engine.deleteTopic(id).get()
    rig.settle()
    #expect(try rig.fetched("g").offset == -1)
    let again = try rig.afterCrash()
    #expect(try again.fetched("g").offset == -1)
    #expect(try again.fetched("g", topic: "u").offset == 4)
  }

  @Test func theTopicsOfCoordinatorsKeepTheirPartitions() throws {
    let rig = try CoordinatorRig()
    _ = try rig.makeTopic("t")
    rig.commit(1, group: "g")
    let id = try #require(rig.engine.catalogue.id(of: "__consumer_offsets"))
    for refused in [
      rig.engine.addPartitions(to: id, count: 60).map { _ in () }, rig.engine.deleteTopic(id).map { _ in () },
    ] {
      guard case .failure(let refusal) = refused else {
        Issue.record("an internal topic was changed")
        continue
      }
      #expect(refusal.kind == .policyViolation)
    }
  }
}
