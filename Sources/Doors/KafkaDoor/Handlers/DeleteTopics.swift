import Broker
import ByteCodec
import KafkaWire
import LogStore
import Settings
import Units

/// DeleteTopics 1-6 (KIP-516: by id from version 6 on). A topic is gone from every answer at once; its files go later.
///
/// Differs from Kafka: the topics the server itself keeps are refused with POLICY_VIOLATION.
extension KafkaDoor {
  func deleteTopics(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(DeleteTopicsRequest.self)
    let asked = request.version >= 6 ? message.topics : message.topicNames.map { .init(name: $0) }
    let repeatedNames = asked.compactMap(\.name).repeated
    let repeatedIDs = asked.map(\.topicId).filter { $0 != .zero }.repeated
    let named = Set(asked.compactMap { $0.name.flatMap(engine.catalogue.id(of:)) })
    var response = DeleteTopicsResponse()
    var answered: Set<DeleteTopicsRequest.Topic.Subject> = []
    for topic in asked where answered.insert(topic.subject).inserted {
      let outcome: Result<TopicDescription, Fault>
      if topic.name != nil, topic.topicId != .zero {
        outcome = .failure(Fault(.invalidRequest, "a topic is named by name or by id, not by both"))
      } else if topic.name == nil, topic.topicId == .zero {
        outcome = .failure(Fault(.invalidRequest, "neither a name nor an id was given"))
      } else if repeatedNames.contains(topic.name ?? "") || repeatedIDs.contains(topic.topicId) {
        outcome = .failure(Fault(.invalidRequest, "the request names this topic twice"))
      } else if named.contains(topic.topicId) {
        outcome = .failure(Fault(.invalidRequest, "the request names this topic by name as well"))
      } else {
        outcome = delete(topic)
      }
      switch outcome {
      case .success(let gone): response.responses.append(.init(name: gone.name, topicId: gone.id))
      case .failure(let fault):
        response.responses.append(
          .init(
            name: topic.name, topicId: topic.topicId, errorCode: fault.code.rawValue, errorMessage: fault.message))
      }
    }
    return .reply(response, after: engine.catalogueChange)
  }

  private func delete(_ topic: DeleteTopicsRequest.Topic) -> Result<TopicDescription, Fault> {
    guard engine.settings.topics.isDeletionAllowed else {
      return .failure(Fault(.topicDeletionDisabled, "delete.topic.enable is false"))
    }
    guard let id = topic.name.map(engine.catalogue.id(of:)) ?? topic.topicId else {
      return .failure(Fault(.unknownTopicOrPartition, "there is no topic of this name"))
    }
    return engine.deleteTopic(id).map(\.value).mapError { Fault($0) }
  }
}

extension DeleteTopicsRequest.Topic {
  /// What tells two entries of a request apart.
  fileprivate struct Subject: Hashable {
    let name: String?
    let id: UniqueID
  }

  fileprivate var subject: Subject { Subject(name: name, id: topicId) }
}
