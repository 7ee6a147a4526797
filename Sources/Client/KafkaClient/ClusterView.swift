import KafkaWire
package import Units

/// What the client knows of the cluster from its last metadata answers.
package struct ClusterView: Sendable {
  /// A topic as metadata tells it.
  package struct Topic: Sendable {
    package var name: String
    /// Zero where the broker is too old to tell.
    package var id: UniqueID
    package var isInternal: Bool
    /// In ascending order of index.
    package var partitions: [Partition]
  }

  /// A partition as metadata tells it.
  package struct Partition: Sendable {
    package var index: Int32
    /// -1 while it has none.
    package var leader: Int32
    package var replicas: [Int32]
    package var inSync: [Int32]
  }

  package var brokers: [Int32: BrokerAddress] = [:]
  /// -1 where nobody knows.
  package var controller: Int32 = -1
  package var topics: [String: Topic] = [:]

  /// Takes in an answer; topics that it reports with an error are forgotten.
  mutating func learn(_ answer: MetadataResponse) {
    brokers = [:]
    for broker in answer.brokers {
      guard let port = UInt16(exactly: broker.port), port > 0, !broker.host.isEmpty else { continue }
      brokers[broker.nodeId] = BrokerAddress(host: broker.host, port: port)
    }
    controller = answer.controllerId
    for topic in answer.topics {
      guard let name = topic.name else { continue }
      guard topic.errorCode == 0 else {
        topics[name] = nil
        continue
      }
      let partitions = topic.partitions.map { partition in
        Partition(
          index: partition.partitionIndex, leader: partition.leaderId, replicas: partition.replicaNodes,
          inSync: partition.isrNodes)
      }
      topics[name] = Topic(
        name: name, id: topic.topicId, isInternal: topic.isInternal,
        partitions: partitions.sorted { $0.index < $1.index })
    }
  }
}
