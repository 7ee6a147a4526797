import ByteCodec
import Compression
import Glibc
import KafkaWire
import RecordFormat
import Units
import WireClient

extension AdminStep {
  /// Stores `count` records in partition 0 as an idempotent producer.
  private static func produced(_ client: WireClient, _ topic: String, count: Int) throws -> String {
    // A Kafka that has just started has no ids to give for a moment.
    let limit = ContinuousClock.now + .seconds(30)
    var id: InitProducerIdResponse
    repeat {
      id = try client.call(
        InitProducerIdRequest(transactionalId: nil, transactionTimeoutMs: 1_000), version: 4,
        as: InitProducerIdResponse.self)
    } while id.errorCode == ErrorCode.coordinatorLoadInProgress.rawValue && ContinuousClock.now < limit
    var properties = RecordBatchBuilder.Properties()
    properties.producerID = id.producerId
    properties.producerEpoch = id.producerEpoch
    properties.baseSequence = 0
    var builder = RecordBatchBuilder(properties)
    // Recent ones: Kafka forgets a producer whose last batch is old.
    let now = Int64(time(nil)) * 1_000
    for number in 0..<count {
      builder.append(
        Record(
          timestamp: Timestamp(milliseconds: now + Int64(number)), key: ByteSlice(copying: [1]),
          value: ByteSlice(copying: [UInt8](repeating: 7, count: 10))))
    }
    let batch = try builder.build(using: Compressor())
    let answer = try client.call(
      ProduceRequest(
        acks: -1, timeoutMs: 5_000,
        topicData: [.init(name: topic, partitionData: [.init(index: 0, records: batch)])]), version: 9,
      as: ProduceResponse.self)
    return answer.responses.flatMap(\.partitionResponses).map { "\($0.errorCode)@\($0.baseOffset)" }.joined()
  }

  private static func trimmed(_ client: WireClient, _ topic: String, _ partition: Int32, to offset: Int64) throws
    -> String
  {
    try each(0...2) { version in
      let answer = try client.call(
        DeleteRecordsRequest(
          topics: [.init(name: topic, partitions: [.init(partitionIndex: partition, offset: offset)])], timeoutMs: 5_000
        ),
        version: version, as: DeleteRecordsResponse.self)
      return answer.topics.flatMap(\.partitions).map { "\($0.errorCode)>\($0.lowWatermark)" }.joined()
    }
  }

  private static func epochEnd(
    _ client: WireClient, _ topic: String, partition: Int32 = 0, current: Int32 = -1, asked: Int32
  ) throws -> String {
    try each(2...4) { version in
      let answer = try client.call(
        OffsetForLeaderEpochRequest(
          replicaId: -1,
          topics: [
            .init(
              topic: topic,
              partitions: [.init(partition: partition, currentLeaderEpoch: current, leaderEpoch: asked)])
          ]), version: version, as: OffsetForLeaderEpochResponse.self)
      return answer.topics.flatMap(\.partitions).map { "\($0.errorCode):\($0.leaderEpoch)@\($0.endOffset)" }.joined()
    }
  }

  static let records: [AdminStep] = [
    .init("produce ten records", "0@0") { try produced($0, "admin-v7", count: 10) },
    .init("delete the first three", "0>3") { try trimmed($0, "admin-v7", 0, to: 3) },
    .init("delete what is gone already", "0>3") { try trimmed($0, "admin-v7", 0, to: 1) },
    .init("delete beyond the end, before the start, nowhere", "1>-1 1>-1 3>-1 3>-1") { client in
      try [("admin-v7", 0, 11), ("admin-v7", 0, -2), ("admin-v7", 99, 1), ("admin-none", 0, 1)].map {
        try trimmed(client, $0.0, $0.1, to: $0.2)
      }.joined(separator: " ")
    },
    .init("producers", "0 epoch=0 sequence=9 coordinator=-1 transaction=-1; 3") { client in
      let answer = try client.call(
        DescribeProducersRequest(topics: [.init(name: "admin-v7", partitionIndexes: [0, 99])]), version: 0,
        as: DescribeProducersResponse.self)
      return answer.topics.flatMap(\.partitions).sorted { $0.partitionIndex < $1.partitionIndex }.map { partition in
        words(
          ["\(partition.errorCode)"]
            + partition.activeProducers.map {
              "epoch=\($0.producerEpoch) sequence=\($0.lastSequence) "
                + "coordinator=\($0.coordinatorEpoch) transaction=\($0.currentTxnStartOffset)"
            })
      }.joined(separator: "; ")
    },
    .init("the end of the epoch", "0:0@10") { try epochEnd($0, "admin-v7", asked: 0) },
    .init("the end of an epoch to come", "0:-1@-1") { try epochEnd($0, "admin-v7", asked: 5) },
    .init("the end of no epoch", "0:-1@-1") { try epochEnd($0, "admin-v7", asked: -1) },
    .init("a leader epoch to come", "75:-1@-1") { try epochEnd($0, "admin-v7", current: 5, asked: 0) },
    .init("no such partition", "3:-1@-1") { try epochEnd($0, "admin-v7", partition: 99, asked: 0) },
    .init("delete all", "0>10") { try trimmed($0, "admin-v7", 0, to: -1) },
    .init("delete from a compacted topic", "44>-1") { try trimmed($0, "admin-k", 0, to: 0) },
  ]
}
