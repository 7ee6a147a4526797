import KafkaClient
import KafkaWire
import Terminal

/// Whom a run loads: the broker, its topic and its process.
struct LoadTarget {
  /// What the generator calls itself.
  static let clientID = "loadgen"

  var broker: BrokerAddress
  var topic: String
  var partitions: Int
  /// The server's process, whose processor time is told.
  var process: Int32?

  static let options = [
    Option("broker", value: "HOST:PORT", "the broker (127.0.0.1:9092)"),
    Option("topic", value: "NAME", "the topic, made where there is none (load)"),
    Option("partitions", value: "N", "its partitions (1)"),
    Option("pid", value: "N", "the server's process, whose processor time is told"),
  ]

  init(_ arguments: Arguments) throws(UsageError) {
    let named = arguments.text("broker") ?? BrokerAddress.local.description
    guard let address = BrokerAddress(named) else { throw UsageError("--broker takes HOST:PORT, not '\(named)'") }
    broker = address
    topic = arguments.text("topic") ?? "load"
    partitions = try arguments.integer("partitions", in: 1...1_000_000) ?? 1
    process = try arguments.integer("pid", in: 1...Int32.max)
  }

  /// A client for what goes before a run.
  func client() -> KafkaClient {
    var options = ClientOptions()
    options.clientID = Self.clientID
    return KafkaClient(bootstrap: [broker], options: options)
  }

  /// Makes the topic unless it is there, waits until its leaders serve, and returns it as the broker tells it.
  func prepareTopic(_ client: KafkaClient, settings: [(String, String)] = []) throws -> ClusterView.Topic {
    try client.refreshMetadata([topic])
    if client.cluster.topics[topic] == nil {
      try client.createTopic(topic, partitions: Int32(partitions), replicas: 1, settings: settings)
    }
    let known = try client.topic(topic, createsMissing: true)
    guard known.partitions.count >= partitions else {
      throw LoadFailure(reason: "topic \(topic) has \(known.partitions.count) partitions, not \(partitions)")
    }
    // Leaders are named before they serve: the first answer about offsets tells that they do.
    let partitions = known.partitions.map(\.index)
    _ = try client.retrying { () throws(ClientError) in
      try client.offsets(.latest, topic: topic, partitions: partitions)
    }
    return known
  }

  /// Waits until the coordinator of `key` serves: the first such question makes the internal topic, and a coordinator is
  /// named before it has read its part of it.
  func awaitCoordinator(of key: String, _ kind: CoordinatorKind, _ client: KafkaClient) throws {
    try client.refreshMetadata([])
    _ = try client.retrying { () throws(ClientError) in try client.coordinator(of: key, kind) }
    if kind == .group { _ = try client.committedOffsets(of: key) }
  }
}
