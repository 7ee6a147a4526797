import Broker
import ByteCodec
import KafkaWire
import Units

/// InitProducerId 0-5, for idempotent producers: a fresh id with epoch 0, or the next epoch of the one given (KIP-360).
/// Transactional ids are not served: UNSUPPORTED_VERSION.
extension KafkaDoor {
  func initProducerID(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(InitProducerIdRequest.self)
    guard message.transactionalId == nil else {
      return .reply(InitProducerIdResponse(errorCode: ErrorCode.unsupportedVersion.rawValue), after: .start)
    }
    let id = engine.takeProducerID()
    return .reply(InitProducerIdResponse(producerId: id.value, producerEpoch: 0), after: id.sequence)
  }
}
