import Broker
import KafkaWire
import LogStore
import Settings

/// A thing with settings that a request names by type and name.
enum ConfigTarget {
  case topic(Catalogue.Topic)
  case broker
  /// What all brokers share.
  case brokerDefault
  /// There is one log, whose level is given at start: no logger can be named.
  case brokerLogger
  /// Client metrics are not collected: nothing is ever set.
  case clientMetrics
  case group(String)

  /// The types that have settings, with their numbers on the wire.
  enum Kind: Int8, CaseIterable {
    case topic = 2
    case broker = 4
    case brokerLogger = 8
    case clientMetrics = 16
    case group = 32
  }
}

extension KafkaDoor {
  /// What a request means by a type and a name.
  func configTarget(_ type: Int8, _ name: String) -> Result<ConfigTarget, Fault> {
    switch ConfigTarget.Kind(rawValue: type) {
    case nil: return .failure(Fault(.invalidRequest, "nothing of type \(type) has settings"))
    case .topic:
      guard let topic = engine.catalogue.topic(named: name) else { return .failure(.noTopic(named: name)) }
      return .success(.topic(topic))
    case .broker where name.isEmpty: return .success(.brokerDefault)
    case .broker, .brokerLogger:
      guard Int32(name) == engine.nodeID else {
        return .failure(
          Fault(.invalidRequest, "there is no broker \(SettingText.shown(name)); the only one is \(engine.nodeID)"))
      }
      return .success(type == ConfigTarget.Kind.broker.rawValue ? .broker : .brokerLogger)
    case .clientMetrics where name.isEmpty:
      return .failure(Fault(.invalidRequest, "a subscription to client metrics needs a name"))
    case .clientMetrics: return .success(.clientMetrics)
    case .group where name.isEmpty: return .failure(Fault(.invalidRequest, "a group needs a name"))
    case .group: return .success(.group(name))
    }
  }

  /// The resource of the catalogue that holds the overrides of `target`; nil where they are a topic's, or there are none.
  func configuredResource(_ target: ConfigTarget) -> ConfiguredResource? {
    switch target {
    case .topic, .brokerLogger, .clientMetrics: nil
    case .broker: ConfiguredResource(kind: .broker, name: String(engine.nodeID))
    case .brokerDefault: ConfiguredResource(kind: .broker, name: "")
    case .group(let name): ConfiguredResource(kind: .group, name: name)
    }
  }
}
