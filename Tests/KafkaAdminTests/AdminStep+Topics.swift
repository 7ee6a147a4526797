import ByteCodec
import KafkaWire
import Units
import WireClient

extension AdminStep {
  static func created(
    _ client: WireClient, _ topics: [CreateTopicsRequest.Topic], version: Int16 = 7, validateOnly: Bool = false
  ) throws -> String {
    let answer = try client.call(
      CreateTopicsRequest(topics: topics, validateOnly: validateOnly), version: version, as: CreateTopicsResponse.self)
    return words(
      answer.topics.map {
        guard $0.errorCode == 0, version >= 5 else { return "\($0.name)=\($0.errorCode)" }
        return "\($0.name)=\($0.errorCode):\($0.numPartitions)x\($0.replicationFactor):\($0.configs?.count ?? -1)"
      })
  }

  static func deleted(_ client: WireClient, _ topics: [DeleteTopicsRequest.Topic]) throws -> String {
    let answer = try client.call(
      DeleteTopicsRequest(topics: topics, timeoutMs: 5_000), version: 6, as: DeleteTopicsResponse.self)
    return words(answer.responses.map { "\($0.name ?? "null")=\($0.errorCode)" })
  }

  private static func grown(
    _ client: WireClient, _ topics: [CreatePartitionsRequest.Topic], version: Int16 = 3, validateOnly: Bool = false
  ) throws -> String {
    let answer = try client.call(
      CreatePartitionsRequest(topics: topics, timeoutMs: 5_000, validateOnly: validateOnly), version: version,
      as: CreatePartitionsResponse.self)
    return words(answer.results.map { "\($0.name)=\($0.errorCode)" })
  }

  private static func assigned(_ name: String, _ partitions: [(Int32, [Int32])], count: Int32 = -1)
    -> [CreateTopicsRequest.Topic]
  {
    [
      .init(
        name: name, numPartitions: count, replicationFactor: -1,
        assignments: partitions.map { .init(partitionIndex: $0.0, brokerIds: $0.1) })
    ]
  }

  private static func topic(
    _ name: String, _ partitions: Int32 = 1, _ replicas: Int16 = 1, _ configs: [(String, String?)] = []
  ) -> CreateTopicsRequest.Topic {
    .init(
      name: name, numPartitions: partitions, replicationFactor: replicas,
      configs: configs.map { .init(name: $0.0, value: $0.1) })
  }

  static let topics: [AdminStep] = [
    .init(
      "create, every version", "admin-v2=0 admin-v3=0 admin-v4=0 admin-v5=0:2x1:33 admin-v6=0:2x1:33 admin-v7=0:2x1:33"
    ) {
      client in words(try (2...7).map { try created(client, [topic("admin-v\($0)", 2)], version: $0) })
    },
    .init("create with defaults", "admin-d=0:1x1:33") { try created($0, [topic("admin-d", -1, -1)]) },
    .init("create what exists", "admin-d=36") { try created($0, [topic("admin-d")]) },
    .init("create twice in one request", "admin-n=0:1x1:33 admin-t=42") {
      try created($0, [topic("admin-t"), topic("admin-n"), topic("admin-t")])
    },
    .init("names that are none", "..=17 .=17 =17 a b=17 \(String(repeating: "x", count: 250))=17") { client in
      try created(client, ["", ".", "..", "a b", String(repeating: "x", count: 250)].map { topic($0) })
    },
    .init("a name that collides", "admin.d=17") { client in
      let made = try created(client, [topic("admin_c.d")])
      guard made == "admin_c.d=0:1x1:33" else { return made }
      return try created(client, [topic("admin.c_d")]).replacing("c_d", with: "d")
    },
    .init("no partitions", "admin-0=37 admin-m=37") { try created($0, [topic("admin-0", 0), topic("admin-m", -2)]) },
    .init("no replicas", "admin-0=38 admin-m=38") {
      try created($0, [topic("admin-0", 1, 0), topic("admin-m", 1, -2)])
    },
    .init("three replicas", "admin-r=0:1x1:33", kafka: "admin-r=38") { try created($0, [topic("admin-r", 1, 3)]) },
    .init("unknown and wrong settings", "admin-a=40 admin-b=40 admin-c=40") {
      try created(
        $0,
        [
          topic("admin-a", 1, 1, [("nonsense", "1")]), topic("admin-b", 1, 1, [("retention.ms", "soon")]),
          topic("admin-c", 1, 1, [("retention.ms", nil)]),
        ])
    },
    .init("wrong settings before wrong counts", "admin-a=40") {
      try created($0, [topic("admin-a", 0, 0, [("nonsense", "1")])])
    },
    .init("settings", "admin-s=0:1x1:33") { try created($0, [topic("admin-s", 1, 1, [("retention.ms", "5000")])]) },
    .init("a compacted topic", "admin-k=0:1x1:33") {
      try created($0, [topic("admin-k", 1, 1, [("cleanup.policy", "compact")])])
    },
    .init("only validated", "admin-o=0:4x1:33 again admin-o=0:4x1:33") { client in
      try (0..<2).map { _ in try created(client, [topic("admin-o", 4)], validateOnly: true) }.joined(
        separator: " again ")
    },
    .init("assigned", "admin-as=0:2x1:33") { try created($0, assigned("admin-as", [(1, [1]), (0, [1])])) },
    .init("assigned and counted", "admin-x=42") { try created($0, assigned("admin-x", [(0, [1])], count: 1)) },
    .init("assigned with a gap, twice, to nobody, to a stranger, to one twice", "39 39 39 39 39") { client in
      try [
        [(0, [1]), (2, [1])], [(0, [1]), (0, [1])], [(0, [])], [(0, [9])], [(0, [1, 1])],
      ].map { try created(client, assigned("admin-x", $0)).replacing("admin-x=", with: "") }.joined(separator: " ")
    },
    .init("grow, every version", "admin-v2=0 admin-v2=0 admin-v2=0 admin-v2=0") { client in
      words(
        try (0...3).map {
          try grown(client, [.init(name: "admin-v2", count: 3 + Int32($0), assignments: nil)], version: $0)
        })
    },
    .init("grow not", "admin-none=3 admin-v2=37 admin-v3=37 admin-v4=42") {
      try grown(
        $0,
        [
          .init(name: "admin-none", count: 3, assignments: nil), .init(name: "admin-v2", count: 6, assignments: nil),
          .init(name: "admin-v3", count: 1, assignments: nil), .init(name: "admin-v4", count: 3, assignments: nil),
          .init(name: "admin-v4", count: 4, assignments: nil),
        ])
    },
    .init("grow by assignment", "admin-v3=0 admin-v4=39 admin-v5=39 admin-v6=39") {
      try grown(
        $0,
        [
          .init(name: "admin-v3", count: 3, assignments: [.init(brokerIds: [1])]),
          .init(name: "admin-v4", count: 4, assignments: [.init(brokerIds: [1])]),
          .init(name: "admin-v5", count: 3, assignments: [.init(brokerIds: [9])]),
          .init(name: "admin-v6", count: 3, assignments: [.init(brokerIds: [])]),
        ])
    },
    .init("grow, only validated", "admin-v7=0 admin-v7=0") { client in
      words(
        try (0..<2).map { _ in
          try grown(client, [.init(name: "admin-v7", count: 5, assignments: nil)], validateOnly: true)
        })
    },
  ]

  static let endings: [AdminStep] = [
    .init("delete by name, old versions", "0 0 0 0 0 again 3 3 3 3 3") { client in
      let all = try (0..<2).map { _ in
        try (1...5).map { version in
          try client.call(
            DeleteTopicsRequest(topicNames: ["admin-v\(version + 1)"], timeoutMs: 5_000), version: Int16(version),
            as: DeleteTopicsResponse.self
          ).responses.map { "\($0.errorCode)" }.joined()
        }.joined(separator: " ")
      }
      return all.joined(separator: " again ")
    },
    .init("delete by name and by id", "admin-none=3 null=100") {
      try deleted($0, [.init(name: "admin-none"), .init(topicId: .init(high: 1, low: 2))])
    },
    .init("delete by both, by neither", "42 42") { client in
      try [
        DeleteTopicsRequest.Topic(name: "admin-d", topicId: .init(high: 1, low: 2)), .init(),
      ].map { try deleted(client, [$0]).suffix(2) }.joined(separator: " ")
    },
    .init("delete twice in one request", "admin-d=42") {
      try deleted($0, [.init(name: "admin-d"), .init(name: "admin-d")])
    },
    .init("delete what was made", "admin-as=0 admin-d=0 admin-k=0 admin-n=0 admin-s=0 admin-v7=0 admin_c.d=0") {
      client in
      try deleted(
        client,
        ["admin-as", "admin-d", "admin-k", "admin-n", "admin-s", "admin-v7", "admin_c.d"].map { .init(name: $0) })
    },
    .init("nothing is left", "[]") { client in
      var left: [String] = []
      // Kafka shows a deletion a moment after it has answered.
      for _ in 0..<1_000 {
        let all = try client.call(MetadataRequest(topics: nil), version: 12, as: MetadataResponse.self)
        left = all.topics.compactMap(\.name).filter { $0.hasPrefix("admin") && $0 != "admin-r" }
        if left.isEmpty { break }
      }
      return "\(left)"
    },
  ]
}
