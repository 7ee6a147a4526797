import Broker
import ByteCodec
import Coordination
import KafkaWire
import Units

/// AddOffsetsToTxn 0-4 (KIP-98): the partition of the group's offsets becomes part of the transaction.
extension KafkaDoor {
  func addOffsetsToTxn(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(AddOffsetsToTxnRequest.self)
    let call = CoordinatorCall(owners: [message.transactionalId], decides: true, seesTopics: true)
    // The partition has to exist before it can be part of anything.
    if engine.coordinatorsHaveRoom { _ = engine.internalPartition(of: message.groupId, in: .consumerOffsets) }
    return askTransactions(
      call, for: request, refused: AddOffsetsToTxnResponse(errorCode: ErrorCode.coordinatorNotAvailable.rawValue)
    ) { transactions, caller, waiter, context, effects in
      transactions.addOffsets(message, from: caller, waiter: waiter, context, into: &effects)
    }
  }
}
