import ByteCodec
import Coordination
import KafkaWire
import Units

/// ListTransactions 0-2 (KIP-664, KIP-994 duration, KIP-1152 pattern, in RE2's syntax).
extension KafkaDoor {
  func listTransactions(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(ListTransactionsRequest.self)
    let call = CoordinatorCall(owners: [], decides: false, seesTopics: false)
    let pattern = message.transactionalIdPattern.flatMap { try? TopicPattern($0) }
    let matching: ((String) -> Bool)? = pattern.map { pattern in { pattern.matches($0) } }
    return askTransactions(
      call, for: request, refused: ListTransactionsResponse(errorCode: ErrorCode.coordinatorNotAvailable.rawValue)
    ) { transactions, caller, waiter, context, effects in
      transactions.listTransactions(
        message, from: caller, waiter: waiter, matching: matching, context, into: &effects)
    }
  }
}
