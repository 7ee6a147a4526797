import ByteCodec
import Coordination
import KafkaWire
import Units

/// AddPartitionsToTxn 0-5 (KIP-98; KIP-890 batches transactions from version 4 on, and verifies).
extension KafkaDoor {
  func addPartitionsToTxn(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(AddPartitionsToTxnRequest.self)
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
