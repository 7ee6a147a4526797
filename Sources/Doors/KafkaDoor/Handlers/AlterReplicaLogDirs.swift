import Broker
import ByteCodec
import KafkaWire
import LogStore
import Settings
import Units

/// AlterReplicaLogDirs 1-2 (KIP-113): there is one folder, where every replica is already; others are unknown.
extension KafkaDoor {
  func alterReplicaLogDirs(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(AlterReplicaLogDirsRequest.self)
    var results: [AlterReplicaLogDirsResponse.Result] = []
    for dir in message.dirs {
      for topic in dir.topics {
        let found = engine.catalogue.topic(named: topic.name)
        let partitions = topic.partitions.map { index -> AlterReplicaLogDirsResponse.Result.Partition in
          let exists = found.map { 0..<$0.description.partitionCount ~= index } ?? false
          let isOurs = dir.path == engine.settings.node.dataFolder
          let code: ErrorCode = !isOurs ? .logDirNotFound : exists ? .none : .unknownTopicOrPartition
          return .init(partitionIndex: index, errorCode: code.rawValue)
        }
        results.append(.init(topicName: topic.name, partitions: partitions))
      }
    }
    return .reply(AlterReplicaLogDirsResponse(results: results), after: engine.catalogueChange)
  }
}
