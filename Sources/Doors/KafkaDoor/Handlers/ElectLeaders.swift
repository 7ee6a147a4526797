import Broker
import ByteCodec
import KafkaWire
import LogStore
import Units

/// ElectLeaders 0-2 (KIP-183, KIP-460): the only replica leads already, so that no election is ever needed. Asked for all
/// partitions, the answer names those that changed: none.
extension KafkaDoor {
  func electLeaders(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(ElectLeadersRequest.self)
    var response = ElectLeadersResponse()
    guard 0...1 ~= message.electionType else {
      let code = ErrorCode.invalidRequest.rawValue
      response.errorCode = code
      response.replicaElectionResults = (message.topicPartitions ?? []).map { topic in
        .init(topic: topic.topic, partitionResult: topic.partitions.map { .init(partitionId: $0, errorCode: code) })
      }
      return .reply(response, after: .start)
    }
    for topic in message.topicPartitions ?? [] {
      let found = engine.catalogue.topic(named: topic.topic)?.description
      let partitions = topic.partitions.map {
        index -> ElectLeadersResponse.ReplicaElectionResult.PartitionResult in
        guard let found, 0..<found.partitionCount ~= index else {
          return .init(
            partitionId: index, errorCode: ErrorCode.unknownTopicOrPartition.rawValue,
            errorMessage: "there is no such partition")
        }
        return .init(
          partitionId: index, errorCode: ErrorCode.electionNotNeeded.rawValue,
          errorMessage: "the partition is led by its only replica")
      }
      response.replicaElectionResults.append(.init(topic: topic.topic, partitionResult: partitions))
    }
    return .reply(response, after: engine.catalogueChange)
  }
}
