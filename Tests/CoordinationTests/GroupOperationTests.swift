import Coordination
import KafkaWire
import Testing
import Units

/// Thousands of random operations on a few groups: what is alive equals what any form of the log gives.
@Suite struct GroupOperationTests {
  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
  func liveStateEqualsReplay(seed: UInt64) {
    var run = RandomGroups(seed: seed)
    for thousand in 1...5 {
      for _ in 0..<1000 {
        run.step()
        #expect(run.rig.coordinator.heldBytes == run.rig.coordinator.recountedBytes)
      }
      let live = run.rig.coordinator.encoded
      let settings = run.rig.coordinator.settings
      let log = run.rig.log
      #expect(GroupRig.replay(log, settings).encoded == live, "seed \(seed), thousand \(thousand): the whole log")
      let compacted = GroupRig.compacted(log)
      #expect(compacted.count <= log.count)
      #expect(
        GroupRig.replay(compacted, settings).encoded == live, "seed \(seed), thousand \(thousand): compacted")
      let tail = log[run.snapshotAt...]
      #expect(
        GroupRig.replay(tail, settings, after: run.snapshot).encoded == live,
        "seed \(seed), thousand \(thousand): snapshot and tail")
      #expect(
        GroupRig.replay([], settings, after: run.rig.coordinator.snapshot()).encoded == live,
        "seed \(seed), thousand \(thousand): snapshot alone")
      let loaded = GroupRig.replay(log, settings)
      #expect(loaded.heldBytes == loaded.recountedBytes && loaded.heldBytes > 0)
      #expect(run.rig.answeredTwice.isEmpty)
      #expect(live.count > 100)
    }
    #expect(run.rounds > 100)
    #expect(run.commits > 50)
    #expect(run.beats > 50)
    #expect(run.unanswered == 0)
    #expect(run.conversions > 5, "groups that changed their protocol")
  }
}

/// Clients that do anything at any time.
struct RandomGroups {
  private struct Client {
    var member = ""
    var generation: Int32 = -1
    var instance: String?
    var isLeader = false
    var members: [String] = []
    var pending: Waiter?
    /// As a member of the new protocol.
    var epoch: Int32 = 0
    var owned: [ConsumerGroupHeartbeatRequest.TopicPartition] = []
  }

  var rig: GroupRig
  var snapshot: [CoordinatorWrite] = []
  var snapshotAt = 0
  var rounds = 0
  var commits = 0
  var beats = 0
  var conversions = 0
  /// Requests that are answered at once, and were not.
  var unanswered = 0
  private var random: RandomNumbers
  private let groups = ["a", "b", "c", "d"]
  private var clients: [[Client]]
  private var waiting: [Waiter: (group: Int, client: Int)] = [:]

  init(seed: UInt64) {
    random = RandomNumbers(seed: seed)
    var settings = GroupCoordinatorSettings()
    settings.offsetsRetentionMs = 200_000
    settings.offsetsRetentionCheckIntervalMs = 50_000
    settings.offsetsTopicPartitions = 3
    settings.maxSize = 5
    rig = GroupRig(settings, topics: ["t", "u", "v"])
    clients = (0..<4).map { _ in
      (0..<6).map { Client(instance: $0 < 2 ? "static\($0)" : nil) }
    }
  }

  mutating func step() {
    let group = random.below(groups.count)
    let client = random.below(6)
    switch random.below(100) {
    case 0..<22: join(group, client)
    case 22..<40: sync(group, client)
    case 40..<48: consume(group, client)
    case 48..<53: beat(group, client)
    case 53..<57: leave(group, client)
    case 57..<67: commit(group, client)
    case 67..<75: stage(group, client)
    case 75..<81: end()
    case 81..<92: fireTimer()
    case 92..<94: deleteSomething(group)
    case 94: recreateTopic()
    case 95..<97: dropConnection()
    case 97: takeSnapshot()
    default: if random.chance(25) { restart() }
    }
  }

  private mutating func absorb(_ effects: Effects) {
    // A conversion removes the records of one kind and writes those of the other.
    conversions += effects.writes.count { write in
      let kinds = Set(write.records.filter { $0.key.count > 1 && $0.value != nil }.map { $0.key[1] })
      let gone = Set(write.records.filter { $0.key.count > 1 && $0.value == nil }.map { $0.key[1] })
      return kinds.contains(2) && gone.contains(3) || kinds.contains(3) && gone.contains(2)
    }
    for reply in effects.replies {
      guard let (group, client) = waiting.removeValue(forKey: reply.waiter) else { continue }
      clients[group][client].pending = nil
      switch reply.message {
      case let join as JoinGroupResponse:
        clients[group][client].member = join.memberId
        guard join.errorCode == 0 else { continue }
        clients[group][client].generation = join.generationId
        clients[group][client].isLeader = join.leader == join.memberId
        clients[group][client].members = join.members.map(\.memberId)
        rounds += 1
      case let sync as SyncGroupResponse where sync.errorCode == 25: clients[group][client].member = ""
      case let commit as OffsetCommitResponse:
        commits += commit.topics.first?.partitions.first?.errorCode == 0 ? 1 : 0
      case let beat as ConsumerGroupHeartbeatResponse:
        beats += beat.errorCode == 0 ? 1 : 0
        clients[group][client].epoch = beat.errorCode == 0 ? max(beat.memberEpoch, 0) : 0
        if beat.errorCode != 0 { clients[group][client].owned = [] }
        guard let told = beat.assignment else { continue }
        clients[group][client].owned = told.topicPartitions.map {
          .init(topicId: $0.topicId, partitions: $0.partitions)
        }
      default: break
      }
    }
    for work in effects.patternWork {
      let result = work.run(on: rig.topics.topicsByName.map(\.name))
      absorb(rig.perform { $0.patternsMatched(result, $1, into: &$2) })
    }
  }

  /// A heartbeat of the new protocol: most groups go to and fro between the protocols.
  private mutating func consume(_ group: Int, _ client: Int) {
    let who = clients[group][client]
    let joins = who.epoch == 0
    let leaves = !joins && random.chance(25)
    let request = ConsumerGroupHeartbeatRequest(
      groupId: groups[group], memberId: "k\(client)", memberEpoch: leaves ? -1 : who.epoch,
      rebalanceTimeoutMs: joins ? 30_000 : -1, subscribedTopicNames: joins ? [random.chance(50) ? "t" : "u"] : nil,
      subscribedTopicRegex: joins && random.chance(20) ? "[tv]" : nil,
      topicPartitions: joins ? [] : who.owned)
    let waiter = ask(group, client)
    absorb(
      rig.perform { $0.consumerGroupHeartbeat(request, from: Self.caller(client), waiter: waiter, $1, into: &$2) })
    unanswered += waiting[waiter] == nil ? 0 : 1
  }

  private static func caller(_ client: Int) -> Caller { Caller(clientID: "c\(client)", host: "/h", version: 9) }

  private mutating func ask(_ group: Int, _ client: Int) -> Waiter {
    let waiter = rig.waiter()
    waiting[waiter] = (group, client)
    clients[group][client].pending = waiter
    return waiter
  }

  private mutating func join(_ group: Int, _ client: Int) {
    let who = clients[group][client]
    let forgets = random.chance(5)
    let request = JoinGroupRequest(
      groupId: groups[group], sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 30_000,
      memberId: forgets ? "" : who.member, groupInstanceId: who.instance, protocolType: "consumer",
      protocols: [
        .init(name: "range", metadata: Self.subscription(["t"])),
        .init(name: "other", metadata: Self.subscription(random.chance(10) ? ["u"] : ["t"])),
      ])
    let waiter = ask(group, client)
    absorb(rig.perform { $0.joinGroup(request, from: Self.caller(client), waiter: waiter, $1, into: &$2) })
  }

  static func subscription(_ topics: [String]) -> [UInt8] {
    var bytes: [UInt8] = [0, 0, 0, 0, 0, UInt8(topics.count)]
    for topic in topics {
      bytes += [0, UInt8(topic.utf8.count)]
      bytes += topic.utf8
    }
    bytes += [0xff, 0xff, 0xff, 0xff] as [UInt8]
    return bytes
  }

  /// An assignment of no partitions, as consumers write it.
  private static let nothing: [UInt8] = [0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]

  private mutating func sync(_ group: Int, _ client: Int) {
    let who = clients[group][client]
    let given =
      who.isLeader ? who.members.map { SyncGroupRequest.Assignment(memberId: $0, assignment: Self.nothing) } : []
    let request = SyncGroupRequest(
      groupId: groups[group], generationId: who.generation, memberId: who.member, groupInstanceId: who.instance,
      assignments: given)
    let waiter = ask(group, client)
    var caller = Self.caller(client)
    caller.version = 4
    absorb(rig.perform { $0.syncGroup(request, from: caller, waiter: waiter, $1, into: &$2) })
  }

  private mutating func beat(_ group: Int, _ client: Int) {
    let who = clients[group][client]
    let request = HeartbeatRequest(
      groupId: groups[group], generationId: who.generation, memberId: who.member, groupInstanceId: who.instance)
    let waiter = ask(group, client)
    absorb(rig.perform { $0.heartbeat(request, from: Self.caller(client), waiter: waiter, $1, into: &$2) })
  }

  private mutating func leave(_ group: Int, _ client: Int) {
    let who = clients[group][client]
    let request = LeaveGroupRequest(
      groupId: groups[group],
      members: [.init(memberId: random.chance(50) ? who.member : "", groupInstanceId: who.instance)])
    let waiter = ask(group, client)
    absorb(rig.perform { $0.leaveGroup(request, from: Self.caller(client), waiter: waiter, $1, into: &$2) })
  }

  private mutating func commit(_ group: Int, _ client: Int) {
    let who = clients[group][client]
    let simple = random.chance(40)
    let request = OffsetCommitRequest(
      groupId: groups[group], generationIdOrMemberEpoch: simple ? -1 : who.generation,
      memberId: simple ? "" : who.member, retentionTimeMs: random.chance(20) ? 60_000 : -1,
      topics: [
        .init(
          name: ["t", "u", "v"][random.below(3)],
          partitions: [
            .init(
              partitionIndex: Int32(random.below(3)), committedOffset: Int64(random.below(1000)),
              committedMetadata: String(repeating: "n", count: random.below(40)))
          ])
      ])
    let waiter = ask(group, client)
    absorb(rig.perform { $0.commitOffsets(request, from: Self.caller(client), waiter: waiter, $1, into: &$2) })
  }

  private mutating func stage(_ group: Int, _ client: Int) {
    let request = TxnOffsetCommitRequest(
      transactionalId: "x", groupId: groups[group], producerId: Int64(random.below(3)), producerEpoch: 0,
      topics: [
        .init(
          name: ["t", "u"][random.below(2)],
          partitions: [
            .init(partitionIndex: Int32(random.below(3)), committedOffset: Int64(random.below(1000)))
          ])
      ])
    let waiter = ask(group, client)
    absorb(rig.perform { $0.stageOffsets(request, from: Self.caller(client), waiter: waiter, $1, into: &$2) })
  }

  private mutating func end() {
    rig.end(Int64(random.below(3)), committed: random.chance(70))
  }

  /// Any timer, in any order: a scheduler may be late for one and not for another.
  private mutating func fireTimer() {
    let timers = rig.timers.keys.sorted { "\($0)" < "\($1)" }
    guard !timers.isEmpty else { return }
    absorb(rig.fire(timers[random.below(timers.count)]))
  }

  private mutating func deleteSomething(_ group: Int) {
    let waiter = rig.waiter()
    let name = groups[group]
    if random.chance(40) {
      rig.perform {
        $0.deleteGroups(
          DeleteGroupsRequest(groupsNames: [name]), from: Self.caller(0), waiter: waiter, $1, into: &$2)
      }
    } else {
      let request = OffsetDeleteRequest(
        groupId: name, topics: [.init(name: "u", partitions: [.init(partitionIndex: 0), .init(partitionIndex: 1)])])
      rig.perform { $0.deleteOffsets(request, from: Self.caller(0), waiter: waiter, $1, into: &$2) }
    }
  }

  private mutating func recreateTopic() {
    guard let facts = rig.topics.byName["v"] else { return }
    rig.topics.byName["v"] = nil
    absorb(rig.perform { $0.topicDeleted(facts, $1, into: &$2) })
    absorb(rig.perform { $0.topicsChanged($1, into: &$2) })
    rig.addTopic("v")
    absorb(rig.perform { $0.topicsChanged($1, into: &$2) })
  }

  private mutating func dropConnection() {
    guard let waiter = waiting.keys.min(by: { $0.number < $1.number }) else { return }
    if let (group, client) = waiting.removeValue(forKey: waiter) { clients[group][client].pending = nil }
    absorb(rig.perform { $0.waiterGone(waiter, $1, into: &$2) })
  }

  private mutating func takeSnapshot() {
    snapshot = rig.coordinator.snapshot()
    snapshotAt = rig.log.count
  }

  private mutating func restart() {
    waiting = [:]
    let settings = rig.coordinator.settings
    switch random.below(3) {
    case 0: rig.restart()
    case 1: rig.restart(GroupRig.replay(GroupRig.compacted(rig.log), settings))
    default: rig.restart(GroupRig.replay(rig.log[snapshotAt...], settings, after: snapshot))
    }
  }
}
