import ByteCodec
import Coordination
import KafkaWire
import LogStore
import Units

/// AddPartitionsToTxn 0-5 (KIP-98; KIP-890 batches transactions from version 4 on, and verifies). What is added gets a
/// marker, whether or not records come: so it is made ready for appends here.
extension KafkaDoor {
  func addPartitionsToTxn(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(AddPartitionsToTxnRequest.self)
    return whenAppendable(message.topics(request.version).flatMap(partitions), request) { [unowned self] request in
      add(message, request)
    }
  }

  private func add(_ message: AddPartitionsToTxnRequest, _ request: Request) -> Answer {
    let call = CoordinatorCall(owners: message.ids(request.version), decides: true, seesTopics: true)
    return askTransactions(call, for: request, refused: message.refused(.coordinatorNotAvailable, request.version)) {
      transactions, caller, waiter, context, effects in
      transactions.addPartitions(message, from: caller, waiter: waiter, context, into: &effects)
    }
  }
}

extension AddPartitionsToTxnRequest {
  fileprivate func ids(_ version: Int16) -> [String] {
    version < 4 ? [v3AndBelowTransactionalId] : transactions.map(\.transactionalId)
  }

  fileprivate func topics(_ version: Int16) -> [TransactionPartitions] {
    guard version >= 4 else {
      return v3AndBelowTopics.map { TransactionPartitions(topic: $0.name, indexes: $0.partitions) }
    }
    return transactions.flatMap { transaction in
      transaction.topics.map { TransactionPartitions(topic: $0.name, indexes: $0.partitions) }
    }
  }

  /// The answer that refuses each partition with `code`.
  fileprivate func refused(_ code: ErrorCode, _ version: Int16) -> AddPartitionsToTxnResponse {
    guard version < 4 else { return AddPartitionsToTxnResponse(errorCode: code.rawValue) }
    return AddPartitionsToTxnResponse(
      resultsByTopicV3AndBelow: v3AndBelowTopics.map { topic in
        .init(
          name: topic.name,
          resultsByPartition: topic.partitions.map { .init(partitionIndex: $0, partitionErrorCode: code.rawValue) })
      })
  }
}
