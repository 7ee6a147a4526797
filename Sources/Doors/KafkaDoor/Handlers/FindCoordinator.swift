import Broker
import ByteCodec
import KafkaWire
import Units

/// FindCoordinator 0-6 (KIP-699 batches keys from version 4): every coordinator lives here, at the address of the listener
/// the client came by.
extension KafkaDoor {
  func findCoordinator(_ request: Request) throws(WireError) -> Answer {
    var message = try request.decode(FindCoordinatorRequest.self)
    let address = advertisedAddress(for: request.connection)
    if message.coordinatorKeys.shorten() {
      let code = ErrorCode.invalidRequest.rawValue
      let refused = message.coordinatorKeys.map {
        FindCoordinatorResponse.Coordinator(key: $0, nodeId: -1, host: "", port: -1, errorCode: code)
      }
      return refuseTooMany(request, with: FindCoordinatorResponse(coordinators: refused))
    }
    let keys = request.version >= 4 ? message.coordinatorKeys : [message.key]
    let found = keys.map { key in
      guard 0...2 ~= message.keyType, message.keyType < 2 || request.version >= 6 else {
        return FindCoordinatorResponse.Coordinator(
          key: key, nodeId: -1, host: "", port: -1, errorCode: ErrorCode.invalidRequest.rawValue,
          errorMessage: "key type \(message.keyType) is not one of 0 (group), 1 (transaction), 2 (share)")
      }
      return FindCoordinatorResponse.Coordinator(
        key: key, nodeId: engine.nodeID, host: address.host, port: address.port)
    }
    guard request.version < 4, let only = found.first else {
      return .reply(FindCoordinatorResponse(coordinators: found), after: .start)
    }
    return .reply(
      FindCoordinatorResponse(
        errorCode: only.errorCode, errorMessage: only.errorMessage, nodeId: only.nodeId, host: only.host,
        port: only.port), after: .start)
  }
}
