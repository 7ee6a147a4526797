import Broker
import ByteCodec
import KafkaWire
import LogStore
import Settings
import Units

/// DescribeCluster 0-2 (KIP-700, KIP-919 endpoint types, KIP-1073 fenced brokers): one broker, which is the controller
/// too. Controllers alone cannot be asked for here: MISMATCHED_ENDPOINT_TYPE.
extension KafkaDoor {
  func describeCluster(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(DescribeClusterRequest.self)
    guard request.version < 1 || message.endpointType == 1 else {
      let code: ErrorCode = message.endpointType == 2 ? .mismatchedEndpointType : .unsupportedEndpointType
      return .reply(
        DescribeClusterResponse(
          errorCode: code.rawValue, errorMessage: "brokers (type 1) answer here, not type \(message.endpointType)"),
        after: .start)
    }
    let address = advertisedAddress(for: request.connection)
    return .reply(
      DescribeClusterResponse(
        endpointType: 1, clusterId: engine.catalogue.clusterID.description, controllerId: engine.nodeID,
        brokers: [
          .init(brokerId: engine.nodeID, host: address.host, port: address.port, rack: engine.settings.node.rack)
        ],
        clusterAuthorizedOperations: message.includeClusterAuthorizedOperations
          ? AllowedOperations.cluster : AllowedOperations.notAsked),
      after: engine.catalogueChange)
  }
}
