import RecordFormat
import Units

/// How far a group is behind in one partition.
package struct PartitionLag: Sendable {
  package var place: TopicPartition
  /// Nil where the group has committed nothing.
  package var committed: Int64?
  /// The first offset that is still there, and the one behind the last record.
  package var start: Int64
  package var end: Int64
  /// Where a reader of committed records has to stop: below `end` while a transaction is open.
  package var stableEnd: Int64
  /// The member that reads it now, by id.
  package var member: String?
  /// Of the next record that the group has not read, in milliseconds since 1970; nil where it has read all.
  package var nextTimestamp: Int64?

  package init(
    place: TopicPartition, committed: Int64?, start: Int64, end: Int64, stableEnd: Int64, member: String? = nil
  ) {
    self.place = place
    self.committed = committed
    self.start = start
    self.end = end
    self.stableEnd = stableEnd
    self.member = member
  }

  /// Records between what is committed and the end. What retention has taken does not count: nobody can read it.
  package var records: Int64 { max(end - max(committed ?? start, start), 0) }
}

extension KafkaClient {
  /// How far group `id` is behind, in every partition of the topics that it has committed in or that a member of `view`
  /// reads. Topics that are gone are left out. With `withAges` it reads one record of each partition that lags.
  package func lag(of id: String, _ view: GroupView?, withAges: Bool) throws(ClientError) -> [PartitionLag] {
    let committed = try committedOffsets(of: id)
    var readers: [TopicPartition: String] = [:]
    for member in view?.members ?? [] {
      for place in member.assignment { readers[place] = member.id }
    }
    var found: [PartitionLag] = []
    for topic in Set(committed.keys.map(\.topic) + readers.keys.map(\.topic)).sorted() {
      try refreshMetadata([topic])
      guard let known = cluster.topics[topic] else { continue }
      let partitions = known.partitions.map(\.index)
      let starts = try offsets(.earliest, topic: topic, partitions: partitions)
      let ends = try offsets(.latest, topic: topic, partitions: partitions)
      let stable = try offsets(.latest, topic: topic, partitions: partitions, isolation: .readCommitted)
      for index in partitions {
        let place = TopicPartition(topic, index)
        let end = ends[index] ?? 0
        found.append(
          PartitionLag(
            place: place, committed: committed[place]?.offset, start: starts[index] ?? 0, end: end,
            stableEnd: stable[index] ?? end, member: readers[place]))
      }
      if withAges { try addAges(to: &found, of: known) }
    }
    return found
  }

  /// Looks at the first unread record of each partition of `topic` that lags.
  private func addAges(to lags: inout [PartitionLag], of topic: ClusterView.Topic) throws(ClientError) {
    for place in lags.indices where lags[place].place.topic == topic.name && lags[place].records > 0 {
      let next = max(lags[place].committed ?? lags[place].start, lags[place].start)
      let position = Consumer.Position(partition: lags[place].place.partition, next: next, end: lags[place].end)
      let consumer = Consumer(self, topic: topic, positions: [position], options: ConsumerOptions())
      var timestamp: Int64?
      while !consumer.isDone, timestamp == nil {
        _ = try consumer.poll { _, record in
          timestamp = record.timestamp.milliseconds
          return .stop
        }
      }
      lags[place].nextTimestamp = timestamp
    }
  }
}
