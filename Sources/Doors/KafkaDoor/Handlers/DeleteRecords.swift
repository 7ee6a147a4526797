import Broker
import ByteCodec
import KafkaWire
import LogStore
import Units

/// DeleteRecords 0-2 (KIP-107): the log start moves to an offset, or with -1 to the end that consumers see.
extension KafkaDoor {
  func deleteRecords(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(DeleteRecordsRequest.self)
    var after = engine.catalogueChange
    var response = DeleteRecordsResponse()
    for topic in message.topics {
      let found = engine.catalogue.topic(named: topic.name)
      let partitions = topic.partitions.map { asked -> DeleteRecordsResponse.Topic.Partition in
        guard let found,
          let partition = engine.store.partition(PartitionKey(topic: found.description.id, index: asked.partitionIndex))
        else { return Self.undeleted(asked.partitionIndex, .unknownTopicOrPartition) }
        if TopicName.isInternal(topic.name) { return Self.undeleted(asked.partitionIndex, .invalidTopicException) }
        after = max(after, partition.lastChange)
        switch engine.deleteRecords(partition, before: asked.offset == -1 ? nil : Offset(asked.offset)) {
        case .success(let start):
          after = max(after, start.sequence)
          return .init(partitionIndex: asked.partitionIndex, lowWatermark: start.value.value)
        case .failure(let refusal): return Self.undeleted(asked.partitionIndex, refusal.code)
        }
      }
      response.topics.append(.init(name: topic.name, partitions: partitions))
    }
    return .reply(response, after: after)
  }

  private static func undeleted(_ index: Int32, _ code: ErrorCode) -> DeleteRecordsResponse.Topic.Partition {
    .init(partitionIndex: index, lowWatermark: -1, errorCode: code.rawValue)
  }
}
