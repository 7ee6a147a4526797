import Broker
import ByteCodec
import Coordination
import KafkaWire
import Units

/// InitProducerId 0-5. Idempotent producers always get a fresh id with epoch 0, also when one is given (KIP-360); those
/// with a transactional id get what the machine of transactions says. Version 6 is not stable in Kafka 4.3 and not served.
extension KafkaDoor {
  func initProducerID(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(InitProducerIdRequest.self)
    if let id = message.transactionalId {
      let call = CoordinatorCall(owners: [id], decides: true, seesTopics: false)
      return askTransactions(call, for: request, refused: Self.failed(.coordinatorNotAvailable)) {
        transactions, caller, waiter, context, effects in
        transactions.initProducerID(message, from: caller, waiter: waiter, context, into: &effects)
      }
    }
    guard (message.producerId == -1) == (message.producerEpoch == -1) else {
      return .reply(Self.failed(.invalidRequest), after: .start)
    }
    let id = engine.takeProducerID()
    return .reply(InitProducerIdResponse(producerId: id.value, producerEpoch: 0), after: id.sequence)
  }

  private static func failed(_ code: ErrorCode) -> InitProducerIdResponse {
    InitProducerIdResponse(errorCode: code.rawValue, producerId: -1, producerEpoch: -1)
  }
}
