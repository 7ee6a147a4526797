import KafkaWire

/// A setting of a topic, as a broker tells it.
package struct TopicSetting: Sendable {
  package var name: String
  /// Nil for a secret.
  package var value: String?
  /// Where the value comes from: "topic", "broker (dynamic)", "default" and so on.
  package var source: String
  /// Whether somebody has chosen the value.
  package var differsFromDefault: Bool
}

extension KafkaClient {
  /// How long a broker may take over a change, in milliseconds.
  private static let changeTimeoutMs: Int32 = 30_000
  private static let topicResource: Int8 = 2

  /// Makes a topic; -1 leaves a number to the broker. Fails with `refused`, and there the broker's reason.
  package func createTopic(_ name: String, partitions: Int32, replicas: Int16, settings: [(String, String)])
    throws(ClientError)
  {
    let configs = settings.map { CreateTopicsRequest.Topic.Config(name: $0.0, value: $0.1) }
    let topic = CreateTopicsRequest.Topic(
      name: name, numPartitions: partitions, replicationFactor: replicas, configs: configs)
    let request = CreateTopicsRequest(topics: [topic], timeoutMs: Self.changeTimeoutMs)
    let answer = try onController(request)
    let result = answer.topics.first { $0.name == name }
    try Self.check(result.map { ($0.errorCode, $0.errorMessage) }, "topic \(name)")
  }

  /// Deletes a topic. Fails with `refused`.
  package func deleteTopic(_ name: String) throws(ClientError) {
    let request = DeleteTopicsRequest(
      topics: [DeleteTopicsRequest.Topic(name: name)], topicNames: [name], timeoutMs: Self.changeTimeoutMs)
    let answer = try onController(request)
    let result = answer.responses.first { $0.name == name }
    try Self.check(result.map { ($0.errorCode, $0.errorMessage) }, "topic \(name)")
  }

  /// Raises the number of a topic's partitions to `count`. Fails with `refused`.
  package func raisePartitions(of name: String, to count: Int32) throws(ClientError) {
    let request = CreatePartitionsRequest(
      topics: [CreatePartitionsRequest.Topic(name: name, count: count)], timeoutMs: Self.changeTimeoutMs)
    let answer = try onController(request)
    let result = answer.results.first { $0.name == name }
    try Self.check(result.map { ($0.errorCode, $0.errorMessage) }, "topic \(name)")
  }

  /// Sets settings of a topic, and gives those whose value is nil back to their defaults. All or none. Fails with
  /// `refused`.
  package func changeSettings(of name: String, _ changes: [(name: String, value: String?)]) throws(ClientError) {
    let (set, remove): (Int8, Int8) = (0, 1)
    let configs = changes.map { change in
      IncrementalAlterConfigsRequest.Resource.Config(
        name: change.name, configOperation: change.value == nil ? remove : set, value: change.value)
    }
    let resource = IncrementalAlterConfigsRequest.Resource(
      resourceType: Self.topicResource, resourceName: name, configs: configs)
    let answer = try onController(IncrementalAlterConfigsRequest(resources: [resource]))
    let result = answer.responses.first { $0.resourceName == name }
    try Self.check(result.map { ($0.errorCode, $0.errorMessage) }, "topic \(name)")
  }

  /// All settings of each of `topics`, by topic. Fails with `refused`.
  package func settings(of topics: [String]) throws(ClientError) -> [String: [TopicSetting]] {
    guard !topics.isEmpty else { return [:] }
    let resources = topics.map {
      DescribeConfigsRequest.Resource(resourceType: Self.topicResource, resourceName: $0, configurationKeys: nil)
    }
    let answer = try exchange(DescribeConfigsRequest(resources: resources), on: try anyBroker())
    var found: [String: [TopicSetting]] = [:]
    for result in answer.results {
      try Self.check((result.errorCode, result.errorMessage), "settings of topic \(result.resourceName)")
      found[result.resourceName] = result.configs.map { config in
        let source = SettingOrigin(rawValue: config.configSource)
        return TopicSetting(
          name: config.name, value: config.isSensitive ? nil : config.value, source: source?.name ?? "unknown",
          differsFromDefault: source != .builtIn)
      }
    }
    return found
  }

  /// Bytes on disk of each partition at its leader, by topic, for `topics`. Fails where a broker cannot tell.
  package func sizes(of topics: [String]) throws(ClientError) -> [String: [Int32: Int64]] {
    var wanted: [Int32: [DescribeLogDirsRequest.Topic]] = [:]
    for name in topics {
      let leaders = Dictionary(grouping: cluster.topics[name]?.partitions ?? [], by: \.leader)
      for (leader, partitions) in leaders where leader >= 0 {
        let entry = DescribeLogDirsRequest.Topic(topic: name, partitions: partitions.map(\.index))
        wanted[leader, default: []].append(entry)
      }
    }
    var found: [String: [Int32: Int64]] = [:]
    for (leader, entries) in wanted {
      let answer = try exchange(DescribeLogDirsRequest(topics: entries), on: try broker(leader))
      for folder in answer.results {
        for topic in folder.topics {
          for partition in topic.partitions where !partition.isFutureKey {
            found[topic.name, default: [:]][partition.partitionIndex] = partition.partitionSize
          }
        }
      }
    }
    return found
  }

  /// A change must not be repeated blindly, so a lost connection is reported, not tried again.
  private func onController<Request: ClientRequest>(_ request: Request) throws(ClientError) -> Request.Response {
    if cluster.brokers.isEmpty { try refreshMetadata([]) }
    do {
      return try exchange(request, on: try controller())
    } catch {
      guard error.kind == .disconnected || error.kind == .timedOut else { throw error }
      throw ClientError(error.kind, "\(error); whether the change was made is not known: look before you repeat it")
    }
  }

  private static func check(_ result: (code: Int16, message: String?)?, _ subject: String) throws(ClientError) {
    guard let result else { throw ClientError(.malformedAnswer, "\(subject): the broker's answer does not mention it") }
    let code = ErrorCode(rawValue: result.code)
    guard code == .none else { throw ClientError(code, subject, message: result.message) }
  }
}

/// Where a setting's value comes from, by DescribeConfigs' numbers.
enum SettingOrigin: Int8 {
  case topic = 1
  case brokerDynamic = 2
  case clusterDynamic = 3
  case brokerFile = 4
  case builtIn = 5
  case brokerLogger = 6
  case clientMetrics = 7
  case group = 8

  var name: String {
    switch self {
    case .topic: "topic"
    case .brokerDynamic: "broker (dynamic)"
    case .clusterDynamic: "cluster (dynamic)"
    case .brokerFile: "broker (file)"
    case .builtIn: "default"
    case .brokerLogger: "broker logger"
    case .clientMetrics: "client metrics"
    case .group: "group"
    }
  }
}
