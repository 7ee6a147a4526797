import Broker
import ByteCodec
import KafkaWire
import LogStore
import Settings
import Units

/// AlterConfigs 0-2 (KIP-133): what a resource has set is replaced as a whole. Clients use IncrementalAlterConfigs since
/// KIP-339.
extension KafkaDoor {
  func alterConfigs(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(AlterConfigsRequest.self)
    let repeated = message.resources.map { ConfigSubject(type: $0.resourceType, name: $0.resourceName) }.repeated
    var response = AlterConfigsResponse()
    for resource in message.resources {
      let subject = ConfigSubject(type: resource.resourceType, name: resource.resourceName)
      let change = ConfigChange.replace(resource.configs.map { ($0.name, $0.value) })
      let fault =
        repeated.contains(subject)
        ? ConfigSubject.isNamedTwice : alter(subject, by: change, validateOnly: message.validateOnly)
      response.responses.append(
        .init(
          errorCode: fault?.code.rawValue ?? 0, errorMessage: fault?.message, resourceType: resource.resourceType,
          resourceName: resource.resourceName))
    }
    return .reply(response, after: engine.catalogueChange)
  }
}
