import ByteCodec
import Coordination
import KafkaWire
import Units

/// DescribeTransactions 0 (KIP-664).
extension KafkaDoor {
  func describeTransactions(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(DescribeTransactionsRequest.self)
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
