import Broker
import ByteCodec
import KafkaWire
import LogStore
import Settings
import Units

/// IncrementalAlterConfigs 0-1 (KIP-339): single settings are set, deleted, appended to, subtracted from. A resource
/// changes as a whole or not at all.
///
/// Differs from Kafka: a broker takes only settings that exist; loggers and client metrics take none.
extension KafkaDoor {
  func incrementalAlterConfigs(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(IncrementalAlterConfigsRequest.self)
    let repeated = message.resources.map { ConfigSubject(type: $0.resourceType, name: $0.resourceName) }.repeated
    var response = IncrementalAlterConfigsResponse()
    for resource in message.resources {
      let subject = ConfigSubject(type: resource.resourceType, name: resource.resourceName)
      let fault: Fault?
      if repeated.contains(subject) {
        fault = ConfigSubject.isNamedTwice
      } else if let operations = Self.operations(resource) {
        fault = alter(subject, by: .apply(operations), validateOnly: message.validateOnly)
      } else {
        fault = Fault(.invalidRequest, "an operation is one of 0 (set), 1 (delete), 2 (append), 3 (subtract)")
      }
      response.responses.append(
        .init(
          errorCode: fault?.code.rawValue ?? 0, errorMessage: fault?.message, resourceType: resource.resourceType,
          resourceName: resource.resourceName))
    }
    return .reply(response, after: engine.catalogueChange)
  }

  private static func operations(_ resource: IncrementalAlterConfigsRequest.Resource) -> [SettingOperation]? {
    let operations = resource.configs.compactMap { config in
      SettingOperation.Kind(rawValue: config.configOperation).map { SettingOperation($0, config.name, config.value) }
    }
    return operations.count == resource.configs.count ? operations : nil
  }
}
