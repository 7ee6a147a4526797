import Glibc
package import KafkaWire
import Machine
import Units

/// A blocking client of a Kafka cluster for programs of one thread: it finds brokers, keeps a connection to each that is
/// needed, and remembers who leads what.
package final class KafkaClient {
  package let options: ClientOptions
  /// What the last metadata answers told.
  package private(set) var cluster = ClusterView()
  package let bootstrap: [BrokerAddress]
  /// The connection that metadata came over first, before brokers had numbers.
  private var entrance: BrokerConnection?
  private var connections: [Int32: BrokerConnection] = [:]

  /// The newest versions that name topics by name; later ones use ids, which old brokers do not give.
  package static let newestByName: (produce: Int16, fetch: Int16) = (12, 12)

  /// A client that has not connected yet.
  package init(bootstrap: [BrokerAddress], options: ClientOptions) {
    self.bootstrap = bootstrap
    self.options = options
  }

  /// A connection to any broker: one that stands, else the first that can be made.
  package func anyBroker() throws(ClientError) -> BrokerConnection {
    if let entrance, !entrance.isBusy { return entrance }
    if let idle = connections.values.first(where: { !$0.isBusy }) { return idle }
    var failures: [ClientError] = []
    for address in bootstrap + cluster.brokers.values.filter({ !bootstrap.contains($0) }) {
      do {
        let made = try BrokerConnection(to: address, options: options)
        _ = try made.version(of: .metadata)  // a controller's listener has none: not an entrance
        entrance = made
        return made
      } catch {
        guard error.kind != .interrupted else { throw error }
        failures.append(error)
      }
    }
    guard let first = failures.first else { throw ClientError(.unreachable, "no broker is named") }
    throw failures.count == 1
      ? first : ClientError(first.kind, failures.map(\.description).joined(separator: "; "))
  }

  /// The connection to a broker of the cluster. Fails with `unreachable` where metadata does not know the number.
  package func broker(_ node: Int32) throws(ClientError) -> BrokerConnection {
    if let open = connections[node] { return open }
    guard let address = cluster.brokers[node] else {
      throw ClientError(.unreachable, "broker \(node) is not among the brokers that the cluster names")
    }
    if let entrance, entrance.address == address, !entrance.isBusy {
      connections[node] = entrance
      self.entrance = nil
      return entrance
    }
    let made = try BrokerConnection(to: address, options: options)
    connections[node] = made
    return made
  }

  /// The connection to the controller, or to any broker where nobody knows it.
  package func controller() throws(ClientError) -> BrokerConnection {
    cluster.brokers[cluster.controller] == nil ? try anyBroker() : try broker(cluster.controller)
  }

  /// Forgets `connection`, which is of no more use.
  package func drop(_ connection: BrokerConnection) {
    if entrance === connection { entrance = nil }
    connections = connections.filter { $0.value !== connection }
  }

  /// Forgets the connection to a broker of the cluster, if there is one.
  package func drop(_ node: Int32) { connections[node] = nil }

  /// Runs `request` on `connection`, which is forgotten if it breaks.
  package func exchange<Request: ClientRequest>(
    _ request: Request, on connection: BrokerConnection, atMost newest: Int16 = .max
  ) throws(ClientError) -> Request.Response {
    do {
      return try connection.exchange(request, atMost: newest)
    } catch {
      if error.breaksConnection { drop(connection) }
      throw error
    }
  }

  /// Asks any broker about `names` (nil: all topics), remembers the answer, and returns the errors of single topics.
  ///
  /// The cluster makes a topic that does not exist if `createsMissing` and its own settings say so.
  @discardableResult
  package func refreshMetadata(_ names: [String]?, createsMissing: Bool = false) throws(ClientError)
    -> [String: ErrorCode]
  {
    let topics = names?.map { MetadataRequest.Topic(name: $0) }
    let request = MetadataRequest(topics: topics, allowAutoTopicCreation: createsMissing)
    let answer = try exchange(request, on: try anyBroker())
    guard answer.errorCode == 0 else { throw ClientError(ErrorCode(rawValue: answer.errorCode), "metadata") }
    let known = cluster.brokers
    cluster.learn(answer)
    for (node, address) in known where cluster.brokers[node] != address { drop(node) }
    var errors: [String: ErrorCode] = [:]
    for topic in answer.topics where topic.errorCode != 0 {
      errors[topic.name ?? ""] = ErrorCode(rawValue: topic.errorCode)
    }
    return errors
  }

  /// The topic `name` as it is now. Waits a moment for one that has just been made; fails with `refused` where there
  /// is none.
  package func topic(_ name: String, createsMissing: Bool = false) throws(ClientError) -> ClusterView.Topic {
    let patienceMs: Int64 = createsMissing ? 10_000 : 0
    let deadline = options.clock.now().advanced(byMs: patienceMs)
    var backoff = Backoff(options)
    while true {
      let errors = try refreshMetadata([name], createsMissing: createsMissing)
      if let topic = cluster.topics[name], !topic.partitions.isEmpty { return topic }
      let code = errors[name] ?? .unknownTopicOrPartition
      guard code.isRetriable, options.clock.now() < deadline else { throw ClientError(code, "topic \(name)") }
      try pause(backoff.nextMs())
    }
  }

  /// `topic` as it is now, or as it was where nobody can tell at the moment. Fails with `refused` where another topic
  /// has taken its name.
  func refreshed(_ topic: ClusterView.Topic) throws(ClientError) -> ClusterView.Topic {
    do {
      try refreshMetadata([topic.name])
    } catch {
      guard error.isRetriable else { throw error }
      return topic
    }
    guard let current = cluster.topics[topic.name] else { return topic }
    guard current.id == topic.id else {
      throw ClientError(ErrorCode.unknownTopicId, "topic \(topic.name) has been deleted and made anew in the meantime")
    }
    return current
  }

  /// Tries `body` until it succeeds, fails for good, or has failed for `options.retryMs`.
  package func retrying<Result>(_ body: () throws(ClientError) -> Result) throws(ClientError) -> Result {
    let deadline = options.clock.now().advanced(byMs: options.retryMs)
    var backoff = Backoff(options)
    while true {
      do {
        return try body()
      } catch {
        guard error.isRetriable, options.clock.now() < deadline else { throw error }
        try pause(backoff.nextMs())
      }
    }
  }

  /// Waits. Fails with `interrupted` when the user wants to stop.
  package func pause(_ milliseconds: Int64) throws(ClientError) {
    let deadline = options.clock.now().advanced(byMs: milliseconds)
    while true {
      if options.isInterrupted() { throw ClientError(.interrupted, "interrupted") }
      let left = options.clock.now().milliseconds(until: deadline)
      guard left > 0 else { return }
      _ = poll(nil, 0, Int32(clamping: left))
    }
  }
}
