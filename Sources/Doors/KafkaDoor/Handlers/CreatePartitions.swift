import Broker
import ByteCodec
import KafkaWire
import LogStore

/// CreatePartitions 0-3 (KIP-195): a topic grows to `count` partitions.
extension KafkaDoor {
  func createPartitions(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(CreatePartitionsRequest.self)
    let repeated = message.topics.map(\.name).repeated
    var response = CreatePartitionsResponse()
    var answered: Set<String> = []
    for topic in message.topics where answered.insert(topic.name).inserted {
      let fault =
        repeated.contains(topic.name)
        ? Fault(.invalidRequest, "the request names this topic twice") : grow(topic, validateOnly: message.validateOnly)
      response.results.append(
        .init(name: topic.name, errorCode: fault?.code.rawValue ?? 0, errorMessage: fault?.message))
    }
    return .reply(response, after: engine.catalogueChange)
  }

  private func grow(_ topic: CreatePartitionsRequest.Topic, validateOnly: Bool) -> Fault? {
    guard let found = engine.catalogue.topic(named: topic.name)?.description else {
      return Fault(.unknownTopicOrPartition, "there is no topic of this name")
    }
    if let assignments = topic.assignments, topic.count > found.partitionCount {
      let more = Int(topic.count) - Int(found.partitionCount)
      guard assignments.count == more else {
        return Fault(
          .invalidReplicaAssignment, "\(more) partitions come new, and \(assignments.count) are assigned")
      }
      for assignment in assignments {
        let fault = ReplicaAssignment(node: engine.nodeID).fault(in: assignment.brokerIds, count: 1)
        if let fault { return fault }
      }
    }
    switch engine.addPartitions(to: found.id, count: topic.count, validateOnly: validateOnly) {
    case .success: return nil
    case .failure(let refusal): return Fault(refusal)
    }
  }
}
