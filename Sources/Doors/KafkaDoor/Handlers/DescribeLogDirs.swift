import Broker
import ByteCodec
import KafkaWire
import LogStore
import Machine
import Settings
import Units

/// DescribeLogDirs 1-5 (KIP-113, KIP-827 room on the volume, KIP-1066 cordoned folders): the one data folder.
extension KafkaDoor {
  func describeLogDirs(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(DescribeLogDirsRequest.self)
    var after = engine.catalogueChange
    var topics: [DescribeLogDirsResponse.Result.Topic] = []
    func describe(_ topic: Catalogue.Topic, _ indexes: some Sequence<Int32>) {
      let found = indexes.compactMap { engine.store.partition(PartitionKey(topic: topic.description.id, index: $0)) }
      guard !found.isEmpty else { return }
      after = found.reduce(after) { max($0, $1.lastChange) }
      topics.append(
        .init(
          name: topic.description.name,
          partitions: found.map { .init(partitionIndex: $0.key.index, partitionSize: $0.size.value) }))
    }
    if let asked = message.topics {
      let indexes = Dictionary(asked.map { ($0.topic, Set($0.partitions)) }, uniquingKeysWith: { $0.union($1) })
      for (name, indexes) in indexes.sorted(by: { $0.key < $1.key }) {
        if let topic = engine.catalogue.topic(named: name) { describe(topic, indexes.sorted()) }
      }
    } else {
      for topic in engine.catalogue.topicsByName { describe(topic, 0..<topic.description.partitionCount) }
    }
    let space = engine.store.volume
    return .reply(
      DescribeLogDirsResponse(results: [
        .init(
          logDir: engine.settings.node.dataFolder, topics: topics, totalBytes: space?.total.value ?? -1,
          usableBytes: space?.available.value ?? -1)
      ]), after: after)
  }
}
