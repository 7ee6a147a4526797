import ByteCodec
import KafkaDoor
import KafkaWire
import MillraceServer
import Testing
import Units

/// The APIs of groups over a socket: every version, and what a parked request keeps back.
struct GroupTests {
  private func commit(_ group: String, _ offset: Int64, topic: String = "t", id: UniqueID = .zero)
    -> OffsetCommitRequest
  {
    OffsetCommitRequest(
      groupId: group, generationIdOrMemberEpoch: -1, memberId: "",
      topics: [
        .init(
          topicId: id, name: topic,
          partitions: [
            .init(partitionIndex: 0, committedOffset: offset, committedLeaderEpoch: 3, committedMetadata: "note")
          ])
      ])
  }

  @Test func offsetsAreCommittedAndFetchedInEveryVersion() throws {
    let host = try Host()
    let topic = try host.makeTopic("t")
    let client = try host.client()
    for version in Int16(2)...10 {
      let answer: OffsetCommitResponse = try client.ask(
        .offsetCommit, commit("g\(version)", Int64(version), id: topic), version: version)
      #expect(answer.topics.first?.partitions.first?.errorCode == 0)
    }
    for version in Int16(1)...10 {
      let wanted = version == 1 ? "g2" : "g\(version)"
      let request = OffsetFetchRequest(
        groups: [.init(groupId: wanted, topics: [.init(topicId: topic, name: "t", partitionIndexes: [0, 1])])],
        groupId: wanted, topics: [.init(name: "t", partitionIndexes: [0, 1])])
      let answer: OffsetFetchResponse = try client.ask(.offsetFetch, request, version: version)
      let expected = Int64(max(version, 2))
      if version >= 8 {
        let partitions = try #require(answer.groups.first?.topics.first).partitions
        #expect(partitions.map(\.committedOffset) == [expected, -1])
        #expect(partitions.first?.committedLeaderEpoch == 3 && partitions.first?.metadata == "note")
      } else {
        #expect(try #require(answer.topics.first).partitions.map(\.committedOffset) == [expected, -1])
        #expect(answer.errorCode == 0)
      }
    }
  }

  @Test func internalTopicsAreShownAndKept() throws {
    let host = try Host()
    try host.makeTopic("t")
    let client = try host.client()
    let _: OffsetCommitResponse = try client.ask(.offsetCommit, commit("g", 1), version: 8)
    let metadata: MetadataResponse = try client.ask(.metadata, MetadataRequest(topics: nil), version: 12)
    let found = try #require(metadata.topics.first { $0.name == "__consumer_offsets" })
    #expect(found.isInternal && found.partitions.count == 50)
    let produced: ProduceResponse = try client.ask(
      .produce,
      ProduceRequest(
        acks: -1, timeoutMs: 1_000,
        topicData: [.init(name: "__consumer_offsets", partitionData: [.init(index: 0, records: try batch(["x"]))])]),
      version: 12)
    #expect(
      produced.responses.first?.partitionResponses.first?.errorCode == ErrorCode.invalidTopicException.rawValue)
    let deleted: DeleteTopicsResponse = try client.ask(
      .deleteTopics, DeleteTopicsRequest(topics: [.init(name: "__consumer_offsets")]), version: 6)
    #expect(deleted.responses.first?.errorCode == ErrorCode.policyViolation.rawValue)
  }

  private func join(_ group: String, _ member: String = "") -> JoinGroupRequest {
    JoinGroupRequest(
      groupId: group, sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 30_000, memberId: member, protocolType: "consumer",
      protocols: [.init(name: "range", metadata: [1, 2, 3])])
  }

  /// Somebody else's request to join, on another connection, has arrived when the member must join again.
  private func beatUntilOthersJoin(_ client: Client, _ member: String) throws {
    var beat = HeartbeatResponse()
    repeat {
      beat = try client.ask(
        .heartbeat, HeartbeatRequest(groupId: "g", generationId: 1, memberId: member), version: 3)
    } while beat.errorCode == 0
    #expect(beat.errorCode == ErrorCode.rebalanceInProgress.rawValue)
  }

  @Test(arguments: Int16(0)...9) func aMemberJoinsSyncsBeatsAndLeaves(version: Int16) throws {
    let host = try Host(settings: ["group.initial.rebalance.delay.ms": "0"])
    let client = try host.client()
    var joined: JoinGroupResponse = try client.ask(.joinGroup, join("g"), version: version)
    if version >= 4 {
      #expect(joined.errorCode == ErrorCode.memberIdRequired.rawValue)
      joined = try client.ask(.joinGroup, join("g", joined.memberId), version: version)
    }
    #expect(joined.errorCode == 0 && joined.generationId == 1 && joined.leader == joined.memberId)
    #expect(joined.members.map(\.metadata) == [[1, 2, 3]])
    let member = joined.memberId
    let synced: SyncGroupResponse = try client.ask(
      .syncGroup,
      SyncGroupRequest(
        groupId: "g", generationId: 1, memberId: member, protocolType: "consumer", protocolName: "range",
        assignments: [.init(memberId: member, assignment: [9, 8])]), version: min(version, 5))
    #expect(synced.errorCode == 0 && synced.assignment == [9, 8])
    let beat: HeartbeatResponse = try client.ask(
      .heartbeat, HeartbeatRequest(groupId: "g", generationId: 1, memberId: member), version: min(version, 4))
    #expect(beat.errorCode == 0)
    let described: DescribeGroupsResponse = try client.ask(
      .describeGroups, DescribeGroupsRequest(groups: ["g"]), version: min(version, 6))
    #expect(described.groups.first?.groupState == "Stable")
    #expect(described.groups.first?.members.first?.clientHost == "/127.0.0.1")
    let listed: ListGroupsResponse = try client.ask(.listGroups, ListGroupsRequest(), version: min(version, 5))
    #expect(listed.groups.map(\.groupId) == ["g"])
    let left: LeaveGroupResponse = try client.ask(
      .leaveGroup, LeaveGroupRequest(groupId: "g", members: [.init(memberId: member)], memberId: member),
      version: min(version, 5))
    #expect(left.errorCode == 0)
    let gone: DeleteGroupsResponse = try client.ask(
      .deleteGroups, DeleteGroupsRequest(groupsNames: ["g", "none"]), version: min(version, 2))
    #expect(gone.results.map(\.errorCode) == [0, ErrorCode.groupIdNotFound.rawValue])
  }

  @Test func aGroupTellsOfItsLastRebalanceWhenAskedByName() throws {
    let host = try Host(settings: ["group.initial.rebalance.delay.ms": "0"])
    let client = try host.client()
    func told(_ names: [String]?) throws -> [String: String?] {
      let answer: DescribeConfigsResponse = try client.ask(
        .describeConfigs,
        DescribeConfigsRequest(resources: [.init(resourceType: 32, resourceName: "g", configurationKeys: names)]),
        version: 4)
      let configs = try #require(answer.results.first).configs
      return Dictionary(configs.map { ($0.name, $0.value) }) { $1 }
    }
    let names = RebalanceFact.allCases.map(\.rawValue)
    #expect(try told(names).isEmpty, "there is no group")
    let joined: JoinGroupResponse = try client.ask(.joinGroup, join("g"), version: 3)
    var facts = try told(names)
    #expect(facts[RebalanceFact.reason.rawValue] == "member-joined")
    #expect(facts[RebalanceFact.member.rawValue] == joined.memberId)
    #expect(facts[RebalanceFact.host.rawValue] == "/127.0.0.1" && facts[RebalanceFact.count.rawValue] == "1")
    let other = try host.client()
    let waits = try other.send(.joinGroup, join("g"), version: 3)
    try beatUntilOthersJoin(client, joined.memberId)
    let again: JoinGroupResponse = try client.ask(.joinGroup, join("g", joined.memberId), version: 3)
    #expect(again.members.count == 2)
    let second: JoinGroupResponse = try other.receive(.joinGroup, version: 3, waits)
    let left: LeaveGroupResponse = try client.ask(
      .leaveGroup,
      LeaveGroupRequest(groupId: "g", members: [.init(memberId: second.memberId, reason: "shut down")]), version: 5)
    #expect(left.errorCode == 0)
    facts = try told([RebalanceFact.reason.rawValue, RebalanceFact.member.rawValue, RebalanceFact.said.rawValue])
    #expect(
      facts == [
        RebalanceFact.reason.rawValue: "member-left", RebalanceFact.member.rawValue: second.memberId,
        RebalanceFact.said.rawValue: "shut down",
      ])
    #expect(try told(nil).keys.allSatisfy { !names.contains($0) }, "no list has them")
  }

  @Test func aParkedJoinKeepsBackOnlyItsOwnConnection() throws {
    let host = try Host(settings: ["group.initial.rebalance.delay.ms": "0"])
    let first = try host.client()
    let one: JoinGroupResponse = try first.ask(.joinGroup, join("g"), version: 3)
    #expect(one.errorCode == 0)
    let second = try host.client()
    let parked = try second.send(.joinGroup, join("g"), version: 3)
    let behind = try second.send(.apiVersions, ApiVersionsRequest(), version: 0)
    // The first member still answers for itself, and hears that it must join again.
    try beatUntilOthersJoin(first, one.memberId)
    let again: JoinGroupResponse = try first.ask(.joinGroup, join("g", one.memberId), version: 3)
    #expect(again.generationId == 2 && again.members.count == 2)
    let two: JoinGroupResponse = try second.receive(.joinGroup, version: 3, parked)
    #expect(two.generationId == 2 && two.errorCode == 0)
    let versions: ApiVersionsResponse = try second.receive(.apiVersions, version: 0, behind)
    #expect(versions.errorCode == 0)
  }

  @Test func aDisconnectedJoinIsForgotten() throws {
    let host = try Host(settings: ["group.initial.rebalance.delay.ms": "0"])
    let first = try host.client()
    let one: JoinGroupResponse = try first.ask(.joinGroup, join("g"), version: 3)
    do {
      let second = try host.client()
      try second.send(.joinGroup, join("g"), version: 3)
      try beatUntilOthersJoin(first, one.memberId)
    }
    let again: JoinGroupResponse = try first.ask(.joinGroup, join("g", one.memberId), version: 3)
    #expect(again.errorCode == 0 && again.generationId == 2)
  }

  /// Connect's workers and schema registries bring a type of their own: what they tell each other is theirs alone.
  @Test func membersOfConnectShareOutTheirWorkAcrossARebalance() throws {
    let host = try Host(settings: ["group.initial.rebalance.delay.ms": "0"])
    let (first, second) = (try host.client(), try host.client())
    func joining(_ member: String, _ type: String, _ url: [UInt8]) -> JoinGroupRequest {
      JoinGroupRequest(
        groupId: "connect-cluster", sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 30_000, memberId: member,
        protocolType: type,
        protocols: [.init(name: "sessioned", metadata: url + [0xFF]), .init(name: "compatible", metadata: url)])
    }
    func entry(_ client: Client, _ url: [UInt8]) throws -> String {
      let refused: JoinGroupResponse = try client.ask(.joinGroup, joining("", "connect", url), version: 9)
      #expect(refused.errorCode == ErrorCode.memberIdRequired.rawValue)
      return refused.memberId
    }
    let one = try entry(first, [1])
    let alone: JoinGroupResponse = try first.ask(.joinGroup, joining(one, "connect", [1]), version: 9)
    #expect(alone.errorCode == 0 && alone.protocolType == "connect" && alone.protocolName == "sessioned")

    let two = try entry(second, [2])
    let parked = try second.send(.joinGroup, joining(two, "connect", [2]), version: 9)
    var beat = HeartbeatResponse()
    repeat {
      beat = try first.ask(
        .heartbeat, HeartbeatRequest(groupId: "connect-cluster", generationId: 1, memberId: one), version: 4)
    } while beat.errorCode == 0
    let led: JoinGroupResponse = try first.ask(.joinGroup, joining(one, "connect", [1]), version: 9)
    let followed: JoinGroupResponse = try second.receive(.joinGroup, version: 9, parked)
    #expect(led.generationId == 2 && followed.generationId == 2 && led.leader == one && followed.leader == one)
    #expect(led.members.map(\.metadata) == [[1, 0xFF], [2, 0xFF]] && followed.members.isEmpty)

    func sync(_ member: String, _ assignments: [SyncGroupRequest.Assignment]) -> SyncGroupRequest {
      SyncGroupRequest(
        groupId: "connect-cluster", generationId: 2, memberId: member, protocolType: "connect",
        protocolName: "sessioned", assignments: assignments)
    }
    let waiting = try second.send(.syncGroup, sync(two, []), version: 5)
    let toFirst: SyncGroupResponse = try first.ask(
      .syncGroup, sync(one, [.init(memberId: one, assignment: [7, 0]), .init(memberId: two, assignment: [])]),
      version: 5)
    let toSecond: SyncGroupResponse = try second.receive(.syncGroup, version: 5, waiting)
    #expect(toFirst.assignment == [7, 0] && toFirst.protocolType == "connect")
    #expect(toSecond.errorCode == 0 && toSecond.assignment.isEmpty)

    let stranger = try host.client()
    let refused: JoinGroupResponse = try stranger.ask(.joinGroup, joining("", "consumer", [3]), version: 3)
    #expect(refused.errorCode == ErrorCode.inconsistentGroupProtocol.rawValue)
    let listed: ListGroupsResponse = try stranger.ask(.listGroups, ListGroupsRequest(), version: 5)
    #expect(listed.groups.map(\.protocolType) == ["connect"])
    let described: DescribeGroupsResponse = try stranger.ask(
      .describeGroups, DescribeGroupsRequest(groups: ["connect-cluster"]), version: 5)
    let group = try #require(described.groups.first)
    #expect(group.groupState == "Stable" && group.protocolType == "connect" && group.protocolData == "sessioned")
    #expect(group.members.map(\.memberMetadata) == [[1, 0xFF], [2, 0xFF]])
    #expect(group.members.map(\.memberAssignment) == [[7, 0], []])
  }
}
