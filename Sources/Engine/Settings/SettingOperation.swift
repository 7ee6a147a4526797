/// One change to a setting, as IncrementalAlterConfigs asks for it (KIP-339).
package struct SettingOperation: Equatable, Sendable {
  /// What is done, with its number on the wire.
  package enum Kind: Int8, Sendable {
    case set = 0
    case delete = 1
    case append = 2
    case subtract = 3
  }

  /// What is done.
  package let kind: Kind
  /// The setting it is done to.
  package let name: String
  /// Not looked at by `delete`.
  package let value: String?

  /// A change of kind `kind` to the setting `name`.
  package init(_ kind: Kind, _ name: String, _ value: String? = nil) {
    self.kind = kind
    self.name = name
    self.value = value
  }
}

extension BrokerLayers {
  /// `overrides` of a resource after `operations`; all or nothing, and the result is fit to be stored.
  ///
  /// Appending to or subtracting from a list that is not set begins with the value it has without being set.
  package func applying(
    _ operations: [SettingOperation], to overrides: [String: String], of resource: SettingsResource
  ) throws(SettingError) -> [String: String] {
    try Self.refuseRepeats(operations.map(\.name))
    var result = overrides
    for operation in operations {
      if operation.kind == .delete {
        result[operation.name] = nil
        continue
      }
      let setting = try changeable(operation.name, of: resource)
      if operation.kind != .set, setting.type != .list {
        throw SettingError(.notAList, "Setting \(setting.name) is no list: only set and delete change it")
      }
      guard let text = operation.value else {
        throw SettingError(.missingValue, "Setting \(setting.name) needs a value; delete it to go back to the default")
      }
      let value = try SettingValue.typed(text, setting)
      let merged = operation.kind == .set ? value : merge(operation.kind, value, setting, overrides, resource)
      if let complaint = setting.rule.complaint(about: merged) { throw .invalid(text, for: setting, complaint) }
      result[setting.name] = try SettingValue(merged.text, for: setting).text
    }
    try check(result, of: resource)
    return result
  }

  /// The overrides that `entries` make, in place of all there were (AlterConfigs) or from nothing (CreateTopics).
  package func replacing(
    with entries: [(name: String, value: String?)], of resource: SettingsResource
  ) throws(SettingError) -> [String: String] {
    try applying(entries.map { SettingOperation(.set, $0.name, $0.value) }, to: [:], of: resource)
  }

  private func merge(
    _ kind: SettingOperation.Kind, _ change: SettingValue, _ setting: SettingDefinition,
    _ overrides: [String: String], _ resource: SettingsResource
  ) -> SettingValue {
    guard case .list(let changed) = change else { return change }
    let base: SettingValue?
    switch resource {
    case .topic: base = value(of: setting, overriddenBy: overrides, as: .topic)
    case .group: base = value(of: setting, overriddenBy: overrides, as: .group)
    case .broker, .brokerDefault:
      let text = overrides[setting.name] ?? statics.entries[setting.name]?.value ?? setting.fallback
      base = text.flatMap { try? SettingValue($0, for: setting) }
    }
    var elements: [String] = []
    if case .list(let present) = base { elements = present }
    if kind == .append { return .list(elements + changed.filter { !elements.contains($0) }) }
    return .list(elements.filter { !changed.contains($0) })
  }

  private func changeable(_ name: String, of resource: SettingsResource) throws(SettingError) -> SettingDefinition {
    let setting = try SettingCatalogue.required(name, of: resource)
    switch (resource, setting.update) {
    case (.broker, .readOnly), (.brokerDefault, .readOnly):
      throw SettingError(.readOnly, "Setting \(name) cannot change while the server runs; give it at the next start")
    case (.brokerDefault, .perBroker):
      throw SettingError(.readOnly, "Setting \(name) belongs to one broker: set it for the broker's id")
    default:
      return setting
    }
  }

  private func check(_ overrides: [String: String], of resource: SettingsResource) throws(SettingError) {
    guard overrides.count <= SettingLimits.overrides else {
      throw SettingError(.limitExceeded, "More than \(SettingLimits.overrides) settings on one \(resource.word)")
    }
    switch resource {
    case .topic: try TopicSettings(overrides, over: TopicSettings(self)).check()
    case .group: try GroupSettings.check(overrides, layers: self)
    case .broker:
      try BrokerLayers(statics: statics, dynamicDefaults: dynamicDefaults, dynamicBroker: overrides).check()
    case .brokerDefault:
      try BrokerLayers(statics: statics, dynamicDefaults: overrides, dynamicBroker: dynamicBroker).check()
    }
  }

  private static func refuseRepeats(_ names: [String]) throws(SettingError) {
    guard names.count <= SettingLimits.operations else {
      throw SettingError(.limitExceeded, "More than \(SettingLimits.operations) changes to one resource in a request")
    }
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted {
      throw SettingError(.duplicate, "Setting \(SettingText.shown(name)) is changed twice in one request")
    }
  }
}
