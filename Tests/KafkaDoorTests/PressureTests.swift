import KafkaWire
import Testing
import Units

/// A journal that fills up because its checkpoint does not come to an end, seen from the socket.
struct PressureTests {
  /// Larger than what counts as small.
  private func produce(bytes: Int = 70_000) throws -> ProduceRequest {
    ProduceRequest(
      acks: -1, timeoutMs: 1_000,
      topicData: [
        .init(
          name: "t", partitionData: [.init(index: 0, records: try batch([String(repeating: "x", count: bytes)]))])
      ])
  }

  private func code(_ response: ProduceResponse) -> Int16? {
    response.responses.first?.partitionResponses.first?.errorCode
  }

  @Test func producersAreSlowedThenWaitAndGetNoError() throws {
    let host = try StuckHost(journalCap: .mebi(1))
    let (client, other) = (try host.client(), try host.client())
    let made: MetadataResponse = try other.ask(.metadata, MetadataRequest(topics: [.init(name: "t")]), version: 12)
    #expect(made.topics.first?.errorCode == 0)
    var sent = 0
    while host.facts().admits, sent < 40 {
      if sent < 10 { #expect(host.facts().pauses == 0, "slowed at the \(sent)th") }
      let stored: ProduceResponse = try client.ask(.produce, produce(), version: 12)
      #expect(code(stored) == 0)
      sent += 1
    }
    #expect(!host.facts().admits && (13..<18).contains(sent))
    #expect(host.facts().pauses >= 3)

    // Another producer, which nothing slows: its request waits, while whoever reads, or has little to write, is served.
    let producer = try host.client()
    let waiting = try producer.send(.produce, produce(), version: 12)
    let seen: MetadataResponse = try other.ask(.metadata, MetadataRequest(topics: [.init(name: "t")]), version: 12)
    #expect(seen.topics.first?.errorCode == 0)
    let little: ProduceResponse = try other.ask(.produce, produce(bytes: 10), version: 12)
    #expect(code(little) == 0)
    let ends: ListOffsetsResponse = try other.ask(
      .listOffsets,
      ListOffsetsRequest(
        replicaId: -1, topics: [.init(name: "t", partitions: [.init(partitionIndex: 0, timestamp: -1)])]), version: 7)
    #expect(ends.topics.first?.partitions.first?.offset == Int64(sent) + 1)
    #expect(!host.facts().admits)
    host.release()
    let late: ProduceResponse = try producer.receive(.produce, version: 12, waiting)
    #expect(code(late) == 0)
    #expect(host.facts().admits)
  }

  /// Not only those who fetch fill the memory for answers.
  @Test func answersOfAnyKindThatNobodyTakesAreBounded() throws {
    let host = try Host(settings: ["memory.limit": "16777216"])
    let good = try host.client()
    let cluster: MetadataResponse = try good.ask(.metadata, MetadataRequest(topics: []), version: 12)
    let node = "\(try #require(cluster.brokers.first).nodeId)"
    // About half a megabyte each time, of 3 MiB that all answers may take.
    let request = DescribeConfigsRequest(
      resources: (0..<10).map { _ in .init(resourceType: 4, resourceName: node) }, includeSynonyms: true,
      includeDocumentation: true)
    var readers: [Client] = []
    for _ in 0..<16 {
      let reader = try Client(host.address, receiveBuffer: 4_096)
      for _ in 0..<4 { try reader.send(.describeConfigs, request, version: 4) }
      readers.append(reader)
    }
    #expect(host.log.first(containing: "left its answers untaken") != nil)
    let answer: DescribeConfigsResponse = try good.ask(.describeConfigs, request, version: 4)
    #expect(answer.results.count == 10)
  }
}
