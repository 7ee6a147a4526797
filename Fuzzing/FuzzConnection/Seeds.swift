import ByteCodec
import Compression
import Conversation
import Glibc
import KafkaWire
import RecordFormat
import Units

/// Inputs to begin with, one a file in the folder that MILLRACE_FUZZ_SEEDS names: a request of each API that is served,
/// as it comes out of its defaults, and some that belong together.
@_cdecl("LLVMFuzzerInitialize")
public func writeSeeds(
  _ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?
) -> CInt {
  guard let folder = getenv("MILLRACE_FUZZ_SEEDS") else { return 0 }
  for (number, seed) in Seeds.all().enumerated() {
    let descriptor = open("\(String(cString: folder))/seed-\(number)", O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    guard descriptor >= 0 else { return 0 }
    let input: [UInt8] = [2, 7, 9] + seed
    let written = input.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    precondition(written == input.count, "a seed could not be written")
    close(descriptor)
  }
  return 0
}

private enum Seeds {
  static func all() -> [[UInt8]] {
    singles + [
      produce(producer: -1) + fetch + say(.listOffsets, listOffsets, 7),
      say(.initProducerId, InitProducerIdRequest(), 4) + produce(producer: 0) + produce(producer: 0),
      say(.initProducerId, InitProducerIdRequest(transactionalId: "x", transactionTimeoutMs: 1_000), 4)
        + say(.addPartitionsToTxn, addPartitions, 3) + say(.endTxn, EndTxnRequest(transactionalId: "x"), 3),
      say(.joinGroup, join, 5) + say(.heartbeat, HeartbeatRequest(groupId: "g", memberId: "m"), 3)
        + say(.offsetCommit, commit, 8) + say(.offsetFetch, offsetFetch, 7),
      say(.consumerGroupHeartbeat, heartbeat, 1) + say(.consumerGroupDescribe, describe, 1),
      say(.createTopics, create, 7) + say(.deleteTopics, DeleteTopicsRequest(topicNames: ["n"]), 5),
    ]
  }

  /// Every API, in the newest of the versions that decode, with an empty body where there is nothing better.
  private static let singles = APIKey.allCases.flatMap { api in
    let newest = (0..<30).last { api.decodes($0) } ?? 0
    return [0, newest].map { Utterance.recipe(api, version: $0, body: ByteSlice(copying: [0, 0, 0, 0, 0, 0, 0, 0])) }
  }

  private static let listOffsets = ListOffsetsRequest(
    topics: [.init(name: "t", partitions: [.init(partitionIndex: 0, timestamp: -1)])])
  private static let addPartitions = AddPartitionsToTxnRequest(
    v3AndBelowTransactionalId: "x", v3AndBelowTopics: [.init(name: "t", partitions: [0])])
  private static let join = JoinGroupRequest(
    groupId: "g", sessionTimeoutMs: 6_000, rebalanceTimeoutMs: 6_000, protocolType: "consumer",
    protocols: [.init(name: "range", metadata: [0, 0, 0, 0, 0, 1, 0, 1, 0x74, 0, 0, 0, 0])])
  private static let commit = OffsetCommitRequest(
    groupId: "g", topics: [.init(name: "t", partitions: [.init(partitionIndex: 0, committedOffset: 5)])])
  private static let offsetFetch = OffsetFetchRequest(groupId: "g", topics: [.init(name: "t", partitionIndexes: [0])])
  private static let heartbeat = ConsumerGroupHeartbeatRequest(
    groupId: "n", memberId: "m", rebalanceTimeoutMs: 5_000, subscribedTopicNames: ["t"], topicPartitions: [])
  private static let describe = ConsumerGroupDescribeRequest(groupIds: ["n"])
  private static let create = CreateTopicsRequest(
    topics: [.init(name: "n", numPartitions: 2, replicationFactor: 1)], timeoutMs: 1_000)

  private static var fetch: [UInt8] {
    var request = FetchRequest(maxWaitMs: 10, minBytes: 1)
    request.topics = [
      .init(topic: "t", partitions: [.init(partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20)])
    ]
    return say(.fetch, request, 12)
  }

  private static func produce(producer: Int64) -> [UInt8] {
    var properties = RecordBatchBuilder.Properties()
    if producer >= 0 {
      properties.producerID = producer
      properties.producerEpoch = 0
      properties.baseSequence = 0
    }
    var builder = RecordBatchBuilder(properties)
    builder.append(Record(timestamp: Timestamp(milliseconds: 5), key: [0x6b], value: [0x76, 0x76]))
    guard let records = try? builder.build(using: Compressor()) else { return [] }
    let topic = ProduceRequest.TopicData(name: "t", partitionData: [.init(index: 0, records: records)])
    return say(.produce, ProduceRequest(acks: -1, timeoutMs: 1_000, topicData: [topic]), 9)
  }

  private static func say(_ api: APIKey, _ message: some WireMessage, _ version: Int16) -> [UInt8] {
    Utterance.recipe(api, version: version, body: Utterance.encoded(message, version: version))
  }
}
