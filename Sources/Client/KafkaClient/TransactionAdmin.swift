import KafkaWire

/// A transactional id in a list.
package struct TransactionListing: Sendable {
  package var id: String
  package var producerID: Int64
  package var state: String
  /// The broker that coordinates it.
  package var coordinator: Int32
}

/// A transactional id with what it does.
package struct TransactionView: Sendable {
  package var id: String
  package var state: String
  package var producerID: Int64
  package var producerEpoch: Int16
  package var timeoutMs: Int32
  /// Milliseconds since 1970; nil where no transaction is open.
  package var startMs: Int64?
  package var partitions: [TopicPartition]
  package var coordinator: Int32
}

/// A producer that a partition knows.
package struct ActiveProducer: Sendable {
  package var id: Int64
  package var epoch: Int16
  package var coordinatorEpoch: Int32
  /// Milliseconds since 1970.
  package var lastTimestamp: Int64
  /// The first offset of its open transaction; nil where none is open.
  package var transactionStart: Int64?
}

extension KafkaClient {
  /// Markers of the first protocol generation, which may repeat an epoch.
  private static let firstGeneration: Int8 = 0

  /// All transactional ids of the cluster. Empty filters let all through.
  package func transactions(states: [String] = [], producerIDs: [Int64] = []) throws(ClientError)
    -> [TransactionListing]
  {
    try refreshMetadata([])
    var found: [TransactionListing] = []
    for node in cluster.brokers.keys.sorted() {
      let request = ListTransactionsRequest(stateFilters: states, producerIdFilters: producerIDs)
      let answer = try exchange(request, on: try broker(node))
      try Self.check(answer.errorCode, "transactions of broker \(node)")
      if let unknown = answer.unknownStateFilters.first {
        throw ClientError(
          ErrorCode.invalidRequest, "transactions in state '\(unknown)'", message: "there is no such state")
      }
      found += answer.transactionStates.map {
        TransactionListing(
          id: $0.transactionalId, producerID: $0.producerId, state: $0.transactionState, coordinator: node)
      }
    }
    return found.sorted { $0.id < $1.id }
  }

  /// What a transactional id does. Fails with `refused` where nobody knows it.
  package func transaction(_ id: String) throws(ClientError) -> TransactionView {
    let request = DescribeTransactionsRequest(transactionalIds: [id])
    let answer = try askCoordinator(of: id, .transaction, request) { $0.transactionStates.first?.errorCode ?? 0 }
    guard let found = answer.transactionStates.first(where: { $0.transactionalId == id }) else {
      throw ClientError(.malformedAnswer, "transaction \(id): the broker's answer does not mention it")
    }
    try Self.check(found.errorCode, "transaction \(id)")
    return TransactionView(
      id: id, state: found.transactionState, producerID: found.producerId, producerEpoch: found.producerEpoch,
      timeoutMs: found.transactionTimeoutMs,
      startMs: found.transactionStartTimeMs < 0 ? nil : found.transactionStartTimeMs,
      partitions: found.topics.flatMap { topic in topic.partitions.map { TopicPartition(topic.topic, $0) } }.sorted(),
      coordinator: try coordinator(of: id, .transaction))
  }

  /// The producers that the leader of `place` remembers.
  package func producers(at place: TopicPartition) throws(ClientError) -> [ActiveProducer] {
    if cluster.topics[place.topic] == nil { _ = try topic(place.topic) }
    let leaders = try byLeader(topic: place.topic, partitions: [place.partition])
    guard let leader = leaders.keys.first else { return [] }
    let request = DescribeProducersRequest(topics: [.init(name: place.topic, partitionIndexes: [place.partition])])
    let answer = try exchange(request, on: try broker(leader))
    guard let found = answer.topics.first?.partitions.first else { return [] }
    try Self.check(found.errorCode, "producers of \(place)", found.errorMessage)
    return found.activeProducers.map {
      ActiveProducer(
        id: $0.producerId, epoch: Int16(clamping: $0.producerEpoch), coordinatorEpoch: $0.coordinatorEpoch,
        lastTimestamp: $0.lastTimestamp, transactionStart: $0.currentTxnStartOffset < 0 ? nil : $0.currentTxnStartOffset
      )
    }
  }

  /// Ends an open transaction of `id` by taking its id over: its producer is fenced, and a coordinator aborts what is
  /// open. The way of Kafka's own tools.
  package func fence(_ id: String) throws(ClientError) {
    try retrying { () throws(ClientError) in
      let request = InitProducerIdRequest(transactionalId: id, transactionTimeoutMs: 60_000)
      let answer = try askCoordinator(of: id, .transaction, request) { $0.errorCode }
      try Self.check(answer.errorCode, "transaction \(id)")
    }
  }

  /// Writes an abort marker for a transaction that no coordinator remembers.
  package func abort(_ producer: ActiveProducer, at place: TopicPartition) throws(ClientError) {
    let leaders = try byLeader(topic: place.topic, partitions: [place.partition])
    guard let leader = leaders.keys.first else { return }
    let marker = WriteTxnMarkersRequest.Marker(
      producerId: producer.id, producerEpoch: producer.epoch, transactionResult: false,
      topics: [.init(name: place.topic, partitionIndexes: [place.partition])],
      coordinatorEpoch: max(producer.coordinatorEpoch, 0), transactionVersion: Self.firstGeneration)
    let answer = try exchange(WriteTxnMarkersRequest(markers: [marker]), on: try broker(leader))
    let code = answer.markers.first?.topics.first?.partitions.first?.errorCode ?? 0
    try Self.check(code, "transaction of producer \(producer.id) at \(place)")
  }
}
