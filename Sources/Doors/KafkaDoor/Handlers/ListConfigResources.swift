import Broker
import ByteCodec
import KafkaWire
import LogStore
import Units

/// ListConfigResources 0-1 (KIP-714, KIP-1142): what has settings. Version 0 lists subscriptions to client metrics, of
/// which there are none here; version 1 lists the types asked for, all of them when none is named.
extension KafkaDoor {
  func listConfigResources(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(ListConfigResourcesRequest.self)
    var kinds: [ConfigTarget.Kind] = request.version == 0 ? [.clientMetrics] : ConfigTarget.Kind.allCases
    if request.version > 0, !message.resourceTypes.isEmpty {
      let asked = Set(message.resourceTypes)
      guard asked.allSatisfy({ ConfigTarget.Kind(rawValue: $0) != nil }) else {
        return .reply(ListConfigResourcesResponse(errorCode: ErrorCode.unsupportedVersion.rawValue), after: .start)
      }
      kinds = kinds.filter { asked.contains($0.rawValue) }
    }
    var response = ListConfigResourcesResponse()
    for kind in kinds {
      response.configResources += names(of: kind).map { .init(resourceName: $0, resourceType: kind.rawValue) }
    }
    return .reply(response, after: engine.catalogueChange)
  }

  private func names(of kind: ConfigTarget.Kind) -> [String] {
    switch kind {
    case .topic: engine.catalogue.topicsByName.map(\.description.name)
    case .broker, .brokerLogger: [String(engine.nodeID)]
    case .clientMetrics: []
    case .group: engine.catalogue.settings.keys.filter { $0.kind == .group }.map(\.name).sorted()
    }
  }
}
