/// The type of a setting's value, with the number that DescribeConfigs gives it from version 3 on.
package enum SettingType: Int8, Sendable, CaseIterable {
  case boolean = 1
  case string = 2
  case int = 3
  case short = 4
  case long = 5
  case double = 6
  case list = 7
  case classname = 8
  case password = 9
}

/// Whether a setting may change while the server runs, and for whom.
package enum SettingUpdate: Sendable {
  /// Only flags, environment and file set it.
  case readOnly
  /// A client may set it for one broker, not for all.
  case perBroker
  /// A client may set it for all brokers or for one.
  case clusterWide
}

/// A broker setting that stands in for another setting, and the factor that brings its unit to the other's.
package struct SettingSynonym: Sendable, Equatable {
  /// The name of the broker setting.
  package let name: String
  /// 1, or the milliseconds of a minute or an hour.
  package let scale: Int64

  init(_ name: String, scale: Int64 = 1) {
    self.name = name
    self.scale = scale
  }
}

extension [SettingSynonym] {
  /// Where the age of data that may go comes from.
  static let retention: Self =
    [.init("log.retention.ms"), .init("log.retention.minutes", scale: 60_000), hours("log.retention.hours")]
  /// `log.retention.minutes` when hours stand in for it.
  static let retentionMinutes: Self = [.init("log.retention.minutes"), .init("log.retention.hours", scale: 60)]
  /// Where the age of a segment that is closed comes from.
  static let roll: Self = [.init("log.roll.ms"), hours("log.roll.hours")]
  /// Where the random part of that age comes from.
  static let rollJitter: Self = [.init("log.roll.jitter.ms"), hours("log.roll.jitter.hours")]
  /// Where the longest wait for a forced sync comes from.
  static let flush: Self = [.init("log.flush.interval.ms"), .init("log.flush.scheduler.interval.ms")]

  private static func hours(_ name: String) -> SettingSynonym { .init(name, scale: 3_600_000) }
}

/// What is known about a setting before anybody sets it.
package struct SettingDefinition: Sendable {
  /// Kafka's name where Kafka has the setting, else Millrace's.
  package let name: String
  /// The type of its values.
  package let type: SettingType
  /// The default as text; nil where Kafka has null or none.
  package let fallback: String?
  /// What values it allows.
  package let rule: SettingRule
  /// Whether and for whom it may change while the server runs.
  package let update: SettingUpdate
  /// The broker settings that apply when this one is not set, nearest first. Broker settings list themselves first.
  package let synonyms: [SettingSynonym]
  /// Described only when set: settings Kafka keeps to itself.
  package let isHidden: Bool
  /// Millrace's own, unknown to Kafka.
  package let isOwn: Bool
  /// A size that may be written with a unit, as in `256m`.
  package let isSize: Bool
  /// A sentence for people; may be empty.
  package let about: String

  /// Whether its value is never shown: passwords and keys.
  package var isSensitive: Bool { type == .password }

  init(
    _ name: String, _ type: SettingType, _ fallback: String?, _ rule: SettingRule, _ update: SettingUpdate,
    synonyms: [SettingSynonym], isHidden: Bool = false, isOwn: Bool = false, isSize: Bool = false, about: String
  ) {
    self.name = name
    self.type = type
    self.fallback = fallback
    self.rule = rule
    self.update = update
    self.synonyms = synonyms
    self.isHidden = isHidden
    self.isOwn = isOwn
    self.isSize = isSize
    self.about = about
  }

  /// The same setting for one listener: stored under the longer name, without a default or stand-in.
  func renamed(_ longer: String) -> SettingDefinition {
    SettingDefinition(
      longer, type, nil, rule, .clusterWide, synonyms: [.init(longer)], isHidden: true, about: about)
  }
}

/// The rows of the tables.
extension SettingDefinition {
  static func topic(
    _ name: String, _ type: SettingType, _ fallback: String?, _ rule: SettingRule = .any,
    from synonyms: [SettingSynonym] = [], isHidden: Bool = false, about: String
  ) -> SettingDefinition {
    .init(name, type, fallback, rule, .clusterWide, synonyms: synonyms, isHidden: isHidden, about: about)
  }

  static func group(
    _ name: String, _ type: SettingType, _ fallback: String?, _ rule: SettingRule = .any,
    from synonyms: [SettingSynonym] = [], about: String
  ) -> SettingDefinition {
    .init(name, type, fallback, rule, .clusterWide, synonyms: synonyms, about: about)
  }

  static func fixed(
    _ name: String, _ type: SettingType, _ fallback: String?, _ rule: SettingRule = .any,
    from synonyms: [SettingSynonym]? = nil, isHidden: Bool = false, about: String = ""
  ) -> SettingDefinition {
    .init(
      name, type, fallback, rule, .readOnly, synonyms: synonyms ?? [.init(name)], isHidden: isHidden, about: about)
  }

  static func perBroker(
    _ name: String, _ type: SettingType, _ fallback: String?, _ rule: SettingRule = .any,
    from synonyms: [SettingSynonym]? = nil, isHidden: Bool = false, about: String = ""
  ) -> SettingDefinition {
    .init(
      name, type, fallback, rule, .perBroker, synonyms: synonyms ?? [.init(name)], isHidden: isHidden, about: about)
  }

  static func clusterWide(
    _ name: String, _ type: SettingType, _ fallback: String?, _ rule: SettingRule = .any,
    from synonyms: [SettingSynonym]? = nil, isHidden: Bool = false, about: String = ""
  ) -> SettingDefinition {
    .init(
      name, type, fallback, rule, .clusterWide, synonyms: synonyms ?? [.init(name)], isHidden: isHidden,
      about: about)
  }

  static func own(
    _ name: String, _ type: SettingType, _ fallback: String?, _ rule: SettingRule = .any, isSize: Bool = false,
    about: String
  ) -> SettingDefinition {
    .init(
      name, type, fallback, rule, .readOnly, synonyms: [.init(name)], isOwn: true, isSize: isSize, about: about)
  }
}
