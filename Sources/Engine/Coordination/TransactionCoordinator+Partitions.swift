package import KafkaWire
import Units

/// How a request that writes to a transaction's partitions stands to the transaction.
package enum TransactionEntry: Equatable, Sendable {
  /// It adds the partition (KIP-890, second part): Produce 12 and later, TxnOffsetCommit 5 and later.
  case adds
  /// The partition must have been added; a client that knows how is told to abort: Produce 11, TxnOffsetCommit 4.
  case verifies
  /// The same, from older clients.
  case verifiesForOldClients

  package static func produce(version: Int16) -> TransactionEntry {
    version >= 12 ? .adds : version == 11 ? .verifies : .verifiesForOldClients
  }

  package static func offsetCommit(version: Int16) -> TransactionEntry {
    version >= 5 ? .adds : version == 4 ? .verifies : .verifiesForOldClients
  }
}

/// AddPartitionsToTxn 0-5, AddOffsetsToTxn 0-4, and what Produce and TxnOffsetCommit add by themselves.
extension TransactionCoordinator {
  package mutating func addPartitions(
    _ request: AddPartitionsToTxnRequest, from caller: Caller, waiter: Waiter, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    var response = AddPartitionsToTxnResponse()
    guard caller.version >= 4 else {
      let topics = request.v3AndBelowTopics.map { TransactionPartitions(topic: $0.name, indexes: $0.partitions) }
      let producer = ProducerIdentity(id: request.v3AndBelowProducerId, epoch: request.v3AndBelowProducerEpoch)
      let id = request.v3AndBelowTransactionalId
      let codes = add(id, producer, topics, verifyOnly: false, context, &effects)
      response.resultsByTopicV3AndBelow = zip(topics, codes).map { topic, codes in
        .init(
          name: topic.topic,
          resultsByPartition: zip(topic.indexes, codes).map {
            .init(partitionIndex: $0, partitionErrorCode: $1.forClient(caller, knowsFencingFrom: 2))
          })
      }
      return effects.reply(to: waiter, response, sees: [.transaction(id)])
    }
    for item in request.transactions {
      let topics = item.topics.map { TransactionPartitions(topic: $0.name, indexes: $0.partitions) }
      let codes = add(
        item.transactionalId, ProducerIdentity(id: item.producerId, epoch: item.producerEpoch), topics,
        verifyOnly: item.verifyOnly, context, &effects)
      response.resultsByTransaction.append(
        .init(
          transactionalId: item.transactionalId,
          topicResults: zip(topics, codes).map { topic, codes in
            .init(
              name: topic.topic,
              resultsByPartition: zip(topic.indexes, codes).map {
                .init(partitionIndex: $0, partitionErrorCode: $1.rawValue)
              })
          }))
    }
    effects.reply(to: waiter, response, sees: request.transactions.map { .transaction($0.transactionalId) })
  }

  /// A code for each partition of each topic. All are added or, where one does not exist, none.
  private mutating func add(
    _ id: String, _ producer: ProducerIdentity, _ topics: [TransactionPartitions], verifyOnly: Bool,
    _ context: CoordinatorContext, _ effects: inout Effects
  ) -> [[ErrorCode]] {
    let exists = topics.map { topic in
      let count = context.topics.topic(named: topic.topic)?.partitionCount ?? 0
      return topic.indexes.map { $0 >= 0 && $0 < count }
    }
    guard exists.allSatisfy({ $0.allSatisfy { $0 } }) else {
      return exists.map { $0.map { $0 ? .operationNotAttempted : .unknownTopicOrPartition } }
    }
    if verifyOnly {
      let refusal = refusal(id, producer)
      return topics.map { topic in
        topic.indexes.map { refusal ?? (holds(id, topic.topic, [$0]) ? ErrorCode.none : .transactionAbortable) }
      }
    }
    let code = add(id, producer, topics, context, &effects)
    return topics.map { topic in topic.indexes.map { _ in code } }
  }

  package mutating func addOffsets(
    _ request: AddOffsetsToTxnRequest, from caller: Caller, waiter: Waiter, _ context: CoordinatorContext,
    into effects: inout Effects
  ) {
    var code = ErrorCode.coordinatorNotAvailable
    if let shard = Self.shard(of: request.groupId, context) {
      let producer = ProducerIdentity(id: request.producerId, epoch: request.producerEpoch)
      code = add(request.transactionalId, producer, [shard], context, &effects)
    }
    effects.reply(
      to: waiter, AddOffsetsToTxnResponse(errorCode: code.forClient(caller, knowsFencingFrom: 2)),
      sees: [.transaction(request.transactionalId)])
  }

  /// The partition in which a group's offsets stand; nil before the topic exists.
  package static func shard(of group: String, _ context: CoordinatorContext) -> TransactionPartitions? {
    let topic = InternalTopic.consumerOffsets.rawValue
    guard let count = context.topics.topic(named: topic)?.partitionCount else { return nil }
    return TransactionPartitions(topic: topic, indexes: [InternalTopic.partition(of: group, of: count)])
  }

  /// Before records of a transaction, or its offsets, are stored: whether the partitions are in it; where `entry` says so
  /// they are added. The answer shows `.transaction(id)`, and what it is followed by must stand behind `effects.writes`.
  package mutating func enter(
    _ id: String, _ producer: ProducerIdentity, _ partitions: [TransactionPartitions], _ entry: TransactionEntry,
    _ context: CoordinatorContext, into effects: inout Effects
  ) -> ErrorCode {
    let code: ErrorCode
    if entry == .adds {
      code = add(id, producer, partitions, context, &effects)
    } else if !settings.isPartitionVerified {
      return .none
    } else {
      let isIn = partitions.allSatisfy { holds(id, $0.topic, $0.indexes) }
      let outside: ErrorCode = entry == .verifies ? .transactionAbortable : .invalidTxnState
      code = refusal(id, producer) ?? (isIn ? .none : outside)
    }
    // Producers know this code from storing records for as long as there are transactions.
    return code == .producerFenced ? .invalidProducerEpoch : code
  }

  private func holds(_ id: String, _ topic: String, _ indexes: [Int32]) -> Bool {
    guard let transaction = transactions[id], transaction.state == .ongoing else { return false }
    return transaction.partitions[topic]?.isSuperset(of: indexes) ?? indexes.isEmpty
  }

  /// Why `producer` may not use `id` at all.
  func refusal(_ id: String, _ producer: ProducerIdentity) -> ErrorCode? {
    guard !id.isEmpty else { return .invalidRequest }
    guard let known = transactions[id], known.producer.id == producer.id else { return .invalidProducerIdMapping }
    return known.producer.epoch == producer.epoch ? nil : .producerFenced
  }

  /// Adds partitions to the transaction of `id`, and begins it where none is open.
  private mutating func add(
    _ id: String, _ producer: ProducerIdentity, _ topics: [TransactionPartitions], _ context: CoordinatorContext,
    _ effects: inout Effects
  ) -> ErrorCode {
    if let refusal = refusal(id, producer) { return refusal }
    guard var transaction = transactions[id] else { return .invalidProducerIdMapping }
    if transaction.state == .ongoing, topics.allSatisfy({ holds(id, $0.topic, $0.indexes) }) { return .none }
    let begins = transaction.state != .ongoing
    if begins {
      transaction.partitions = [:]
      transaction.state = .ongoing
      transaction.started = context.wall
      transaction.previousProducerID = -1
      transaction.version = 0
    }
    for topic in topics { transaction.partitions[topic.topic, default: []].formUnion(topic.indexes) }
    guard transaction.partitionCount <= Self.maximumPartitions else { return .transactionAbortable }
    guard admits(transaction, of: id) else { return .coordinatorNotAvailable }
    transaction.updated = context.wall
    effects.writes.append(decide(id, transaction))
    if begins { arm(id, transaction, context, &effects) }
    return .none
  }
}

extension ErrorCode {
  /// The code as a client of this version knows it: fencing had none of its own at first.
  func forClient(_ caller: Caller, knowsFencingFrom version: Int16) -> Int16 {
    self == .producerFenced && caller.version < version ? ErrorCode.invalidProducerEpoch.rawValue : rawValue
  }
}
