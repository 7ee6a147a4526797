package import Units

/// A partition, by the id of its topic.
package struct TopicPartition: Hashable, Comparable, Sendable {
  package var topic: UniqueID
  package var partition: Int32

  package init(topic: UniqueID, partition: Int32) {
    self.topic = topic
    self.partition = partition
  }

  package static func < (a: TopicPartition, b: TopicPartition) -> Bool {
    a.topic == b.topic ? a.partition < b.partition : a.topic < b.topic
  }
}

extension Sequence<TopicPartition> {
  /// The partitions of each topic, both in order.
  func byTopic() -> [(topic: UniqueID, partitions: [Int32])] {
    var topics: [(topic: UniqueID, partitions: [Int32])] = []
    for one in sorted() {
      if let last = topics.indices.last, topics[last].topic == one.topic {
        topics[last].partitions.append(one.partition)
      } else {
        topics.append((one.topic, [one.partition]))
      }
    }
    return topics
  }
}
