import ByteCodec
import KafkaWire
import Testing
import Units

/// Few bytes that stand for many things: what they take is bounded, and so are the answers.
struct LongListTests {
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
}
