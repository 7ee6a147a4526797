import ByteCodec
import KafkaWire
import Units

extension Exchange {
  private static func fetch(
    _ name: String, topic: String = "diff-a", _ partition: FetchRequest.Topic.Partition,
    versions: ClosedRange<Int16>? = nil, _ change: @escaping @Sendable (inout FetchRequest) -> Void = { _ in }
  ) -> Exchange {
    Exchange(name, .fetch, versions) { ground, _ in
      var request = FetchRequest(
        maxBytes: 1 << 20, topics: [.init(topicId: ground.id(topic), topic: topic, partitions: [partition])])
      change(&request)
      return request
    }
  }

  private static func wish(_ partition: Int32 = 0, at offset: Int64 = 0, bytes: Int32 = 1 << 20)
    -> FetchRequest.Topic.Partition
  {
    .init(partition: partition, fetchOffset: offset, partitionMaxBytes: bytes)
  }

  private static func offsets(
    _ name: String, topic: String = "diff-a", _ partition: Int32 = 0, epoch: Int32 = -1, isolation: Int8 = 0,
    at timestamp: Int64
  ) -> Exchange {
    offsets(name, topic, [.init(partitionIndex: partition, currentLeaderEpoch: epoch, timestamp: timestamp)], isolation)
  }

  private static func offsets(
    _ name: String, _ topic: String, _ partitions: [ListOffsetsRequest.Topic.Partition], _ isolation: Int8 = 0
  ) -> Exchange {
    Exchange(name, .listOffsets) { _, _ in
      ListOffsetsRequest(
        replicaId: -1, isolationLevel: isolation, topics: [.init(name: topic, partitions: partitions)],
        timeoutMs: 5_000)
    }
  }

  private static func epochs(_ name: String, topic: String = "diff-a", _ partitions: [(Int32, Int32, Int32)])
    -> Exchange
  {
    Exchange(name, .offsetForLeaderEpoch) { _, _ in
      OffsetForLeaderEpochRequest(
        replicaId: -1,
        topics: [
          .init(
            topic: topic,
            partitions: partitions.map { .init(partition: $0.0, currentLeaderEpoch: $0.1, leaderEpoch: $0.2) })
        ])
    }
  }

  private static func deletion(_ name: String, topic: String = "diff-a", _ partitions: [(Int32, Int64)]) -> Exchange {
    Exchange(name, .deleteRecords) { _, _ in
      DeleteRecordsRequest(
        topics: [.init(name: topic, partitions: partitions.map { .init(partitionIndex: $0.0, offset: $0.1) })],
        timeoutMs: 5_000)
    }
  }

  private static let fetches: [Exchange] = [
    fetch("from the beginning", wish()), fetch("from the end", wish(at: 11)), fetch("an empty partition", wish(1)),
    fetch("beyond the end", wish(at: 500)), fetch("a negative offset", wish(at: -1)),
    fetch("unknown topic", topic: "diff-none", wish()), fetch("unknown partition", wish(9)),
    fetch("one byte, which gives a whole batch", wish(bytes: 1)), fetch("no bytes", wish(bytes: 0)),
    fetch("negative bytes", wish(bytes: -1)), fetch("no bytes in all", wish()) { $0.maxBytes = 0 },
    fetch("committed records", wish()) { $0.isolationLevel = 1 },
    fetch("an isolation of 5", wish()) { $0.isolationLevel = 5 },
    fetch("an epoch to come", .init(partition: 0, currentLeaderEpoch: 99, fetchOffset: 0, partitionMaxBytes: 1 << 20)),
    fetch(
      "a fetched epoch to come",
      .init(partition: 0, fetchOffset: 0, lastFetchedEpoch: 99, partitionMaxBytes: 1 << 20)),
    fetch(
      "the fetched epoch", .init(partition: 0, fetchOffset: 2, lastFetchedEpoch: 0, partitionMaxBytes: 1 << 20)),
    fetch("a new session", wish()) { $0.sessionEpoch = 0 },
    fetch("a session that is not", wish()) { ($0.sessionId, $0.sessionEpoch) = (77, 3) },
    fetch("a session epoch without session", wish()) { ($0.sessionId, $0.sessionEpoch) = (0, 5) },
    fetch("a partition twice", wish()) { $0.topics.append(contentsOf: $0.topics) },
    Exchange("no topics", .fetch) { _, _ in FetchRequest(maxBytes: 100) },
    Exchange("no topic id", .fetch, 13...18) { _, _ in
      FetchRequest(maxBytes: 1 << 20, topics: [.init(partitions: [wish()])])
    },
  ]

  private static let lookUps: [Exchange] = [
    offsets("latest", at: -1), offsets("earliest", at: -2), offsets("greatest time", at: -3),
    offsets("earliest local", at: -4), offsets("latest tiered", at: -5), offsets("earliest pending", at: -6),
    offsets("a time that is none", at: -7), offsets("the least number", at: .min), offsets("time 0", at: 0),
    offsets("the greatest number", at: .max), offsets("latest of an empty one", topic: "diff-e", at: -1),
    offsets("greatest time of an empty one", topic: "diff-e", at: -3),
    offsets("time of an empty one", topic: "diff-e", at: 5),
    offsets("latest committed", isolation: 1, at: -1), offsets("unknown topic", topic: "diff-none", at: -1),
    offsets("unknown partition", 9, at: -1), offsets("a negative partition", -1, at: -1),
    offsets("an epoch to come", epoch: 9, at: -1), offsets("this epoch", epoch: 0, at: -1),
    offsets("a partition twice", "diff-a", [.init(timestamp: -1), .init(timestamp: -2)]),
    offsets("an unknown one twice", "diff-none", [.init(timestamp: -1), .init(timestamp: -2)]),
    offsets("no partitions", "diff-a", []),
    Exchange("no topics", .listOffsets) { _, _ in ListOffsetsRequest(replicaId: -1) },
    Exchange("the ground's time", .listOffsets) { ground, _ in
      ListOffsetsRequest(
        replicaId: -1, topics: [.init(name: "diff-a", partitions: [.init(timestamp: ground.now)])], timeoutMs: 5_000)
    },
  ]

  static let read: [Exchange] =
    fetches + lookUps + [
      epochs("this one", [(0, -1, 0)]), epochs("one to come", [(0, -1, 5)]), epochs("none", [(0, -1, -1)]),
      epochs("a leader to come", [(0, 5, 0)]), epochs("unknown topic", topic: "diff-none", [(0, -1, 0)]),
      epochs("unknown partition", [(9, -1, 0)]), epochs("a partition twice", [(0, -1, 0), (0, -1, 1)]),
      epochs("an empty one", topic: "diff-e", [(0, -1, 0)]), epochs("no partitions", []),
      Exchange("no topics", .offsetForLeaderEpoch) { _, _ in OffsetForLeaderEpochRequest(replicaId: -1) },
      Exchange("producers", .describeProducers) { _, _ in
        DescribeProducersRequest(topics: [
          .init(name: "diff-e", partitionIndexes: [0, 9]), .init(name: "diff-none", partitionIndexes: [0]),
          .init(name: "", partitionIndexes: [0]),
        ])
      },
      Exchange("no topics", .describeProducers) { _, _ in DescribeProducersRequest() },
      deletion("two", topic: "diff-p", [(0, 2)]), deletion("beyond the end", topic: "diff-p", [(0, 5_000)]),
      deletion("a negative offset", topic: "diff-p", [(0, -2)]), deletion("unknown partition", [(9, 0)]),
      deletion("unknown topic", topic: "diff-none", [(0, 0)]), deletion("a compacted topic", topic: "diff-k", [(0, 0)]),
      deletion("none of an empty one", topic: "diff-e", [(0, -1)]), deletion("no partitions", []),
      Exchange("no topics", .deleteRecords) { _, _ in DeleteRecordsRequest(timeoutMs: 5_000) },
    ]
}
