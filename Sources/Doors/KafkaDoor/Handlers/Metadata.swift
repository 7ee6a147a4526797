import Broker
import ByteCodec
import KafkaWire
import LogStore
import Settings
import Units

/// Metadata 0-13. Topics asked for by name are made at once where the broker and the request allow it, so that the first
/// answer is complete and clients need not ask again.
extension KafkaDoor {
  func metadata(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(MetadataRequest.self)
    let address = advertisedAddress(for: request.connection)
    var response = MetadataResponse(
      brokers: [
        .init(nodeId: engine.nodeID, host: address.host, port: address.port, rack: engine.settings.node.rack)
      ],
      clusterId: engine.catalogue.clusterID.description, controllerId: engine.nodeID)
    var after = JournalSequence.start
    let wantsAll = message.topics.map { request.version == 0 && $0.isEmpty } ?? true
    if wantsAll {
      after = engine.catalogue.lastChange
      response.topics = engine.catalogue.topicsByName.map { described($0, request.version) }
    } else {
      let asked = message.topics ?? []
      if asked.contains(where: { $0.topicId != .zero && request.version < 12 || $0.name == nil && $0.topicId == .zero }) {
        return .reply(MetadataResponse(topics: asked.map(Self.invalid), errorCode: 0), after: .start)
      }
      let byID = asked.contains { $0.topicId != .zero }
      for topic in asked {
        let found = byID ? findTopic(topic.topicId) : findTopic(topic.name ?? "", message, request.version)
        response.topics.append(found.answer)
        after = max(after, found.after)
      }
    }
    return .reply(response, after: after)
  }

  private func findTopic(_ id: UniqueID) -> (answer: MetadataResponse.Topic, after: JournalSequence) {
    if let topic = engine.catalogue.topic(id) { return (described(topic, Int16.max), topic.lastChange) }
    let unknown = MetadataResponse.Topic(errorCode: ErrorCode.unknownTopicId.rawValue, name: nil, topicId: id)
    return (unknown, engine.catalogue.lastChange)
  }

  private func findTopic(
    _ name: String, _ message: MetadataRequest, _ version: Int16
  ) -> (answer: MetadataResponse.Topic, after: JournalSequence) {
    if let topic = engine.catalogue.topic(named: name) { return (described(topic, version), topic.lastChange) }
    let mayCreate = version < 4 || message.allowAutoTopicCreation
    var code = ErrorCode.unknownTopicOrPartition
    if TopicName.fault(in: name) != nil {
      code = .invalidTopicException
    } else if mayCreate, engine.settings.topics.autoCreate, !TopicName.isInternal(name) {
      switch engine.createTopic(name, partitions: engine.settings.topics.partitions, overrides: [:]) {
      case .success(let made):
        if let topic = engine.catalogue.topic(made.value.id) { return (described(topic, version), made.sequence) }
      case .failure(let refusal): code = refusal.code
      }
    }
    return (MetadataResponse.Topic(errorCode: code.rawValue, name: name), engine.catalogue.lastChange)
  }

  private func described(_ topic: Catalogue.Topic, _ version: Int16) -> MetadataResponse.Topic {
    let node = engine.nodeID
    return MetadataResponse.Topic(
      name: topic.description.name, topicId: topic.description.id,
      isInternal: TopicName.isInternal(topic.description.name),
      partitions: (0..<topic.description.partitionCount).map {
        .init(
          partitionIndex: $0, leaderId: node, leaderEpoch: engine.store.epoch, replicaNodes: [node], isrNodes: [node])
      })
  }

  /// An id in a version that looks topics up by name, or neither id nor name.
  private static func invalid(_ topic: MetadataRequest.Topic) -> MetadataResponse.Topic {
    MetadataResponse.Topic(
      errorCode: ErrorCode.invalidRequest.rawValue, name: topic.name ?? "", topicId: topic.topicId)
  }
}
