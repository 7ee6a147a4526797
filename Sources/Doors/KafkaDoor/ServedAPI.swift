import ByteCodec
import KafkaWire
import Reactor

/// The APIs this door serves, and how: the only list of them. What is not here is not advertised.
struct ServedAPI: Sendable {
  let key: APIKey
  /// The oldest version named in ApiVersions, where it is not the oldest one served.
  var advertisedMinimum: Int16?
  let handle: @Sendable (KafkaDoor, Request) throws(WireError) -> Answer

  /// Produce is named from version 0 on, although only 3 and later are served: librdkafka before 2.11 looks there for
  /// its compression codecs (KAFKA-18659).
  static let all: [ServedAPI] = [
    ServedAPI(key: .produce, advertisedMinimum: 0) { (door, request) throws(WireError) in try door.produce(request) },
    ServedAPI(key: .fetch) { (door, request) throws(WireError) in try door.fetch(request) },
    ServedAPI(key: .listOffsets) { (door, request) throws(WireError) in try door.listOffsets(request) },
    ServedAPI(key: .metadata) { (door, request) throws(WireError) in try door.metadata(request) },
    ServedAPI(key: .findCoordinator) { (door, request) throws(WireError) in try door.findCoordinator(request) },
    ServedAPI(key: .apiVersions) { (door, request) throws(WireError) in try door.apiVersions(request) },
    ServedAPI(key: .initProducerId) { (door, request) throws(WireError) in try door.initProducerID(request) },
    ServedAPI(key: .createTopics) { (door, request) throws(WireError) in try door.createTopics(request) },
    ServedAPI(key: .deleteTopics) { (door, request) throws(WireError) in try door.deleteTopics(request) },
    ServedAPI(key: .deleteRecords) { (door, request) throws(WireError) in try door.deleteRecords(request) },
    ServedAPI(key: .describeConfigs) { (door, request) throws(WireError) in try door.describeConfigs(request) },
    ServedAPI(key: .alterConfigs) { (door, request) throws(WireError) in try door.alterConfigs(request) },
    ServedAPI(key: .incrementalAlterConfigs) { (door, request) throws(WireError) in
      try door.incrementalAlterConfigs(request)
    },
    ServedAPI(key: .listConfigResources) { (door, request) throws(WireError) in try door.listConfigResources(request) },
    ServedAPI(key: .createPartitions) { (door, request) throws(WireError) in try door.createPartitions(request) },
    ServedAPI(key: .describeCluster) { (door, request) throws(WireError) in try door.describeCluster(request) },
    ServedAPI(key: .describeTopicPartitions) { (door, request) throws(WireError) in
      try door.describeTopicPartitions(request)
    },
    ServedAPI(key: .describeLogDirs) { (door, request) throws(WireError) in try door.describeLogDirs(request) },
    ServedAPI(key: .alterReplicaLogDirs) { (door, request) throws(WireError) in try door.alterReplicaLogDirs(request) },
    ServedAPI(key: .offsetForLeaderEpoch) { (door, request) throws(WireError) in
      try door.offsetForLeaderEpoch(request)
    },
    ServedAPI(key: .describeProducers) { (door, request) throws(WireError) in try door.describeProducers(request) },
    ServedAPI(key: .electLeaders) { (door, request) throws(WireError) in try door.electLeaders(request) },
    ServedAPI(key: .alterPartitionReassignments) { (door, request) throws(WireError) in
      try door.alterPartitionReassignments(request)
    },
    ServedAPI(key: .listPartitionReassignments) { (door, request) throws(WireError) in
      try door.listPartitionReassignments(request)
    },
    ServedAPI(key: .describeQuorum) { (door, request) throws(WireError) in try door.describeQuorum(request) },
    ServedAPI(key: .updateFeatures) { (door, request) throws(WireError) in try door.updateFeatures(request) },
    ServedAPI(key: .unregisterBroker) { (door, request) throws(WireError) in try door.unregisterBroker(request) },
  ]

  /// The APIs by their key's number.
  private static let byNumber: [ServedAPI?] = {
    let last = all.map { Int($0.key.rawValue) }.max() ?? 0
    return (0...last).map { number in all.first { $0.key.rawValue == number } }
  }()

  /// How the API with that number is served; nil where it is not.
  static func served(_ number: Int16) -> ServedAPI? {
    byNumber.indices.contains(Int(number)) ? byNumber[Int(number)] : nil
  }
}

extension KafkaDoor {
  /// Executes one request, or closes the connection: there is no general error answer in the protocol.
  func handle(_ header: RequestHeader, body: ByteSlice, from connection: KafkaConnection) {
    guard let served = ServedAPI.served(header.apiKey) else {
      return connection.socket.close(.handler("a request for API \(header.apiKey), which is not served"))
    }
    let api = served.key
    var request = Request(header: header, api: api, body: body, connection: connection)
    if !api.serves(header.apiVersion), api != .apiVersions {
      return connection.socket.close(
        .handler("a request for \(api.name) version \(header.apiVersion), which is not served"))
    }
    request.slot = connection.openSlot(requestBegan(api))
    do throws(WireError) {
      give(try served.handle(self, request), to: request)
    } catch {
      meters.failed(api)
      connection.socket.close(.handler("a \(api.name) request of version \(header.apiVersion) is malformed: \(error)"))
    }
  }

  /// Sees to what a handler made of `request`.
  func give(_ answer: Answer, to request: Request) {
    switch answer {
    case .reply(let message, let after): request.connection.answer(request, message, after: after)
    case .encoded(let body, let after): request.connection.answer(request, encoded: body, after: after)
    case .later: return
    case .silence: request.connection.leaveUnanswered(request)
    case .close(let reason):
      meters.failed(request.api)
      request.connection.socket.closeAfterFlush(.handler(reason))
    }
  }
}

extension APIKey {
  /// Whether requests of `version` are executed: those Kafka declares stable.
  func serves(_ version: Int16) -> Bool { decodes(version) && version <= stableVersion }
}
