/// The kinds of things that have settings.
package enum SettingsResource: Sendable, Equatable {
  case topic
  /// What all brokers share: the resource with an empty name.
  case brokerDefault
  /// One broker.
  case broker
  case group

  /// The word for it in errors.
  var word: String {
    switch self {
    case .topic: "topic"
    case .brokerDefault, .broker: "broker"
    case .group: "group"
    }
  }
}

/// Settings of a broker as Kafka has them: three files, one table.
enum BrokerSettingTable {
  static let rows = rowsAToK + rowsLToR + rowsSToZ
}

/// Every setting by its name.
package enum SettingCatalogue {
  /// The topic settings, in order of name.
  package static let topic = TopicSettingTable.rows
  /// The group settings, in order of name.
  package static let group = GroupSettingTable.rows
  /// The broker settings, Kafka's and Millrace's, in order of name.
  package static let broker = (BrokerSettingTable.rows + MillraceSettingTable.rows).sorted { $0.name < $1.name }

  private static let topicByName = index(topic)
  private static let groupByName = index(group)
  private static let brokerByName = index(broker)

  /// The setting of `resource` called `name`; nil when there is none.
  package static func definition(_ name: String, of resource: SettingsResource) -> SettingDefinition? {
    switch resource {
    case .topic: topicByName[name]
    case .group: groupByName[name]
    case .broker, .brokerDefault: brokerByName[name] ?? perListener(name)
    }
  }

  /// The setting of `resource` called `name`, or an error that offers the nearest name.
  static func required(_ name: String, of resource: SettingsResource) throws(SettingError) -> SettingDefinition {
    guard name.utf8.count <= SettingLimits.nameBytes else {
      throw SettingError(.limitExceeded, "The name of a setting is longer than \(SettingLimits.nameBytes) bytes")
    }
    if let found = definition(name, of: resource) { return found }
    let nearest = SettingText.nearest(to: name, in: all(resource).lazy.map(\.name))
    throw .unknown(name, of: resource.word, nearest: nearest)
  }

  /// The settings of `resource`, in order of name.
  package static func all(_ resource: SettingsResource) -> [SettingDefinition] {
    switch resource {
    case .topic: topic
    case .group: group
    case .broker, .brokerDefault: broker
    }
  }

  /// `listener.name.<listener>.<setting>` and `listener.name.<listener>.<mechanism>.<sasl setting>`: kept, not used.
  private static func perListener(_ name: String) -> SettingDefinition? {
    let prefix = "listener.name."
    guard name.hasPrefix(prefix), name.utf8.count <= SettingLimits.nameBytes else { return nil }
    guard let rest = afterDot(name.dropFirst(prefix.count)) else { return nil }
    if let found = brokerByName[String(rest)], !found.isOwn { return found.renamed(name) }
    guard let inner = afterDot(rest), inner.hasPrefix("sasl."), let found = brokerByName[String(inner)] else {
      return nil
    }
    return found.renamed(name)
  }

  private static func afterDot(_ text: Substring) -> Substring? {
    guard let dot = text.firstIndex(of: "."), dot != text.startIndex else { return nil }
    return text[text.index(after: dot)...]
  }

  private static func index(_ rows: [SettingDefinition]) -> [String: SettingDefinition] {
    Dictionary(rows.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }
}
