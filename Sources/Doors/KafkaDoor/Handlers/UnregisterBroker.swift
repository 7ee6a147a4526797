import Broker
import ByteCodec
import KafkaWire
import Units

/// UnregisterBroker 0 (KIP-631).
///
/// Differs from Kafka: a node that is alone is not taken out, since clients find nothing to talk to afterwards.
extension KafkaDoor {
  func unregisterBroker(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(UnregisterBrokerRequest.self)
    let fault =
      message.brokerId == engine.nodeID
      ? Fault(.policyViolation, "broker \(engine.nodeID) is the only one there is")
      : Fault(.brokerIdNotRegistered, "there is no broker \(message.brokerId)")
    return .reply(
      UnregisterBrokerResponse(errorCode: fault.code.rawValue, errorMessage: fault.message), after: .start)
  }
}
