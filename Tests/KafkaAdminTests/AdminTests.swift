import ByteCodec
import KafkaWire
import MillraceServer
import Testing
import WireClient

@Suite struct AdminTests {
  @Test func everyStepIsAnsweredAsExpected() throws {
    let server = try Server(.init())
    defer { server.stop() }
    let client = try WireClient(try #require(server.kafkaAddresses.first))
    for step in AdminStep.script {
      let answer = try step.play(client)
      #expect(answer == step.expected, "\(step.name)")
    }
  }

  @Test func onlyStableVersionsAreAdvertisedAndServed() throws {
    let server = try Server(.init())
    defer { server.stop() }
    let address = try #require(server.kafkaAddresses.first)
    let client = try WireClient(address)
    let hello = ApiVersionsRequest(clientSoftwareName: "wire", clientSoftwareVersion: "1")
    let versions = try client.call(hello, version: 4, as: ApiVersionsResponse.self)
    for key in versions.apiKeys {
      #expect(key.maxVersion == APIKey(rawValue: key.apiKey)?.stableVersion, "API \(key.apiKey)")
    }
    #expect(versions.apiKeys.first { $0.apiKey == APIKey.initProducerId.rawValue }?.maxVersion == 5)
    try client.send(InitProducerIdRequest(transactionalId: nil), version: 6)
    #expect(try client.isClosedByPeer())
  }

  @Test func tooManyTopicsInOneRequestAreAllRefused() throws {
    let server = try Server(.init())
    defer { server.stop() }
    let client = try WireClient(try #require(server.kafkaAddresses.first))
    let topics = (0...2_000).map { CreateTopicsRequest.Topic(name: "t\($0)", numPartitions: 1, replicationFactor: 1) }
    let answer = try client.call(CreateTopicsRequest(topics: topics), version: 7, as: CreateTopicsResponse.self)
    #expect(answer.topics.count == 2_001)
    #expect(answer.topics.allSatisfy { $0.errorCode == ErrorCode.policyViolation.rawValue })
  }

  /// What groups have set stays in memory and in every checkpoint: names, values and their number are bounded.
  @Test func groupsWithSettingsOfTheirOwnAreBounded() throws {
    let server = try Server(.init())
    defer { server.stop() }
    let client = try WireClient(try #require(server.kafkaAddresses.first))
    func set(
      _ names: [String], _ name: String = "share.delivery.count.limit", _ value: String? = "7", delete: Bool = false
    ) throws -> [Int16] {
      let config = IncrementalAlterConfigsRequest.Resource.Config(
        name: name, configOperation: delete ? 1 : 0, value: delete ? nil : value)
      let request = IncrementalAlterConfigsRequest(
        resources: names.map { .init(resourceType: 32, resourceName: $0, configs: [config]) })
      return try client.call(request, version: 1, as: IncrementalAlterConfigsResponse.self).responses.map(\.errorCode)
    }
    let long = String(repeating: "g", count: 256)
    #expect(try set([long, String(long.dropLast())]) == [ErrorCode.invalidRequest.rawValue, 0])
    let late = "by_duration:P" + String(repeating: "0", count: 2_000) + "1D"
    #expect(try set(["late"], "share.auto.offset.reset", late) == [ErrorCode.invalidConfig.rawValue])
    let codes = try set((0..<2_100).map { "g\($0)" })
    #expect(codes.prefix(1_999).allSatisfy { $0 == 0 })
    #expect(codes.dropFirst(1_999).allSatisfy { $0 == ErrorCode.policyViolation.rawValue })
    // Those there are can be changed; one that is deleted makes room for another.
    #expect(try set(["g7"], "share.delivery.count.limit", "8") == [0])
    #expect(try set(["g7", "new"], delete: true) == [0, 0])
    #expect(try set(["new"]) == [0])
  }

  @Test func ownBrokerStaysRegisteredAndFeaturesStay() throws {
    let server = try Server(.init())
    defer { server.stop() }
    let client = try WireClient(try #require(server.kafkaAddresses.first))
    let refused = try client.call(UnregisterBrokerRequest(brokerId: 1), version: 0, as: UnregisterBrokerResponse.self)
    #expect(refused.errorCode == ErrorCode.policyViolation.rawValue)
    for version in Int16(0)...1 {
      let kept = try client.call(
        UpdateFeaturesRequest(featureUpdates: [.init(feature: "group.version", maxVersionLevel: 0)]),
        version: version, as: UpdateFeaturesResponse.self)
      #expect(kept.errorCode == ErrorCode.invalidUpdateVersion.rawValue && kept.results.isEmpty)
    }
  }

  @Test func deletionCanBeSwitchedOffAndReplicasMadeStrict() throws {
    var configuration = Server.Configuration()
    configuration.settings = ["delete.topic.enable": "false", "replication.factor.strict": "true"]
    let server = try Server(configuration)
    defer { server.stop() }
    let client = try WireClient(try #require(server.kafkaAddresses.first))
    let made = try AdminStep.created(
      client,
      [
        .init(name: "kept", numPartitions: 1, replicationFactor: 1),
        .init(name: "wide", numPartitions: 1, replicationFactor: 3),
      ])
    #expect(made == "kept=0:1x1:33 wide=38")
    #expect(try AdminStep.deleted(client, [.init(name: "kept")]) == "kept=73")
  }
}
