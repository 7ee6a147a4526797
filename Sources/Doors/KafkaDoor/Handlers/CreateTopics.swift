import Broker
import ByteCodec
import KafkaWire
import LogStore
import Settings
import Units

/// CreateTopics 2-7 (KIP-464 defaults by -1, KIP-525 the settings in the answer, KIP-516 ids).
///
/// Differs from Kafka: any replication factor from 1 on is taken and one copy kept, which the answer says and the log
/// records once a topic (`replication.factor.strict` refuses instead); the topics the server itself keeps are refused.
extension KafkaDoor {
  func createTopics(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(CreateTopicsRequest.self)
    let repeated = message.topics.map(\.name).repeated
    var response = CreateTopicsResponse()
    var answered: Set<String> = []
    for topic in message.topics where answered.insert(topic.name).inserted {
      let outcome: Result<CreateTopicsResponse.Topic, Fault>
      if message.topics.count > AdminLimits.topicsPerRequest {
        outcome = .failure(
          Fault(.policyViolation, "more than \(AdminLimits.topicsPerRequest) topics in one request: send several"))
      } else if repeated.contains(topic.name) {
        outcome = .failure(Fault(.invalidRequest, "the request names this topic twice"))
      } else {
        outcome = create(topic, validateOnly: message.validateOnly)
      }
      switch outcome {
      case .success(let created): response.topics.append(created)
      case .failure(let fault):
        response.topics.append(
          .init(
            name: topic.name, errorCode: fault.code.rawValue, errorMessage: fault.message, configs: []))
      }
    }
    return .reply(response, after: engine.catalogueChange)
  }

  private func create(
    _ topic: CreateTopicsRequest.Topic, validateOnly: Bool
  ) -> Result<CreateTopicsResponse.Topic, Fault> {
    var overrides: [String: String] = [:]
    for config in topic.configs {
      guard let value = config.value else {
        return .failure(Fault(.invalidConfig, "setting \(SettingText.shown(config.name)) needs a value"))
      }
      overrides[config.name] = value
    }
    let partitions: Int32
    switch partitionCount(of: topic) {
    case .success(let count): partitions = count
    case .failure(let fault):
      // What is wrong with the name or the settings is said first.
      switch engine.createTopic(topic.name, partitions: 1, overrides: overrides, validateOnly: true) {
      case .success: return .failure(fault)
      case .failure(let refusal): return .failure(Fault(refusal))
      }
    }
    switch engine.createTopic(topic.name, partitions: partitions, overrides: overrides, validateOnly: validateOnly) {
    case .failure(let refusal): return .failure(Fault(refusal))
    case .success(let made):
      if topic.replicationFactor > 1, !validateOnly {
        notice("topic '\(topic.name)': one copy is kept, not the \(topic.replicationFactor) asked for")
      }
      return .success(
        .init(
          name: topic.name, topicId: made.value.id, numPartitions: partitions, replicationFactor: 1,
          configs: engine.layers.describeTopic(made.value.overrides).map {
            .init(
              name: $0.name, value: $0.value, readOnly: $0.isReadOnly, configSource: $0.source.rawValue,
              isSensitive: $0.isSensitive)
          }))
    }
  }

  /// The number of partitions that a request's counts or assignments come to.
  private func partitionCount(of topic: CreateTopicsRequest.Topic) -> Result<Int32, Fault> {
    guard topic.assignments.isEmpty else {
      if topic.replicationFactor != -1 {
        return .failure(Fault(.invalidRequest, "with assignments, the replication factor must be -1"))
      }
      if topic.numPartitions != -1 {
        return .failure(Fault(.invalidRequest, "with assignments, the number of partitions must be -1"))
      }
      if let fault = ReplicaAssignment(node: engine.nodeID).fault(in: topic.assignments) { return .failure(fault) }
      return .success(Int32(clamping: topic.assignments.count))
    }
    guard topic.replicationFactor >= 1 || topic.replicationFactor == -1 else {
      return .failure(Fault(.invalidReplicationFactor, "the replication factor must be 1 or more, or -1"))
    }
    if engine.settings.topics.isReplicationFactorStrict, topic.replicationFactor > 1 {
      return .failure(
        Fault(
          .invalidReplicationFactor,
          "replication factor \(topic.replicationFactor) needs as many brokers; there is one"))
    }
    if topic.numPartitions == -1 { return .success(engine.settings.topics.partitions) }
    guard topic.numPartitions > 0 else {
      return .failure(Fault(.invalidPartitions, "the number of partitions must be 1 or more, or -1"))
    }
    return .success(topic.numPartitions)
  }
}
