import ByteCodec
import KafkaWire
import Testing
import Units

/// Few bytes that stand for many things: what they take is bounded, and so are the answers.
struct LongListTests {
  private let tooMany = (0..<110_000).map { "\($0)" }
  private let refused = ErrorCode.invalidRequest.rawValue

  @Test func whatTakesMoreThanItsShareDecodedIsTurnedAway() throws {
    let host = try Host(settings: ["memory.limit": "16777216"])
    let client = try host.client()
    try client.send(
      .metadata, MetadataRequest(topics: [MetadataRequest.Topic](repeating: .init(name: "a"), count: 60_000)),
      version: 12)
    #expect(try client.isClosedByPeer())
    #expect(host.log.first(containing: "budgetExceeded") != nil)
    let answer: MetadataResponse = try host.client().ask(.metadata, MetadataRequest(topics: nil), version: 12)
    #expect(answer.topics.isEmpty)
  }

  /// Many of them may wait decoded, so its entries may not outweigh its batches.
  @Test func aProduceOfNothingButEntriesIsTurnedAway() throws {
    let host = try Host()
    let client = try host.client()
    let entries = [ProduceRequest.TopicData.PartitionData](repeating: .init(index: 0), count: 100_000)
    try client.send(
      .produce, ProduceRequest(acks: 1, topicData: [.init(name: "t", partitionData: entries)]), version: 9)
    #expect(try client.isClosedByPeer())
    #expect(host.log.first(containing: "budgetExceeded") != nil)
  }

  @Test func tooManyNamesAreRefused() throws {
    let host = try Host()
    let client = try host.client()
    let groups: DescribeGroupsResponse = try client.ask(
      .describeGroups, DescribeGroupsRequest(groups: tooMany), version: 5)
    #expect(groups.groups.count == 100_000 && groups.groups.allSatisfy { $0.errorCode == refused })
    let consumers: ConsumerGroupDescribeResponse = try client.ask(
      .consumerGroupDescribe, ConsumerGroupDescribeRequest(groupIds: tooMany), version: 0)
    #expect(consumers.groups.count == 100_000 && consumers.groups.allSatisfy { $0.errorCode == refused })
    let deleted: DeleteGroupsResponse = try client.ask(
      .deleteGroups, DeleteGroupsRequest(groupsNames: tooMany), version: 2)
    #expect(deleted.results.count == 100_000 && deleted.results.allSatisfy { $0.errorCode == refused })
    let transactions: DescribeTransactionsResponse = try client.ask(
      .describeTransactions, DescribeTransactionsRequest(transactionalIds: tooMany), version: 0)
    #expect(transactions.transactionStates.count == 100_000)
    #expect(transactions.transactionStates.allSatisfy { $0.errorCode == refused })
    let found: FindCoordinatorResponse = try client.ask(
      .findCoordinator, FindCoordinatorRequest(coordinatorKeys: tooMany), version: 4)
    #expect(found.coordinators.count == 100_000 && found.coordinators.allSatisfy { $0.errorCode == refused })
    let offsets: OffsetFetchResponse = try client.ask(
      .offsetFetch, OffsetFetchRequest(groups: tooMany.map { .init(groupId: $0, topics: []) }), version: 8)
    #expect(offsets.groups.count == 100_000 && offsets.groups.allSatisfy { $0.errorCode == refused })
    let topics: MetadataResponse = try client.ask(
      .metadata, MetadataRequest(topics: tooMany.map { .init(name: $0) }, allowAutoTopicCreation: false), version: 12)
    #expect(topics.topics.count == 100_000 && topics.topics.allSatisfy { $0.errorCode == refused })
    let configs: DescribeConfigsResponse = try client.ask(
      .describeConfigs,
      DescribeConfigsRequest(resources: tooMany.map { .init(resourceType: 2, resourceName: $0) }), version: 4)
    #expect(configs.results.count == 100_000 && configs.results.allSatisfy { $0.errorCode == refused })
  }

  @Test func aNameThatIsRepeatedIsAnsweredOnce() throws {
    let host = try Host()
    let client = try host.client()
    let names = [String](repeating: "g", count: 40_000) + ["h"]
    let groups: DescribeGroupsResponse = try client.ask(
      .describeGroups, DescribeGroupsRequest(groups: names), version: 5)
    #expect(groups.groups.map(\.groupId) == ["g", "h"])
    let deleted: DeleteGroupsResponse = try client.ask(
      .deleteGroups, DeleteGroupsRequest(groupsNames: names), version: 2)
    #expect(deleted.results.map(\.groupId) == ["g", "h"])
    let offsets: OffsetFetchResponse = try client.ask(
      .offsetFetch,
      OffsetFetchRequest(groups: [
        .init(
          groupId: "g",
          topics: [.init(name: "t", partitionIndexes: [0, 1, 0]), .init(name: "t", partitionIndexes: [1, 2])]),
        .init(groupId: "g", topics: nil),
      ]), version: 8)
    #expect(offsets.groups.map(\.groupId) == ["g"])
    #expect(offsets.groups.first?.topics.map { $0.partitions.map(\.partitionIndex) } == [[0, 1], [2]])
  }

  /// Each has tens of kilobytes of documentation.
  @Test func settingsThatFillAnAnswerAreRefused() throws {
    let host = try Host(settings: ["memory.limit": "67108864"])
    let client = try host.client()
    let cluster: MetadataResponse = try client.ask(.metadata, MetadataRequest(topics: []), version: 12)
    let node = "\(try #require(cluster.brokers.first).nodeId)"
    let request = DescribeConfigsRequest(
      resources: [DescribeConfigsRequest.Resource](
        repeating: .init(resourceType: 4, resourceName: node), count: 590),
      includeSynonyms: true, includeDocumentation: true)
    try client.send(.describeConfigs, request, version: 4)
    let frame = try #require(try client.readFrame())
    #expect(frame.count < 4 << 20)
    var reader = ByteReader(ByteSlice(copying: frame))
    _ = try ResponseHeader(from: &reader, api: .describeConfigs, version: 4)
    let answer = try DescribeConfigsResponse(from: &reader, version: 4)
    #expect(answer.results.count == 590)
    #expect(answer.results.first?.errorCode == 0 && answer.results.last?.errorCode == refused)
  }
}
