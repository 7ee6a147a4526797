/// One value a setting has under one name from one source; a list of them, nearest first, explains the effective value.
package struct SettingStep: Equatable, Sendable {
  /// The name it is set under, which may be a stand-in's.
  package let name: String
  /// The value as it stands there, not scaled.
  package let value: SettingValue
  /// Where it was set.
  package let source: SettingSource
}

/// The broker's settings in layers: given at start, changed for all brokers, changed for this one.
///
/// Dynamic values that no longer parse (stored by another version) are passed over, so that reading never fails.
package struct BrokerLayers: Sendable {
  /// From flags, environment and file.
  package var statics: StaticSettings
  /// Dynamic values for all brokers, by name.
  package var dynamicDefaults: [String: String]
  /// Dynamic values of this broker, by name.
  package var dynamicBroker: [String: String]

  /// The layers, all empty unless given.
  package init(
    statics: StaticSettings = StaticSettings(), dynamicDefaults: [String: String] = [:],
    dynamicBroker: [String: String] = [:]
  ) {
    self.statics = statics
    self.dynamicDefaults = dynamicDefaults
    self.dynamicBroker = dynamicBroker
  }

  /// Every value that `synonyms` have, nearest first: dynamic before static before default, and in the order of the
  /// names within each. Values are as they stand, not scaled.
  func steps(_ synonyms: [SettingSynonym]) -> [(step: SettingStep, scale: Int64)] {
    var result: [(step: SettingStep, scale: Int64)] = []
    for source in [SettingSource.dynamicBroker, .dynamicDefaultBroker, .staticBroker, .fallback] {
      for synonym in synonyms {
        guard let setting = SettingCatalogue.definition(synonym.name, of: .broker),
          let text = text(of: setting, from: source), let value = try? SettingValue(text, for: setting)
        else { continue }
        result.append((SettingStep(name: synonym.name, value: value, source: source), synonym.scale))
      }
    }
    return result
  }

  /// The effective value of the broker setting `name`, stand-ins included and scaled; nil where Kafka has null.
  package func value(of name: String) -> SettingValue? {
    guard let setting = SettingCatalogue.definition(name, of: .broker), let nearest = steps(setting.synonyms).first
    else { return nil }
    return nearest.step.value.scaled(by: nearest.scale)
  }

  private func text(of setting: SettingDefinition, from source: SettingSource) -> String? {
    switch source {
    case .dynamicBroker: dynamicBroker[setting.name]
    case .dynamicDefaultBroker: dynamicDefaults[setting.name]
    case .staticBroker: statics.entries[setting.name]?.value
    case .fallback: setting.fallback
    case .topic, .group: nil
    }
  }
}
