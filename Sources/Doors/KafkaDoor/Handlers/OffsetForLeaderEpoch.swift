import Broker
import ByteCodec
import KafkaWire
import LogStore
import Units

/// OffsetForLeaderEpoch 2-4 (KIP-101, KIP-279, KIP-320): where the records of an epoch end, so that a client notices that
/// a tail it had read is gone.
extension KafkaDoor {
  func offsetForLeaderEpoch(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(OffsetForLeaderEpochRequest.self)
    var after = engine.catalogueChange
    var response = OffsetForLeaderEpochResponse()
    for topic in message.topics {
      let found = engine.catalogue.topic(named: topic.topic)
      let partitions = topic.partitions.map { asked -> OffsetForLeaderEpochResponse.Topic.Partition in
        var answer = OffsetForLeaderEpochResponse.Topic.Partition(
          partition: asked.partition, leaderEpoch: -1, endOffset: -1)
        guard let found,
          let partition = engine.store.partition(PartitionKey(topic: found.description.id, index: asked.partition))
        else {
          answer.errorCode = ErrorCode.unknownTopicOrPartition.rawValue
          return answer
        }
        after = max(after, partition.lastChange)
        let current = engine.store.epoch
        if asked.currentLeaderEpoch >= 0, asked.currentLeaderEpoch != current {
          let isOld = asked.currentLeaderEpoch < current
          answer.errorCode = (isOld ? ErrorCode.fencedLeaderEpoch : .unknownLeaderEpoch).rawValue
          return answer
        }
        let end = Self.end(of: asked.leaderEpoch, current: current, in: partition)
        answer.leaderEpoch = end.epoch
        answer.endOffset = end.end.value
        return answer
      }
      response.topics.append(.init(topic: topic.topic, partitions: partitions))
    }
    return .reply(response, after: after)
  }

  /// As Kafka has it: no answer for an epoch that is not yet, and for one before all that are known its own number and the
  /// place where those begin.
  private static func end(of asked: Int32, current: Int32, in partition: PartitionLog) -> (epoch: Int32, end: Offset) {
    guard 0...max(current, 0) ~= asked else { return (-1, Offset(-1)) }
    let logEnd = partition.durable.end
    guard let known = partition.epochs.end(of: asked, current: current, logEnd: logEnd) else {
      return (asked, partition.epochs.rows.first?.start ?? logEnd)
    }
    return (known.epoch, known.end)
  }
}
