import Broker
import ByteCodec
import KafkaWire
import LogStore
import Settings
import Units

/// Metadata 0-13. Topics asked for by name are made at once where the broker and the request allow it, so that the first
/// answer is complete and clients need not ask again. A topic named twice is answered once.
extension KafkaDoor {
  func metadata(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(MetadataRequest.self)
    let address = advertisedAddress(for: request.connection)
    guard var topics = message.topics, request.version > 0 || !topics.isEmpty else {
      let change = engine.catalogueChange
      let form = SharedAnswers.Form(
        version: request.version, address: address,
        namesClusterOperations: message.includeClusterAuthorizedOperations,
        namesTopicOperations: message.includeTopicAuthorizedOperations)
      let body = sharedAnswers.body(form, asOf: change) {
        var response = answerHead(message, address)
        response.topics = engine.catalogue.topicsByName.map { described($0, message) }
        var writer = ByteWriter()
        response.encode(to: &writer, version: request.version)
        return writer.takeSlice()
      }
      return .encoded(body, after: change)
    }
    let isMalformed = topics.contains { topic in
      topic.topicId != .zero && request.version < 12 || topic.name == nil && topic.topicId == .zero
    }
    let areTooMany = topics.shorten()
    if isMalformed || areTooMany {
      let refusal = MetadataResponse(
        clusterId: engine.catalogue.clusterID.description, controllerId: -1, topics: topics.map(Self.invalid))
      return areTooMany ? refuseTooMany(request, with: refusal) : .reply(refusal, after: .start)
    }
    var response = answerHead(message, address)
    var after = JournalSequence.start
    let byID = topics.contains { $0.topicId != .zero }
    var names: Set<String> = []
    var ids: Set<UniqueID> = []
    // Where one topic is named by its id, those without an id are passed over.
    for topic in topics where !byID || topic.topicId != .zero {
      let isNew = byID ? ids.insert(topic.topicId).inserted : names.insert(topic.name ?? "").inserted
      guard isNew else { continue }
      let found =
        byID ? findTopic(topic.topicId, message) : findTopic(topic.name ?? "", message, version: request.version)
      response.topics.append(found.answer)
      after = max(after, found.after)
    }
    return .reply(response, after: after)
  }

  private func answerHead(_ message: MetadataRequest, _ address: AdvertisedAddress) -> MetadataResponse {
    var response = MetadataResponse(
      brokers: [
        .init(nodeId: engine.nodeID, host: address.host, port: address.port, rack: engine.settings.node.rack)
      ],
      clusterId: engine.catalogue.clusterID.description, controllerId: engine.nodeID)
    if message.includeClusterAuthorizedOperations { response.clusterAuthorizedOperations = AllowedOperations.cluster }
    return response
  }

  private func findTopic(
    _ id: UniqueID, _ message: MetadataRequest
  ) -> (answer: MetadataResponse.Topic, after: JournalSequence) {
    if let topic = engine.catalogue.topic(id) { return (described(topic, message), topic.lastChange) }
    let unknown = MetadataResponse.Topic(errorCode: ErrorCode.unknownTopicId.rawValue, name: nil, topicId: id)
    return (unknown, engine.catalogueChange)
  }

  private func findTopic(
    _ name: String, _ message: MetadataRequest, version: Int16
  ) -> (answer: MetadataResponse.Topic, after: JournalSequence) {
    if let topic = engine.catalogue.topic(named: name) { return (described(topic, message), topic.lastChange) }
    let mayCreate = version < 4 || message.allowAutoTopicCreation
    var code = ErrorCode.unknownTopicOrPartition
    if TopicName.fault(in: name) != nil {
      code = .invalidTopicException
    } else if mayCreate, engine.settings.topics.autoCreate, !TopicName.isInternal(name) {
      switch engine.createTopic(name, partitions: engine.settings.topics.partitions, overrides: [:]) {
      case .success(let made):
        if let topic = engine.catalogue.topic(made.value.id) { return (described(topic, message), made.sequence) }
      case .failure(let refusal): code = refusal.code
      }
    }
    var answer = MetadataResponse.Topic(errorCode: code.rawValue, name: name)
    if message.includeTopicAuthorizedOperations { answer.topicAuthorizedOperations = AllowedOperations.topic }
    return (answer, engine.catalogueChange)
  }

  private func described(_ topic: Catalogue.Topic, _ message: MetadataRequest) -> MetadataResponse.Topic {
    let node = engine.nodeID
    let epoch = engine.store.epoch
    var answer = MetadataResponse.Topic(
      name: topic.description.name, topicId: topic.description.id,
      isInternal: TopicName.isInternal(topic.description.name),
      partitions: (0..<max(topic.description.partitionCount, 0)).map {
        .init(partitionIndex: $0, leaderId: node, leaderEpoch: epoch, replicaNodes: [node], isrNodes: [node])
      })
    if message.includeTopicAuthorizedOperations { answer.topicAuthorizedOperations = AllowedOperations.topic }
    return answer
  }

  /// An id in a version that looks topics up by name, neither id nor name, or one of too many.
  private static func invalid(_ topic: MetadataRequest.Topic) -> MetadataResponse.Topic {
    MetadataResponse.Topic(
      errorCode: ErrorCode.invalidRequest.rawValue, name: topic.name ?? "", topicId: topic.topicId)
  }
}
