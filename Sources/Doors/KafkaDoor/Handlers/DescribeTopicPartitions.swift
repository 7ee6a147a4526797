import Broker
import ByteCodec
import KafkaWire
import LogStore
import Settings
import Units

/// DescribeTopicPartitions 0 (KIP-966): topics in order of name, at most so many partitions, and where to go on.
extension KafkaDoor {
  func describeTopicPartitions(_ request: Request) throws(WireError) -> Answer {
    var message = try request.decode(DescribeTopicPartitionsRequest.self)
    let wantsAll = message.topics.isEmpty
    if message.topics.shorten() { return refuseTooMany(request, with: message.refused) }
    if let cursor = message.cursor,
      cursor.partitionIndex < 0 || !wantsAll && !message.topics.contains(where: { $0.name == cursor.topicName })
    {
      return .reply(message.refused, after: .start)
    }
    var names = Set(message.topics.map(\.name)).sorted()
    if wantsAll { names = engine.catalogue.topicsByName.map(\.description.name) }
    if let cursor = message.cursor { names.removeAll { $0 < cursor.topicName } }
    let most = min(engine.settings.topics.maxDescribedPartitions, AdminLimits.describedPartitions)
    var room = max(min(message.responsePartitionLimit, most), 1)
    var response = DescribeTopicPartitionsResponse()
    for name in names {
      guard let topic = engine.catalogue.topic(named: name) else {
        response.topics.append(
          .init(
            errorCode: Fault.noTopic(named: name).code.rawValue, name: name,
            topicAuthorizedOperations: AllowedOperations.topic))
        continue
      }
      let count = topic.description.partitionCount
      let first = message.cursor.map { $0.topicName == name ? $0.partitionIndex : 0 } ?? 0
      guard room > 0 else {
        response.nextCursor = .init(topicName: name, partitionIndex: first)
        break
      }
      let end = first + min(room, max(count - first, 0))
      response.topics.append(described(topic, first..<end))
      room -= end - first
      if end < count {
        response.nextCursor = .init(topicName: name, partitionIndex: end)
        break
      }
    }
    return .reply(response, after: engine.catalogueChange)
  }

  private func described(
    _ topic: Catalogue.Topic, _ partitions: Range<Int32>
  ) -> DescribeTopicPartitionsResponse.Topic {
    let node = engine.nodeID
    return DescribeTopicPartitionsResponse.Topic(
      name: topic.description.name, topicId: topic.description.id,
      isInternal: TopicName.isInternal(topic.description.name),
      partitions: partitions.map {
        .init(
          partitionIndex: $0, leaderId: node, leaderEpoch: engine.store.epoch, replicaNodes: [node], isrNodes: [node],
          eligibleLeaderReplicas: [], lastKnownElr: [])
      }, topicAuthorizedOperations: AllowedOperations.topic)
  }
}

extension DescribeTopicPartitionsRequest {
  /// The answer that refuses all of it.
  fileprivate var refused: DescribeTopicPartitionsResponse {
    DescribeTopicPartitionsResponse(
      topics: topics.map {
        .init(
          errorCode: ErrorCode.invalidRequest.rawValue, name: $0.name,
          topicAuthorizedOperations: AllowedOperations.notAsked)
      })
  }
}
