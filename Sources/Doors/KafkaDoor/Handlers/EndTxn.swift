import ByteCodec
import Coordination
import KafkaWire
import Units

/// EndTxn 0-5 (KIP-890: from version 5 on each end raises the epoch). State, markers and offsets are one unit of the
/// journal, and the answer waits for it: nobody ever sees a part of an end.
extension KafkaDoor {
  func endTxn(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(EndTxnRequest.self)
    let call = CoordinatorCall(owners: [message.transactionalId], decides: true, seesTopics: false)
    return askTransactions(
      call, for: request,
      refused: EndTxnResponse(errorCode: ErrorCode.coordinatorNotAvailable.rawValue, producerId: -1, producerEpoch: -1)
    ) {
      transactions, caller, waiter, context, effects in
      transactions.endTransaction(message, from: caller, waiter: waiter, context, into: &effects)
    }
  }
}
