import Broker
import ByteCodec
import KafkaWire
import Units

/// InitProducerId 0-5, for idempotent producers: always a fresh id with epoch 0, also when one is given (KIP-360).
/// Transactional ids are not served: UNSUPPORTED_VERSION. Version 6 is not stable in Kafka 4.3 and not served.
extension KafkaDoor {
  func initProducerID(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(InitProducerIdRequest.self)
    guard message.transactionalId?.isEmpty != true else {
      return .reply(Self.failed(.invalidRequest), after: .start)
    }
    guard message.transactionalId == nil else {
      return .reply(Self.failed(.unsupportedVersion), after: .start)
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
