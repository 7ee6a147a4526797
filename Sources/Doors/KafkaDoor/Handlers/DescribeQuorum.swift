import Broker
import ByteCodec
import KafkaWire
import LogStore
import Machine
import Units

/// DescribeQuorum 0-2 (KIP-595, KIP-836, KIP-853): the metadata have one voter, which leads; their log is the journal.
extension KafkaDoor {
  /// The topic under which Kafka keeps its metadata, the only one that can be asked about.
  private static let metadataTopic = "__cluster_metadata"

  func describeQuorum(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(DescribeQuorumRequest.self)
    let isKnown =
      message.topics.count == 1
      && message.topics.allSatisfy {
        $0.topicName == Self.metadataTopic && $0.partitions.count == 1
          && $0.partitions.allSatisfy { $0.partitionIndex == 0 }
      }
    guard isKnown else { return .reply(Self.unknown(message), after: .start) }
    let end = Int64(clamping: engine.store.durable.value)
    let now = engine.clock.wallClock().milliseconds
    let voter = DescribeQuorumResponse.Topic.Partition.CurrentVoter(
      replicaId: engine.nodeID, logEndOffset: end, lastFetchTimestamp: now, lastCaughtUpTimestamp: now)
    let address = advertisedAddress(for: request.connection)
    return .reply(
      DescribeQuorumResponse(
        topics: [
          .init(
            topicName: Self.metadataTopic,
            partitions: [
              .init(
                partitionIndex: 0, leaderId: engine.nodeID, leaderEpoch: engine.store.epoch, highWatermark: end,
                currentVoters: [voter], observers: [])
            ])
        ],
        nodes: [
          .init(
            nodeId: engine.nodeID,
            listeners: [.init(name: "CONTROLLER", host: address.host, port: UInt16(clamping: address.port))])
        ]),
      after: .start)
  }

  private static func unknown(_ message: DescribeQuorumRequest) -> DescribeQuorumResponse {
    DescribeQuorumResponse(
      topics: message.topics.map { topic in
        .init(
          topicName: topic.topicName,
          partitions: topic.partitions.map {
            .init(
              partitionIndex: $0.partitionIndex, errorCode: ErrorCode.unknownTopicOrPartition.rawValue,
              errorMessage: "only partition 0 of \(Self.metadataTopic) has a quorum")
          })
      })
  }
}
