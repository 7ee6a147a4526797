import ByteCodec
import KafkaWire
import Units

extension Exchange {
  /// The APIs that Millrace serves, each with a harmless request.
  private static let harmless: [(api: APIKey, message: any WireMessage)] = [
    (.produce, ProduceRequest(acks: -1, timeoutMs: 1_000)), (.fetch, FetchRequest(maxBytes: 100)),
    (.listOffsets, ListOffsetsRequest(replicaId: -1)), (.metadata, MetadataRequest(topics: [.init(name: "diff-a")])),
    (.findCoordinator, FindCoordinatorRequest(key: "diff-g", coordinatorKeys: ["diff-g"])),
    (.apiVersions, ApiVersionsRequest(clientSoftwareName: "diff", clientSoftwareVersion: "1")),
    (.initProducerId, InitProducerIdRequest(transactionalId: nil)), (.createTopics, CreateTopicsRequest()),
    (.deleteTopics, DeleteTopicsRequest()), (.deleteRecords, DeleteRecordsRequest()),
    (.describeConfigs, DescribeConfigsRequest()), (.alterConfigs, AlterConfigsRequest()),
    (.incrementalAlterConfigs, IncrementalAlterConfigsRequest()),
    (.listConfigResources, ListConfigResourcesRequest(resourceTypes: [4])),
    (.createPartitions, CreatePartitionsRequest()), (.describeCluster, DescribeClusterRequest()),
    (.describeTopicPartitions, DescribeTopicPartitionsRequest(topics: [.init(name: "diff-a")])),
    (.describeLogDirs, DescribeLogDirsRequest(topics: [])), (.alterReplicaLogDirs, AlterReplicaLogDirsRequest()),
    (.offsetForLeaderEpoch, OffsetForLeaderEpochRequest(replicaId: -1)),
    (.describeProducers, DescribeProducersRequest()), (.electLeaders, ElectLeadersRequest(topicPartitions: [])),
    (.alterPartitionReassignments, AlterPartitionReassignmentsRequest()),
    (.listPartitionReassignments, ListPartitionReassignmentsRequest(topics: [])),
    (.describeQuorum, DescribeQuorumRequest()), (.updateFeatures, UpdateFeaturesRequest(validateOnly: true)),
    (.unregisterBroker, UnregisterBrokerRequest(brokerId: 77)),
  ]

  /// The APIs that both brokers serve.
  static let served = Set(harmless.map(\.api))

  private static func bytes(_ message: any WireMessage, _ version: Int16) -> [UInt8] {
    var writer = ByteWriter()
    message.encode(to: &writer, version: version)
    return writer.takeArray()
  }

  /// Bodies that are too long, too short, empty, or noise, for each API and version.
  static let malformed: [Exchange] = harmless.flatMap { malformed($0.api, $0.message) }

  private static func malformed(_ api: APIKey, _ message: any WireMessage) -> [Exchange] {
    let noise: [UInt8] = [0x7F, 0xFF, 0xFF, 0xFF, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    let tail: [UInt8] = [0x7F, 0xFF, 1, 2]
    let ones = [UInt8](repeating: 0xFF, count: 40)
    return [
      Exchange("three bytes behind the body", api, sends: .body { _, version in bytes(message, version) + [0, 0, 0] }),
      Exchange("rubbish behind the body", api, sends: .body { _, version in bytes(message, version) + tail }),
      Exchange("a body cut short", api, sends: .body { _, version in bytes(message, version).dropLast(1) }),
      Exchange("no body", api, sends: .body { _, _ in [] }),
      Exchange("only ones", api, sends: .body { _, _ in ones }),
      Exchange("a long list of nothing", api, sends: .body { _, _ in noise }),
    ]
  }

  /// What is no request of a served API and version.
  static let strangers: [Exchange] = unservedVersions + otherFrames

  private static let unservedVersions: [Exchange] = harmless.map(\.api).filter { $0 != .apiVersions }
    .flatMap { (api: APIKey) -> [Exchange] in
      [
        Exchange("a version to come", api, 99...99, sends: .body { _, _ in [0, 0, 0, 0, 0, 0, 0, 0] }),
        Exchange("a negative version", api, -1 ... -1, sends: .body { _, _ in [0, 0, 0, 0, 0, 0, 0, 0] }),
      ]
    }

  private static let otherFrames: [Exchange] = [
    Exchange("a version to come", .apiVersions, 99...99, answerVersion: 0, sends: .body { _, _ in [] }),
    Exchange(
      "a version to come, with a body", .apiVersions, 5...5, answerVersion: 0, sends: .body { _, _ in [0, 1, 1, 0] }),
    Exchange("a negative version", .apiVersions, -1 ... -1, answerVersion: 0, sends: .body { _, _ in [] }),
    Exchange("an unknown API", .apiVersions, 0...0, key: 999, sends: .body { _, _ in [] }),
    Exchange("a negative API", .apiVersions, 0...0, key: -1, sends: .body { _, _ in [] }),
    Exchange("a gap among the APIs", .apiVersions, 0...0, key: 4, sends: .body { _, _ in [] }),
    Exchange("a frame of nothing", .apiVersions, 0...0, sends: .bytes([0, 0, 0, 0])),
    Exchange("a negative length", .apiVersions, 0...0, sends: .bytes([0xFF, 0xFF, 0xFF, 0xFF])),
    Exchange("the most negative length", .apiVersions, 0...0, sends: .bytes([0x80, 0, 0, 0])),
    Exchange("a length beyond all limits", .apiVersions, 0...0, sends: .bytes([0x7F, 0xFF, 0xFF, 0xFF])),
    Exchange("half a header", .apiVersions, 0...0, sends: .bytes([0, 0, 0, 3, 0, 18, 0])),
    Exchange("a header without client id", .apiVersions, 0...0, sends: .bytes([0, 0, 0, 8, 0, 18, 0, 0, 0, 0, 0, 1])),
    Exchange(
      "a client id longer than its frame", .apiVersions, 0...0,
      sends: .bytes([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0x7F, 0xFF])),
    Exchange("another protocol", .apiVersions, 0...0, sends: .bytes(Array("GET / HTTP/1.1\r\n\r\n".utf8))),
  ]
}
