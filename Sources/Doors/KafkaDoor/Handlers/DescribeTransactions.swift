import ByteCodec
import Coordination
import KafkaWire
import Units

/// DescribeTransactions 0 (KIP-664).
///
/// Differs from Kafka: a transactional id named twice is answered once.
extension KafkaDoor {
  func describeTransactions(_ request: Request) throws(WireError) -> Answer {
    var message = try request.decode(DescribeTransactionsRequest.self)
    if message.transactionalIds.shorten() { return refuseTooMany(request, with: message.refused(.invalidRequest)) }
    message.transactionalIds = message.transactionalIds.distinct
    let call = CoordinatorCall(owners: message.transactionalIds, decides: false, seesTopics: false)
    return askTransactions(call, for: request, refused: message.refused(.coordinatorNotAvailable)) {
      transactions, caller, waiter, context, effects in
      transactions.describeTransactions(message, from: caller, waiter: waiter, context, into: &effects)
    }
  }
}

extension DescribeTransactionsRequest {
  fileprivate func refused(_ code: ErrorCode) -> DescribeTransactionsResponse {
    DescribeTransactionsResponse(
      transactionStates: transactionalIds.map { .init(errorCode: code.rawValue, transactionalId: $0) })
  }
}
