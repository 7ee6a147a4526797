import ByteCodec
import KafkaWire
import Units

extension Exchange {
  private static func metadata(
    _ name: String, _ topics: [String]?, versions: ClosedRange<Int16>? = nil, create: Bool = false,
    operations: Bool = false
  ) -> Exchange {
    Exchange(name, .metadata, versions) { _, _ in
      MetadataRequest(
        topics: topics?.map { .init(name: $0) }, allowAutoTopicCreation: create,
        includeClusterAuthorizedOperations: operations, includeTopicAuthorizedOperations: operations)
    }
  }

  private static func creation(
    _ name: String, topic: String, partitions: Int32 = 1, replicas: Int16 = 1,
    assigned: [(Int32, [Int32])] = [], configs: [(String, String?)] = [], validateOnly: Bool = false
  ) -> Exchange {
    Exchange(name, .createTopics) { _, version in
      CreateTopicsRequest(
        topics: [
          .init(
            name: topic.replacing("VERSION", with: "\(version)"), numPartitions: partitions,
            replicationFactor: replicas,
            assignments: assigned.map { .init(partitionIndex: $0.0, brokerIds: $0.1) },
            configs: configs.map { .init(name: $0.0, value: $0.1) })
        ], timeoutMs: 5_000, validateOnly: validateOnly)
    }
  }

  private static func deletion(_ name: String, _ names: [String]) -> Exchange {
    Exchange(name, .deleteTopics) { _, version in
      let names = names.map { $0.replacing("VERSION", with: "\(version + 1)") }
      return DeleteTopicsRequest(topics: names.map { .init(name: $0) }, topicNames: names, timeoutMs: 5_000)
    }
  }

  private static func growth(
    _ name: String, topic: String = "diff-g", to count: Int32, assigned: [[Int32]]? = nil, validateOnly: Bool = true
  ) -> Exchange {
    Exchange(name, .createPartitions) { _, _ in
      CreatePartitionsRequest(
        topics: [.init(name: topic, count: count, assignments: assigned.map { $0.map { .init(brokerIds: $0) } })],
        timeoutMs: 5_000, validateOnly: validateOnly)
    }
  }

  private static func described(
    _ name: String, _ topics: [String], limit: Int32 = 2_000, cursor: DescribeTopicPartitionsRequest.Cursor? = nil
  ) -> Exchange {
    Exchange(name, .describeTopicPartitions) { _, _ in
      DescribeTopicPartitionsRequest(
        topics: topics.map { .init(name: $0) }, responsePartitionLimit: limit, cursor: cursor)
    }
  }

  static let topics: [Exchange] = [
    metadata("two topics", ["diff-a", "diff-e"]), metadata("all", nil, versions: 1...13), metadata("none", []),
    metadata("with operations", ["diff-a"], operations: true),
    metadata("all with operations", nil, versions: 1...13, operations: true),
    metadata("unknown with operations", ["diff-none"], versions: 4...13, operations: true),
    metadata("unknown", ["diff-none"], versions: 4...13), metadata("a wrong name", ["a b"], versions: 4...13),
    metadata("an empty name", [""], versions: 4...13), metadata("a name twice", ["diff-a", "diff-a"]),
    metadata("a wrong name to create", ["a b"], create: true),
    Exchange("by id", .metadata, 10...13) { ground, _ in
      MetadataRequest(topics: [.init(topicId: ground.id("diff-a"), name: nil)], allowAutoTopicCreation: false)
    },
    Exchange("an unknown id", .metadata, 10...13) { ground, _ in
      MetadataRequest(topics: [.init(topicId: ground.id("diff-none"), name: nil)], allowAutoTopicCreation: false)
    },
    Exchange("neither name nor id", .metadata, 10...13) { _, _ in
      MetadataRequest(topics: [.init(name: nil)], allowAutoTopicCreation: false)
    },
    Exchange("ids and names", .metadata, 12...13) { ground, _ in
      MetadataRequest(
        topics: [.init(topicId: ground.id("diff-a"), name: nil), .init(name: "diff-e")], allowAutoTopicCreation: false)
    },
    creation("a topic", topic: "diff-cVERSION", partitions: 2), creation("what exists", topic: "diff-a"),
    creation("no partitions", topic: "diff-x", partitions: 0),
    creation("-2 partitions", topic: "diff-x", partitions: -2),
    creation("no replicas", topic: "diff-x", replicas: 0), creation("a wrong name", topic: "a/b"),
    creation("an empty name", topic: ""), creation("a wrong setting", topic: "diff-x", configs: [("nonsense", "1")]),
    creation("a null setting", topic: "diff-x", configs: [("retention.ms", nil)]),
    creation("only validated", topic: "diff-x", validateOnly: true),
    creation("an unknown broker", topic: "diff-x", partitions: -1, replicas: -1, assigned: [(0, [9])]),
    creation("a broker twice", topic: "diff-x", partitions: -1, replicas: -1, assigned: [(0, [1, 1])]),
    creation("no broker", topic: "diff-x", partitions: -1, replicas: -1, assigned: [(0, [])]),
    creation("a gap in the assignment", topic: "diff-x", partitions: -1, replicas: -1, assigned: [(1, [1])]),
    creation("assignment and count", topic: "diff-x", partitions: 1, replicas: 1, assigned: [(0, [1])]),
    Exchange("none", .createTopics) { _, _ in CreateTopicsRequest(timeoutMs: 5_000) },
    deletion("what exists", ["diff-cVERSION"]), deletion("unknown", ["diff-none"]),
    deletion("twice", ["diff-none", "diff-none"]), deletion("a wrong name", ["a b"]), deletion("none", []),
    Exchange("by unknown id", .deleteTopics, 6...6) { ground, _ in
      DeleteTopicsRequest(topics: [.init(name: nil, topicId: ground.id("diff-none"))], timeoutMs: 5_000)
    },
    Exchange("by name and id", .deleteTopics, 6...6) { ground, _ in
      DeleteTopicsRequest(topics: [.init(name: "diff-a", topicId: ground.id("diff-a"))], timeoutMs: 5_000)
    },
    Exchange("by neither", .deleteTopics, 6...6) { _, _ in
      DeleteTopicsRequest(topics: [.init(name: nil)], timeoutMs: 5_000)
    },
    growth("three", to: 3), growth("as many", to: 1), growth("fewer", to: 0), growth("-1", to: -1),
    growth("unknown topic", topic: "diff-none", to: 2), growth("assigned", to: 2, assigned: [[1]]),
    growth("too few assigned", to: 3, assigned: [[1]]), growth("assigned to another", to: 2, assigned: [[9]]),
    growth("assigned to nobody", to: 2, assigned: [[]]),
    Exchange("a topic twice", .createPartitions) { _, _ in
      CreatePartitionsRequest(
        topics: [.init(name: "diff-g", count: 2), .init(name: "diff-g", count: 3)], timeoutMs: 5_000, validateOnly: true
      )
    },
    Exchange("none", .createPartitions) { _, _ in CreatePartitionsRequest(timeoutMs: 5_000) },
    described("one", ["diff-a"]), described("unknown", ["diff-none"]), described("twice", ["diff-a", "diff-a"]),
    described("one partition", ["diff-a"], limit: 1), described("no partitions", ["diff-a"], limit: 0),
    described("from a cursor", ["diff-a"], cursor: .init(topicName: "diff-a", partitionIndex: 1)),
    described("beyond the last", ["diff-a"], cursor: .init(topicName: "diff-a", partitionIndex: 9)),
    described("a cursor elsewhere", ["diff-a"], cursor: .init(topicName: "diff-e", partitionIndex: 0)),
    described("a negative cursor", ["diff-a"], cursor: .init(topicName: "diff-a", partitionIndex: -1)),
    described("a wrong name", ["a b"]),
  ]
}
