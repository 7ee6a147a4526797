import ByteCodec
import KafkaWire
import Reactor

/// The APIs this door serves, and how: the only list of them. What is not here is not advertised.
struct ServedAPI: Sendable {
  let key: APIKey
  /// The oldest version named in ApiVersions, where it is not the oldest one served.
  var advertisedMinimum: Int16?
  /// Records come of it, so it waits while the store takes none.
  var writesRecords = false
  /// A few bytes may ask for a long answer, so it waits while those that clients have not taken fill their memory. What
  /// a Fetch reads waits by itself.
  var answersAtLength = false
  let handle: @Sendable (KafkaDoor, Request) throws(WireError) -> Answer

  /// Produce is named from version 0 on, although only 3 and later are served: librdkafka before 2.11 looks there for
  /// its compression codecs (KAFKA-18659).
  static let all: [ServedAPI] = [
    ServedAPI(key: .produce, advertisedMinimum: 0) { (door, request) throws(WireError) in try door.produce(request) },
    ServedAPI(key: .fetch) { (door, request) throws(WireError) in try door.fetch(request) },
    ServedAPI(key: .listOffsets, answersAtLength: true) { (door, request) throws(WireError) in
      try door.listOffsets(request)
    },
    ServedAPI(key: .metadata, answersAtLength: true) { (door, request) throws(WireError) in try door.metadata(request)
    },
    ServedAPI(key: .findCoordinator, answersAtLength: true) { (door, request) throws(WireError) in
      try door.findCoordinator(request)
    },
    ServedAPI(key: .apiVersions) { (door, request) throws(WireError) in try door.apiVersions(request) },
    ServedAPI(key: .offsetCommit, writesRecords: true) { (door, request) throws(WireError) in
      try door.offsetCommit(request)
    },
    ServedAPI(key: .offsetFetch, answersAtLength: true) { (door, request) throws(WireError) in
      try door.offsetFetch(request)
    },
    ServedAPI(key: .joinGroup, writesRecords: true) { (door, request) throws(WireError) in
      try door.joinGroup(request)
    },
    ServedAPI(key: .heartbeat) { (door, request) throws(WireError) in try door.heartbeat(request) },
    ServedAPI(key: .leaveGroup, writesRecords: true) { (door, request) throws(WireError) in
      try door.leaveGroup(request)
    },
    ServedAPI(key: .syncGroup, writesRecords: true) { (door, request) throws(WireError) in
      try door.syncGroup(request)
    },
    ServedAPI(key: .describeGroups, answersAtLength: true) { (door, request) throws(WireError) in
      try door.describeGroups(request)
    },
    ServedAPI(key: .listGroups, answersAtLength: true) { (door, request) throws(WireError) in
      try door.listGroups(request)
    },
    ServedAPI(key: .deleteGroups, writesRecords: true) { (door, request) throws(WireError) in
      try door.deleteGroups(request)
    },
    ServedAPI(key: .offsetDelete, writesRecords: true) { (door, request) throws(WireError) in
      try door.offsetDelete(request)
    },
    ServedAPI(key: .consumerGroupHeartbeat, writesRecords: true) { (door, request) throws(WireError) in
      try door.consumerGroupHeartbeat(request)
    },
    ServedAPI(key: .consumerGroupDescribe, answersAtLength: true) { (door, request) throws(WireError) in
      try door.consumerGroupDescribe(request)
    },
    ServedAPI(key: .initProducerId, writesRecords: true) { (door, request) throws(WireError) in
      try door.initProducerID(request)
    },
    ServedAPI(key: .addPartitionsToTxn, writesRecords: true) { (door, request) throws(WireError) in
      try door.addPartitionsToTxn(request)
    },
    ServedAPI(key: .addOffsetsToTxn, writesRecords: true) { (door, request) throws(WireError) in
      try door.addOffsetsToTxn(request)
    },
    ServedAPI(key: .endTxn, writesRecords: true) { (door, request) throws(WireError) in try door.endTxn(request) },
    ServedAPI(key: .writeTxnMarkers, writesRecords: true) { (door, request) throws(WireError) in
      try door.writeTxnMarkers(request)
    },
    ServedAPI(key: .txnOffsetCommit, writesRecords: true) { (door, request) throws(WireError) in
      try door.txnOffsetCommit(request)
    },
    ServedAPI(key: .describeTransactions, answersAtLength: true) { (door, request) throws(WireError) in
      try door.describeTransactions(request)
    },
    ServedAPI(key: .listTransactions, answersAtLength: true) { (door, request) throws(WireError) in
      try door.listTransactions(request)
    },
    ServedAPI(key: .createTopics, answersAtLength: true) { (door, request) throws(WireError) in
      try door.createTopics(request)
    },
    ServedAPI(key: .deleteTopics) { (door, request) throws(WireError) in try door.deleteTopics(request) },
    ServedAPI(key: .deleteRecords) { (door, request) throws(WireError) in try door.deleteRecords(request) },
    ServedAPI(key: .describeConfigs, answersAtLength: true) { (door, request) throws(WireError) in
      try door.describeConfigs(request)
    },
    ServedAPI(key: .alterConfigs) { (door, request) throws(WireError) in try door.alterConfigs(request) },
    ServedAPI(key: .incrementalAlterConfigs) { (door, request) throws(WireError) in
      try door.incrementalAlterConfigs(request)
    },
    ServedAPI(key: .listConfigResources, answersAtLength: true) { (door, request) throws(WireError) in
      try door.listConfigResources(request)
    },
    ServedAPI(key: .createPartitions) { (door, request) throws(WireError) in try door.createPartitions(request) },
    ServedAPI(key: .describeCluster) { (door, request) throws(WireError) in try door.describeCluster(request) },
    ServedAPI(key: .describeTopicPartitions, answersAtLength: true) { (door, request) throws(WireError) in
      try door.describeTopicPartitions(request)
    },
    ServedAPI(key: .describeLogDirs, answersAtLength: true) { (door, request) throws(WireError) in
      try door.describeLogDirs(request)
    },
    ServedAPI(key: .alterReplicaLogDirs) { (door, request) throws(WireError) in try door.alterReplicaLogDirs(request) },
    ServedAPI(key: .offsetForLeaderEpoch, answersAtLength: true) { (door, request) throws(WireError) in
      try door.offsetForLeaderEpoch(request)
    },
    ServedAPI(key: .describeProducers, answersAtLength: true) { (door, request) throws(WireError) in
      try door.describeProducers(request)
    },
    ServedAPI(key: .electLeaders, answersAtLength: true) { (door, request) throws(WireError) in
      try door.electLeaders(request)
    },
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
