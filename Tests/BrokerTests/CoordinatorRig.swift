import Broker
import Coordination
import KafkaWire
import LogStore
import Machine
import Settings
import SimMachine
import Testing
import Units

/// An engine on a simulated disk, driven by hand, and what its coordinators answered.
final class CoordinatorRig {
  let disk: SimDisk
  let clock: ManualClock
  let engine: Engine
  private let lanes: HeldLanes

  /// Opens `disk`; `hasSnapshot` false: as if the checkpoint had held none.
  init(
    _ disk: SimDisk = SimDisk(SimDisk.Options(seed: 7)), clock: ManualClock = ManualClock(), hasSnapshot: Bool = true
  )
    throws
  {
    self.disk = disk
    self.clock = clock
    var made: HeldLanes?
    let store = try LogStore(disk: disk, clock: clock, entropy: SeededEntropy(seed: 3)) { workshop in
      let lanes = HeldLanes(workshop)
      made = lanes
      return lanes
    }
    if !hasSnapshot { store.attachments = { [] } }
    engine = try Engine(store: store, clock: clock, entropy: SeededEntropy(seed: 4), statics: StaticSettings())
    lanes = try #require(made)
    settle()
  }

  /// The node as it starts on what the worst crash now would leave.
  func afterCrash(hasSnapshot: Bool = true) throws -> CoordinatorRig {
    try CoordinatorRig(disk.afterCrash(.worst), clock: clock, hasSnapshot: hasSnapshot)
  }

  /// Lets all jobs run, and those that follow from them.
  func settle() {
    engine.turnEnded()
    while let event = lanes.runFirst() {
      engine.laneFinished(event)
      engine.turnEnded()
    }
  }

  func checkpoint() {
    engine.store.beginCheckpoint()
    settle()
  }

  func makeTopic(_ name: String, partitions: Int32 = 4) throws -> UniqueID {
    let made = try engine.createTopic(name, partitions: partitions, overrides: [:]).get()
    settle()
    return made.value.id
  }

  /// An answer, and the sequence it waits for.
  struct Answered {
    var message: any WireMessage
    var after: JournalSequence
  }

  typealias Entry = (inout GroupCoordinator, Caller, Waiter, CoordinatorContext, inout Effects) -> Void

  /// Asks the machine of groups; the answer, where it came at once.
  func ask(_ version: Int16, decides: Bool = true, of groups: [String] = [], _ entry: Entry) -> Answered? {
    var answered: Answered?
    _ = engine.callGroups(
      of: groups, decides: decides, seesTopics: false, reply: { answered = Answered(message: $0, after: $1) }
    ) { machine, waiter, context, effects in
      entry(&machine, Caller(clientID: "test", host: "/127.0.0.1", version: version), waiter, context, &effects)
    }
    return answered
  }

  @discardableResult
  func commit(
    _ offset: Int64, group: String, topic: String = "t", partitions: Range<Int32> = 0..<1, metadata: String = ""
  ) -> Answered? {
    let request = OffsetCommitRequest(
      groupId: group, generationIdOrMemberEpoch: -1, memberId: "",
      topics: [
        .init(
          name: topic,
          partitions: partitions.map {
            .init(partitionIndex: $0, committedOffset: offset, committedLeaderEpoch: -1, committedMetadata: metadata)
          })
      ])
    return ask(8, of: [group]) { machine, caller, waiter, context, effects in
      machine.commitOffsets(request, from: caller, waiter: waiter, context, into: &effects)
    }
  }

  /// How far `group` has read a partition, and what the answer waits for.
  func fetched(_ group: String, topic: String = "t", partition: Int32 = 0) throws -> (
    offset: Int64, after: JournalSequence
  ) {
    let request = OffsetFetchRequest(
      groupId: group, topics: [.init(name: topic, partitionIndexes: [partition])])
    let answer = try #require(
      ask(5, decides: false, of: [group]) { machine, caller, waiter, context, effects in
        machine.fetchOffsets(request, from: caller, waiter: waiter, context, into: &effects)
      })
    let message = try #require(answer.message as? OffsetFetchResponse)
    return (try #require(message.topics.first?.partitions.first).committedOffset, answer.after)
  }

  func join(_ group: String, member: String = "", sessionMs: Int32 = 10_000) -> Answered? {
    let request = JoinGroupRequest(
      groupId: group, sessionTimeoutMs: sessionMs, rebalanceTimeoutMs: 60_000, memberId: member,
      protocolType: "consumer", protocols: [.init(name: "range", metadata: [0, 1])])
    return ask(3, of: [group]) { machine, caller, waiter, context, effects in
      machine.joinGroup(request, from: caller, waiter: waiter, context, into: &effects)
    }
  }

  func members(of group: String) throws -> Int {
    let answer = try #require(
      ask(5, decides: false, of: [group]) { machine, caller, waiter, context, effects in
        machine.describeGroups(
          DescribeGroupsRequest(groups: [group]), from: caller, waiter: waiter, context, into: &effects)
      })
    return try #require((answer.message as? DescribeGroupsResponse)?.groups.first).members.count
  }
}
