import Broker
import ByteCodec
import Coordination
import KafkaWire
import LogStore
import Settings
import Units

/// DescribeConfigs 1-4 (KIP-133, KIP-226 synonyms, KIP-569 types and documentation).
///
/// Differs from Kafka: a broker also has the settings that only Millrace has; broker loggers and client metrics have none;
/// a group tells of its last rebalance when it is asked by name.
extension KafkaDoor {
  func describeConfigs(_ request: Request) throws(WireError) -> Answer {
    var message = try request.decode(DescribeConfigsRequest.self)
    var response = DescribeConfigsResponse()
    if message.resources.shorten() {
      response.results = message.resources.map {
        .init(
          errorCode: ErrorCode.invalidRequest.rawValue, resourceType: $0.resourceType, resourceName: $0.resourceName)
      }
      return refuseTooMany(request, with: response)
    }
    var room = ConfigRoom(settings: AdminLimits.describedSettings, bytes: answersLimit / DoorLimits.fetchShare)
    var after = engine.catalogueChange
    for resource in message.resources {
      var result = DescribeConfigsResponse.Result(
        resourceType: resource.resourceType, resourceName: resource.resourceName)
      // No names mean all names, as a null does.
      let names = resource.configurationKeys.flatMap { $0.isEmpty ? nil : $0 }
      let target = configTarget(resource.resourceType, resource.resourceName)
      switch target.flatMap({ settings(of: $0, names, room: room) }) {
      case .success(let settings):
        result.configs = settings.map {
          Self.described($0, synonyms: message.includeSynonyms, documentation: message.includeDocumentation)
        }
        if case .success(.group(let id)) = target, let names {
          result.configs += lastRebalance(of: id, names)
          after = max(after, engine.lastChange(of: [.membership(group: id)]))
        }
        room.take(result)
      case .failure(let fault):
        result.errorCode = fault.code.rawValue
        result.errorMessage = fault.message
      }
      response.results.append(result)
    }
    return .reply(response, after: after)
  }

  private func settings(
    of target: ConfigTarget, _ names: [String]?, room: ConfigRoom
  ) -> Result<[EffectiveSetting], Fault> {
    guard room.settings > 0, room.bytes > 0 else {
      return .failure(Fault(.invalidRequest, "more settings than one answer may have: send several requests"))
    }
    let stored = configuredResource(target).flatMap { engine.catalogue.settings[$0] } ?? [:]
    switch target {
    case .topic(let topic): return .success(engine.layers.describeTopic(topic.description.overrides, names: names))
    case .broker: return .success(engine.layers.describeBroker(names: names))
    case .brokerDefault: return .success(engine.layers.describeBrokerDefault(names: names))
    case .group: return .success(engine.layers.describeGroup(stored, names: names))
    case .brokerLogger, .clientMetrics: return .success([])
    }
  }

  /// What of `names` is known of a group's last rebalance.
  private func lastRebalance(of group: String, _ names: [String]) -> [DescribeConfigsResponse.Result.Config] {
    let wanted = Set(names)
    let asked = RebalanceFact.allCases.filter { wanted.contains($0.rawValue) }
    guard !asked.isEmpty, let (cause, count) = engine.groups.lastRebalance(of: group) else { return [] }
    return asked.map { fact in
      let (value, type): (String?, SettingType) =
        switch fact {
        case .reason: (cause.trigger.rawValue, .string)
        case .member: (cause.member, .string)
        case .instance: (cause.instance, .string)
        case .clientID: (cause.clientID, .string)
        case .host: (cause.host, .string)
        case .said: (cause.reason, .string)
        case .at: (String(cause.at.milliseconds), .long)
        case .count: (String(count), .long)
        }
      return DescribeConfigsResponse.Result.Config(
        name: fact.rawValue, value: value, readOnly: true, configSource: SettingSource.fallback.rawValue,
        isSensitive: false, configType: type.rawValue)
    }
  }

  private static func described(
    _ setting: EffectiveSetting, synonyms: Bool, documentation: Bool
  ) -> DescribeConfigsResponse.Result.Config {
    DescribeConfigsResponse.Result.Config(
      name: setting.name, value: setting.value, readOnly: setting.isReadOnly, configSource: setting.source.rawValue,
      isSensitive: setting.isSensitive,
      synonyms: synonyms
        ? setting.synonyms.map { .init(name: $0.name, value: $0.value, source: $0.source.rawValue) } : [],
      configType: setting.type.rawValue, documentation: documentation ? setting.documentation : nil)
  }
}

/// What an answer may still describe.
private struct ConfigRoom {
  var settings: Int
  /// Of the answer, about.
  var bytes: Int

  mutating func take(_ result: DescribeConfigsResponse.Result) {
    settings -= result.configs.count
    for config in result.configs {
      bytes -= Self.count(config.name, config.value) + (config.documentation?.utf8.count ?? 0)
      for synonym in config.synonyms { bytes -= Self.count(synonym.name, synonym.value) }
    }
  }

  /// The bytes of a name and a value, with what stands between.
  private static func count(_ name: String, _ value: String?) -> Int {
    16 + name.utf8.count + (value?.utf8.count ?? 0)
  }
}
