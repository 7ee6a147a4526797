import ByteCodec
import KafkaWire
import Units

extension Exchange {
  private static func described(
    _ name: String, _ type: Int8, _ resource: String, _ keys: [String]?, synonyms: Bool = true
  ) -> Exchange {
    Exchange(name, .describeConfigs) { _, _ in
      DescribeConfigsRequest(
        resources: [.init(resourceType: type, resourceName: resource, configurationKeys: keys)],
        includeSynonyms: synonyms)
    }
  }

  /// An incremental change that is only validated.
  private static func change(
    _ name: String, _ type: Int8, _ resource: String, _ operations: [(Int8, String, String?)]
  ) -> Exchange {
    Exchange(name, .incrementalAlterConfigs) { _, _ in
      IncrementalAlterConfigsRequest(
        resources: [
          .init(
            resourceType: type, resourceName: resource,
            configs: operations.map { .init(name: $0.1, configOperation: $0.0, value: $0.2) })
        ], validateOnly: true)
    }
  }

  static let settings: [Exchange] = [
    described("a topic", 2, "diff-s", nil), described("a topic without synonyms", 2, "diff-s", nil, synonyms: false),
    described("some, one of them unknown", 2, "diff-s", ["max.message.bytes", "nonsense"]),
    described("a name twice", 2, "diff-s", ["retention.ms", "retention.ms"]),
    described("unknown topic", 2, "diff-none", nil), described("a wrong name", 2, "a b", nil),
    described("an empty name", 2, "", nil), described("unknown type", 9, "x", nil),
    described("another broker", 4, "55", nil), described("a broker that is no number", 4, "x", nil),
    described("the broker", 4, "1", ["num.partitions", "log.segment.bytes", "message.max.bytes"]),
    described("all brokers", 4, "", nil), described("a group", 32, "diff-g", nil),
    described("an empty group", 32, "", nil),
    Exchange("a resource twice", .describeConfigs) { _, _ in
      let one = DescribeConfigsRequest.Resource(
        resourceType: 2, resourceName: "diff-e", configurationKeys: ["retention.ms"])
      return DescribeConfigsRequest(resources: [one, one])
    },
    Exchange("none", .describeConfigs) { _, _ in DescribeConfigsRequest() },
    change("one", 2, "diff-e", [(0, "retention.ms", "5000")]), change("unknown", 2, "diff-e", [(0, "nonsense", "1")]),
    change("a wrong value", 2, "diff-e", [(0, "retention.ms", "soon")]),
    change("a null", 2, "diff-e", [(0, "retention.ms", nil)]), change("nothing", 2, "diff-e", []),
    change("twice", 2, "diff-e", [(0, "retention.ms", "1"), (1, "retention.ms", nil)]),
    change("an unknown operation", 2, "diff-e", [(9, "retention.ms", "1")]),
    change("append to a number", 2, "diff-e", [(2, "retention.ms", "1")]),
    change("delete what is not set", 2, "diff-e", [(1, "retention.ms", nil)]),
    change("unknown topic", 2, "diff-none", [(0, "retention.ms", "1")]),
    change("unknown type", 9, "x", [(0, "retention.ms", "1")]),
    change("an empty topic", 2, "", [(0, "retention.ms", "1")]),
    change("a fixed one of the broker", 4, "1", [(0, "num.partitions", "3")]),
    change("another broker", 4, "55", [(0, "log.cleaner.threads", "2")]),
    change("a broker that is no number", 4, "x", [(0, "log.cleaner.threads", "2")]),
    change("an empty group", 32, "", [(0, "consumer.session.timeout.ms", "50000")]),
    Exchange("a resource twice", .incrementalAlterConfigs) { _, _ in
      let one = IncrementalAlterConfigsRequest.Resource(
        resourceType: 2, resourceName: "diff-e", configs: [.init(name: "retention.ms", configOperation: 0, value: "9")])
      return IncrementalAlterConfigsRequest(resources: [one, one], validateOnly: true)
    },
    Exchange("a resource twice", .alterConfigs, 2...2) { _, _ in
      let one = AlterConfigsRequest.Resource(
        resourceType: 2, resourceName: "diff-e", configs: [.init(name: "retention.ms", value: "9")])
      return AlterConfigsRequest(resources: [one, one], validateOnly: true)
    },
    Exchange("a name twice", .alterConfigs) { _, _ in
      AlterConfigsRequest(
        resources: [
          .init(
            resourceType: 2, resourceName: "diff-e",
            configs: [.init(name: "retention.ms", value: "9"), .init(name: "retention.ms", value: "8")])
        ], validateOnly: true)
    },
    Exchange("unknown topic", .alterConfigs) { _, _ in
      AlterConfigsRequest(resources: [.init(resourceType: 2, resourceName: "diff-none")], validateOnly: true)
    },
    Exchange("an unknown type", .listConfigResources, 1...1) { _, _ in ListConfigResourcesRequest(resourceTypes: [9]) },
    Exchange("brokers", .listConfigResources, 1...1) { _, _ in ListConfigResourcesRequest(resourceTypes: [4, 4]) },
    Exchange("all", .listConfigResources) { _, _ in ListConfigResourcesRequest() },
  ]

  private static func coordinator(_ name: String, _ type: Int8, _ keys: [String]) -> Exchange {
    Exchange(name, .findCoordinator) { _, _ in
      FindCoordinatorRequest(key: keys.first ?? "", keyType: type, coordinatorKeys: keys)
    }
  }

  private static func hello(_ name: String, _ software: String, _ version: String) -> Exchange {
    Exchange(name, .apiVersions) { _, _ in
      ApiVersionsRequest(clientSoftwareName: software, clientSoftwareVersion: version)
    }
  }

  private static func identity(_ name: String, transaction: String? = nil, id: Int64 = -1, epoch: Int16 = -1)
    -> Exchange
  {
    Exchange(name, .initProducerId) { _, _ in
      InitProducerIdRequest(
        transactionalId: transaction, transactionTimeoutMs: 1_000, producerId: id, producerEpoch: epoch)
    }
  }

  private static func reassignment(_ name: String, topic: String = "diff-r", _ partition: Int32, _ replicas: [Int32]?)
    -> Exchange
  {
    Exchange(name, .alterPartitionReassignments) { _, _ in
      AlterPartitionReassignmentsRequest(
        timeoutMs: 5_000,
        topics: [.init(name: topic, partitions: [.init(partitionIndex: partition, replicas: replicas)])])
    }
  }

  private static func election(_ name: String, _ type: Int8, _ partitions: [ElectLeadersRequest.TopicPartition])
    -> Exchange
  {
    Exchange(name, .electLeaders) { _, _ in
      ElectLeadersRequest(electionType: type, topicPartitions: partitions, timeoutMs: 5_000)
    }
  }

  static let cluster: [Exchange] = [
    hello("a client", "diff", "1.0"), hello("no name", "", "1"), hello("a wrong name", "a b", "1"),
    hello("a wrong version", "diff", "-1-"),
    identity("a new one"), identity("one with an id", id: 5, epoch: 0), identity("an id without epoch", id: 5),
    identity("an empty transactional id", transaction: ""),
    coordinator("a group", 0, ["diff-g"]), coordinator("an unknown type", 7, ["x"]),
    coordinator("a negative type", -1, ["x"]), coordinator("no keys", 0, []),
    Exchange("plain", .describeCluster) { _, _ in DescribeClusterRequest() },
    Exchange("with operations", .describeCluster) { _, _ in
      DescribeClusterRequest(includeClusterAuthorizedOperations: true)
    },
    Exchange("controllers", .describeCluster, 1...2) { _, _ in DescribeClusterRequest(endpointType: 2) },
    Exchange("an unknown kind", .describeCluster, 1...2) { _, _ in DescribeClusterRequest(endpointType: 9) },
    Exchange("some topics", .describeLogDirs) { _, _ in
      DescribeLogDirsRequest(topics: [
        .init(topic: "diff-e", partitions: [0, 7]), .init(topic: "diff-none", partitions: [0]),
      ])
    },
    Exchange("no topics", .describeLogDirs) { _, _ in DescribeLogDirsRequest(topics: []) },
    Exchange("a folder that is not", .alterReplicaLogDirs) { _, _ in
      AlterReplicaLogDirsRequest(dirs: [
        .init(
          path: "/nowhere/at/all",
          topics: [.init(name: "diff-e", partitions: [0, 7]), .init(name: "diff-none", partitions: [0])])
      ])
    },
    Exchange("none", .alterReplicaLogDirs) { _, _ in AlterReplicaLogDirsRequest() },
    election("preferred", 0, [.init(topic: "diff-e", partitions: [0])]),
    election("unclean", 1, [.init(topic: "diff-e", partitions: [0])]),
    election("unknown", 0, [.init(topic: "diff-e", partitions: [7]), .init(topic: "diff-none", partitions: [0])]),
    election("none", 0, []), election("an unknown kind", 5, [.init(topic: "diff-e", partitions: [0])]),
    reassignment("to itself", 0, [1]), reassignment("to another", 0, [9]), reassignment("to nobody", 0, []),
    reassignment("to itself twice", 0, [1, 1]), reassignment("cancelled", 0, nil),
    reassignment("unknown partition", 9, [1]),
    reassignment("unknown topic", topic: "diff-none", 0, [1]), reassignment("a negative broker", 0, [-1]),
    Exchange("none", .alterPartitionReassignments) { _, _ in AlterPartitionReassignmentsRequest(timeoutMs: 5_000) },
    Exchange("all", .listPartitionReassignments) { _, _ in ListPartitionReassignmentsRequest(timeoutMs: 5_000) },
    Exchange("some", .listPartitionReassignments) { _, _ in
      ListPartitionReassignmentsRequest(timeoutMs: 5_000, topics: [.init(name: "diff-none", partitionIndexes: [0])])
    },
    Exchange("the metadata", .describeQuorum) { _, _ in
      DescribeQuorumRequest(topics: [.init(topicName: "__cluster_metadata", partitions: [.init(partitionIndex: 0)])])
    },
    Exchange("another topic", .describeQuorum) { _, _ in
      DescribeQuorumRequest(topics: [.init(topicName: "diff-a", partitions: [.init(partitionIndex: 0)])])
    },
    Exchange("another partition", .describeQuorum) { _, _ in
      DescribeQuorumRequest(topics: [.init(topicName: "__cluster_metadata", partitions: [.init(partitionIndex: 1)])])
    },
    Exchange("none", .describeQuorum) { _, _ in DescribeQuorumRequest() },
    Exchange("none", .updateFeatures) { _, _ in UpdateFeaturesRequest(timeoutMs: 5_000, validateOnly: true) },
    Exchange("an unknown feature", .updateFeatures) { _, _ in
      UpdateFeaturesRequest(
        timeoutMs: 5_000, featureUpdates: [.init(feature: "nonsense", maxVersionLevel: 1)], validateOnly: true)
    },
    Exchange("a feature's version to come", .updateFeatures) { _, _ in
      UpdateFeaturesRequest(
        timeoutMs: 5_000, featureUpdates: [.init(feature: "group.version", maxVersionLevel: 99)], validateOnly: true)
    },
    Exchange("a broker that is not", .unregisterBroker) { _, _ in UnregisterBrokerRequest(brokerId: 77) },
  ]
}
