import ByteCodec
import KafkaWire
import WireClient

extension AdminStep {
  /// A page of partitions: topics with the partitions shown, and where it goes on.
  private static func page(
    _ client: WireClient, _ topics: [String], limit: Int32 = 2000, from cursor: (String, Int32)? = nil
  ) throws -> String {
    let answer = try client.call(
      DescribeTopicPartitionsRequest(
        topics: topics.map { .init(name: $0) }, responsePartitionLimit: limit,
        cursor: cursor.map { .init(topicName: $0.0, partitionIndex: $0.1) }), version: 0,
      as: DescribeTopicPartitionsResponse.self)
    let shown = answer.topics.map { topic in
      let indexes = topic.partitions.map { "\($0.partitionIndex)" }.joined(separator: ",")
      return topic.errorCode == 0 ? "\(topic.name ?? "null"):\(indexes)" : "\(topic.name ?? "null")=\(topic.errorCode)"
    }
    let next = answer.nextCursor.map { " > \($0.topicName):\($0.partitionIndex)" } ?? ""
    return shown.joined(separator: " ") + next
  }

  private static func elected(_ client: WireClient, _ topic: String, _ partition: Int32) throws -> String {
    try each(0...2) { version in
      let answer = try client.call(
        ElectLeadersRequest(
          electionType: 0, topicPartitions: [.init(topic: topic, partitions: [partition])], timeoutMs: 5_000),
        version: version, as: ElectLeadersResponse.self)
      return "\(answer.errorCode)/"
        + answer.replicaElectionResults.flatMap(\.partitionResult).map { "\($0.errorCode)" }.joined()
    }
  }

  private static func moved(_ client: WireClient, _ topic: String, _ partition: Int32, _ replicas: [Int32]?) throws
    -> String
  {
    try each(0...1) { version in
      let answer = try client.call(
        AlterPartitionReassignmentsRequest(
          timeoutMs: 5_000,
          topics: [.init(name: topic, partitions: [.init(partitionIndex: partition, replicas: replicas)])]),
        version: version, as: AlterPartitionReassignmentsResponse.self)
      return "\(answer.errorCode)/" + answer.responses.flatMap(\.partitions).map { "\($0.errorCode)" }.joined()
    }
  }

  static let partitions: [AdminStep] = [
    .init("partitions of two topics", "admin-v6:0,1 admin-v7:0,1") { try page($0, ["admin-v7", "admin-v6"]) },
    .init("the first page", "admin-v2:0,1,2,3,4,5 admin-v3:0,1 > admin-v3:2") {
      try page($0, ["admin-v3", "admin-v2"], limit: 8)
    },
    .init("a page that ends with a topic", "admin-v2:0,1,2,3,4,5 > admin-v3:0") {
      try page($0, ["admin-v3", "admin-v2"], limit: 6)
    },
    .init("the next page", "admin-v3:2") { try page($0, ["admin-v3", "admin-v2"], limit: 8, from: ("admin-v3", 2)) },
    .init("a page from a topic that is gone", "admin-v2a=3 admin-v3:0,1,2") {
      try page($0, ["admin-v3", "admin-v2", "admin-v2a"], from: ("admin-v2a", 4))
    },
    .init("a page from a topic that was not asked for", "admin-v2=42 admin-v3=42") {
      try page($0, ["admin-v2", "admin-v3"], from: ("admin-v2a", 4))
    },
    .init("pages of no size", "admin-v2:0 > admin-v2:1") { try page($0, ["admin-v2"], limit: 0) },
    .init("unknown and wrong names", "a b=17 admin-none=3") { try page($0, ["admin-none", "a b"]) },
    .init("a cursor before the start", "admin-v2=42") { try page($0, ["admin-v2"], from: ("admin-v2", -1)) },
    .init("leader, replicas, operations", "1 [1] [1] [] [] 3576 false") { client in
      let answer = try client.call(
        DescribeTopicPartitionsRequest(topics: [.init(name: "admin-v7")], responsePartitionLimit: 1), version: 0,
        as: DescribeTopicPartitionsResponse.self)
      return answer.topics.map { topic in
        topic.partitions.map {
          "\($0.leaderId) \($0.replicaNodes) \($0.isrNodes) \($0.eligibleLeaderReplicas ?? [-1]) \($0.lastKnownElr ?? [-1])"
        }.joined() + " \(topic.topicAuthorizedOperations) \(topic.isInternal)"
      }.joined()
    },
    .init("elect: not needed", "0/84") { try elected($0, "admin-v7", 0) },
    .init("elect: nothing there", "0/3 0/3") { client in
      try [("admin-v7", 99), ("admin-none", 0)].map { try elected(client, $0.0, $0.1) }.joined(separator: " ")
    },
    .init("elect: everywhere", "0/0") { client in
      let answer = try client.call(
        ElectLeadersRequest(electionType: 0, topicPartitions: nil, timeoutMs: 5_000), version: 2,
        as: ElectLeadersResponse.self)
      return "\(answer.errorCode)/\(answer.replicaElectionResults.flatMap(\.partitionResult).count)"
    },
    .init("move: here, away, to nobody, back, nothing there", "0/0 0/39 0/39 0/85 0/3") { client in
      try [
        ("admin-v7", 0, [1]), ("admin-v7", 0, [9]), ("admin-v7", 0, []), ("admin-v7", 0, nil), ("admin-none", 0, [1]),
      ]
      .map { try moved(client, $0.0, $0.1, $0.2) }.joined(separator: " ")
    },
    .init("moves under way", "0/0") { client in
      let answer = try client.call(
        ListPartitionReassignmentsRequest(timeoutMs: 5_000, topics: nil), version: 0,
        as: ListPartitionReassignmentsResponse.self)
      return "\(answer.errorCode)/\(answer.topics.count)"
    },
  ]
}
