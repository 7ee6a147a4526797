import Broker
import KafkaWire
import LogStore
import Settings

/// A resource as a request names it.
struct ConfigSubject: Hashable {
  let type: Int8
  let name: String

  static let isNamedTwice = Fault(.invalidRequest, "the request names this resource twice")
}

/// What a request wants of a resource's settings.
enum ConfigChange {
  /// These, and no others.
  case replace([(name: String, value: String?)])
  /// One after the other, all or none.
  case apply([SettingOperation])

  var isEmpty: Bool {
    switch self {
    case .replace(let entries): entries.isEmpty
    case .apply(let operations): operations.isEmpty
    }
  }

  func result(
    from overrides: [String: String], of resource: SettingsResource, in layers: BrokerLayers
  ) throws(SettingError) -> [String: String] {
    switch self {
    case .replace(let entries): try layers.replacing(with: entries, of: resource)
    case .apply(let operations): try layers.applying(operations, to: overrides, of: resource)
    }
  }
}

extension KafkaDoor {
  /// Changes the settings of one resource, or says why not.
  func alter(_ subject: ConfigSubject, by change: ConfigChange, validateOnly: Bool) -> Fault? {
    let target: ConfigTarget
    switch configTarget(subject.type, subject.name) {
    case .success(let found): target = found
    case .failure(let fault): return fault
    }
    switch target {
    case .topic(let topic):
      return alter(topic.description.overrides, of: .topic, by: change, validateOnly) {
        _ = engine.setTopicOverrides(topic.description.id, $0)
      }
    case .brokerLogger:
      return change.isEmpty ? nil : Fault(.invalidConfig, "there is no logger of this name")
    case .clientMetrics:
      return change.isEmpty ? nil : Fault(.invalidConfig, "this server does not collect the metrics of clients")
    case .broker, .brokerDefault, .group:
      guard let stored = configuredResource(target) else { return nil }
      let resource = target.settingsResource
      return alter(
        engine.catalogue.settings[stored] ?? [:], of: resource, by: change, validateOnly,
        refusal: { engine.refusal(of: $0, for: stored) }, store: { _ = engine.setOverrides(stored, $0) })
    }
  }

  private func alter(
    _ overrides: [String: String], of resource: SettingsResource, by change: ConfigChange, _ validateOnly: Bool,
    refusal: ([String: String]) -> Refusal? = { _ in nil }, store: ([String: String]) -> Void
  ) -> Fault? {
    do throws(SettingError) {
      let result = try change.result(from: overrides, of: resource, in: engine.layers)
      if let refusal = refusal(result) { return Fault(refusal) }
      if !validateOnly, result != overrides { store(result) }
      return nil
    } catch {
      return Fault(error, of: resource)
    }
  }
}

extension ConfigTarget {
  /// Whose rules its settings follow.
  fileprivate var settingsResource: SettingsResource {
    switch self {
    case .topic: .topic
    case .broker, .brokerLogger: .broker
    case .brokerDefault, .clientMetrics: .brokerDefault
    case .group: .group
    }
  }
}
