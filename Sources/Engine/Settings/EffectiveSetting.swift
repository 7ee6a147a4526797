/// A setting as DescribeConfigs and `millrace config` show it.
package struct EffectiveSetting: Sendable {
  /// A value with its name and source; the value of a sensitive setting is nil.
  package struct Synonym: Equatable, Sendable {
    /// The name, as clients ask for it.
    package let name: String
    /// The value as it stands there; nil when sensitive.
    package let value: String?
    /// Where the value comes from.
    package let source: SettingSource

    /// All of it, as given.
    package init(name: String, value: String?, source: SettingSource) {
      self.name = name
      self.value = value
      self.source = source
    }
  }

  /// What is known about the setting beforehand: type, documentation, allowed values.
  package let definition: SettingDefinition
  /// The effective value; nil when it is sensitive or Kafka's null.
  package let value: String?
  /// Where the value comes from.
  package let source: SettingSource
  /// Every value the setting has, the effective one first.
  package let synonyms: [Synonym]
  /// Where a value given at start came from.
  package let origin: SettingOrigin?

  /// The name, as clients ask for it.
  package var name: String { definition.name }
  /// The type of the value.
  package var type: SettingType { definition.type }
  /// A sentence for people; may be empty.
  package var documentation: String { definition.about }
  /// Whether the value is withheld.
  package var isSensitive: Bool { definition.isSensitive }
  /// Whether clients cannot change it.
  package var isReadOnly: Bool { definition.update == .readOnly }
  /// Whether nobody set it.
  package var isDefault: Bool { source == .fallback }

  init(_ definition: SettingDefinition, _ value: SettingValue?, _ steps: [SettingStep], origin: SettingOrigin? = nil) {
    self.definition = definition
    self.value = definition.isSensitive ? nil : value?.text
    self.source = steps.first?.source ?? .fallback
    self.synonyms = steps.map {
      Synonym(name: $0.name, value: definition.isSensitive ? nil : $0.value.text, source: $0.source)
    }
    self.origin = origin
  }
}

extension BrokerLayers {
  /// The settings of a topic with `overrides`, in order of name; `names` nil means all. Unknown names are left out.
  package func describeTopic(_ overrides: [String: String], names: [String]? = nil) -> [EffectiveSetting] {
    describe(.topic, overrides, source: .topic, names)
  }

  /// The settings of a group with `overrides`.
  package func describeGroup(_ overrides: [String: String], names: [String]? = nil) -> [EffectiveSetting] {
    describe(.group, overrides, source: .group, names)
  }

  /// The settings of this broker: Kafka's 340 and Millrace's own, and hidden ones that were set.
  package func describeBroker(names: [String]? = nil) -> [EffectiveSetting] {
    var listed = selected(.broker, names)
    if names == nil {
      let set = Set(statics.entries.keys).union(dynamicDefaults.keys).union(dynamicBroker.keys)
      listed += perListener(set)
    }
    return listed.compactMap { setting -> EffectiveSetting? in
      let isPresent = isSet(setting.name)
      if setting.isHidden, !isPresent, names == nil { return nil }
      let own = steps([.init(setting.name)])
      let all = own.isEmpty ? [] : steps(setting.synonyms)
      return EffectiveSetting(
        setting, own.first?.step.value, all.map(\.step), origin: statics.entries[setting.name]?.origin)
    }
  }

  /// What has been set for all brokers, and nothing else.
  package func describeBrokerDefault(names: [String]? = nil) -> [EffectiveSetting] {
    let listed = selected(.brokerDefault, names) + (names == nil ? perListener(Set(dynamicDefaults.keys)) : [])
    return listed.compactMap { setting -> EffectiveSetting? in
      guard let text = dynamicDefaults[setting.name], let value = try? SettingValue(text, for: setting) else {
        return nil
      }
      let step = SettingStep(name: setting.name, value: value, source: .dynamicDefaultBroker)
      return EffectiveSetting(setting, value, [step])
    }
  }

  /// Every value of a topic's or group's setting, nearest first; scaled to the setting's unit beside as it stands.
  func steps(
    of setting: SettingDefinition, overriddenBy overrides: [String: String], as source: SettingSource
  ) -> [(step: SettingStep, scale: Int64)] {
    var result: [(step: SettingStep, scale: Int64)] = []
    if let text = overrides[setting.name], let value = try? SettingValue(text, for: setting) {
      result.append((SettingStep(name: setting.name, value: value, source: source), 1))
    }
    return result + steps(setting.synonyms)
  }

  /// The value a topic's or group's setting has with `overrides`; nil where Kafka has null.
  func value(
    of setting: SettingDefinition, overriddenBy overrides: [String: String], as source: SettingSource
  ) -> SettingValue? {
    if let nearest = steps(of: setting, overriddenBy: overrides, as: source).first {
      return nearest.step.value.scaled(by: nearest.scale)
    }
    guard let fallback = setting.fallback else { return nil }
    return try? SettingValue(fallback, for: setting)
  }

  private func describe(
    _ resource: SettingsResource, _ overrides: [String: String], source: SettingSource, _ names: [String]?
  ) -> [EffectiveSetting] {
    selected(resource, names).compactMap { setting -> EffectiveSetting? in
      if setting.isHidden, overrides[setting.name] == nil { return nil }
      let steps = steps(of: setting, overriddenBy: overrides, as: source)
      return EffectiveSetting(
        setting, value(of: setting, overriddenBy: overrides, as: source), steps.map(\.step))
    }
  }

  private func isSet(_ name: String) -> Bool {
    statics.entries[name] != nil || dynamicDefaults[name] != nil || dynamicBroker[name] != nil
  }

  /// The definitions called `names`, each once; all that the tables list without `names`.
  private func selected(_ resource: SettingsResource, _ names: [String]?) -> [SettingDefinition] {
    guard let names else { return SettingCatalogue.all(resource) }
    var seen: Set<String> = []
    return names.compactMap { name -> SettingDefinition? in
      guard let setting = SettingCatalogue.definition(name, of: resource), seen.insert(name).inserted else {
        return nil
      }
      return setting
    }
  }

  /// Definitions of per-listener settings among `names`: no table lists those.
  private func perListener(_ names: Set<String>) -> [SettingDefinition] {
    names.filter { $0.hasPrefix("listener.name.") }.sorted().compactMap {
      SettingCatalogue.definition($0, of: .broker)
    }
  }
}
