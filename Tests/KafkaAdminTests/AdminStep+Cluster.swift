import ByteCodec
import KafkaWire
import WireClient

extension AdminStep {
  private static func cluster(_ client: WireClient, endpoint: Int8 = 1, versions: ClosedRange<Int16>) throws -> String {
    try each(versions) { version in
      let answer = try client.call(
        DescribeClusterRequest(includeClusterAuthorizedOperations: true, endpointType: endpoint), version: version,
        as: DescribeClusterResponse.self)
      return "\(answer.errorCode) \(answer.controllerId) \(answer.brokers.map(\.brokerId)) "
        + "\(answer.clusterId.utf8.count) \(answer.clusterAuthorizedOperations)"
    }
  }

  private static func updated(
    _ client: WireClient, _ feature: String, _ level: Int16, versions: ClosedRange<Int16> = 0...2
  ) throws -> String {
    try each(versions) { version in
      let answer = try client.call(
        UpdateFeaturesRequest(featureUpdates: [.init(feature: feature, maxVersionLevel: level)], validateOnly: true),
        version: version, as: UpdateFeaturesResponse.self)
      return words(["\(answer.errorCode)"] + answer.results.map { "\($0.feature)=\($0.errorCode)" })
    }
  }

  static let cluster: [AdminStep] = [
    .init("the cluster", "0 1 [1] 22 8096") { try cluster($0, versions: 0...2) },
    .init("controllers, asked of a broker", "114 115") { client in
      try [2, 3].map { try cluster(client, endpoint: $0, versions: 1...2).prefix(3) }.joined(separator: " ")
    },
    .init("the quorum", "0 0 leader=1 voters=[1] observers=0") { client in
      try each(0...2) { version in
        let answer = try client.call(
          DescribeQuorumRequest(topics: [.init(topicName: "__cluster_metadata", partitions: [.init(partitionIndex: 0)])]
          ),
          version: version, as: DescribeQuorumResponse.self)
        let parts = answer.topics.flatMap(\.partitions).map {
          "\($0.errorCode) leader=\($0.leaderId) voters=\($0.currentVoters.map(\.replicaId)) observers=\($0.observers.count)"
        }
        return "\(answer.errorCode) \(parts.joined())"
      }
    },
    .init("another topic's quorum", "0 3") { client in
      try each(0...2) { version in
        let answer = try client.call(
          DescribeQuorumRequest(topics: [.init(topicName: "admin-d", partitions: [.init(partitionIndex: 0)])]),
          version: version, as: DescribeQuorumResponse.self)
        return "\(answer.errorCode) \(answer.topics.flatMap(\.partitions).map { "\($0.errorCode)" }.joined())"
      }
    },
    .init("features: the level in force", "0 metadata.version=0", kafka: nil) {
      try updated($0, "metadata.version", 30, versions: 0...1)
    },
    .init("features: the level in force, newest version", "0") {
      try updated($0, "metadata.version", 30, versions: 2...2)
    },
    .init("features: too high, newest version", "95") { try updated($0, "metadata.version", 99, versions: 2...2) },
    .init("features: unknown, newest version", "95") { try updated($0, "nonsense", 1, versions: 2...2) },
    .init("features: lower, newest version", "95") { try updated($0, "transaction.version", 1, versions: 2...2) },
    .init("unregister a stranger", "102") { client in
      let answer = try client.call(
        UnregisterBrokerRequest(brokerId: 99), version: 0, as: UnregisterBrokerResponse.self)
      return "\(answer.errorCode)"
    },
    .init("log folders", "0 1 admin-v7=0,1:0") { client in
      try each(1...5) { version in
        let answer = try client.call(
          DescribeLogDirsRequest(topics: [
            .init(topic: "admin-v7", partitions: [0, 1, 99]), .init(topic: "admin-none", partitions: [0]),
          ]), version: version, as: DescribeLogDirsResponse.self)
        let topics = answer.results.flatMap(\.topics).map { topic in
          let indexes = topic.partitions.map(\.partitionIndex).sorted().map(String.init).joined(separator: ",")
          return "\(topic.name)=\(indexes):\(topic.partitions.map(\.offsetLag).max() ?? -1)"
        }
        return "\(answer.errorCode) \(answer.results.count) \(words(topics))"
      }
    },
    .init("room on the volume, from version 4", "v1: false; v2: false; v3: false; v4: true; v5: true") { client in
      try each(1...5) { version in
        let answer = try client.call(
          DescribeLogDirsRequest(topics: nil), version: version, as: DescribeLogDirsResponse.self)
        return "\(answer.results.allSatisfy { $0.totalBytes > $0.usableBytes && $0.usableBytes > 0 })"
      }
    },
    .init("move to the same folder, to another", "0 57") { client in
      let dirs = try client.call(DescribeLogDirsRequest(topics: nil), version: 4, as: DescribeLogDirsResponse.self)
      let own = dirs.results.first?.logDir ?? ""
      return try [own, own + "-other"].map { path in
        try each(1...2) { version in
          let answer = try client.call(
            AlterReplicaLogDirsRequest(dirs: [.init(path: path, topics: [.init(name: "admin-v7", partitions: [0])])]),
            version: version, as: AlterReplicaLogDirsResponse.self)
          return answer.results.flatMap(\.partitions).map { "\($0.errorCode)" }.joined()
        }
      }.joined(separator: " ")
    },
  ]
}
