import Settings
import Testing

struct LayerTests {
  typealias Synonym = EffectiveSetting.Synonym

  static func topic(_ name: String, _ layers: BrokerLayers, _ overrides: [String: String] = [:]) throws
    -> EffectiveSetting
  {
    try #require(layers.describeTopic(overrides, names: [name]).first)
  }

  static func broker(_ name: String, _ layers: BrokerLayers) throws -> EffectiveSetting {
    try #require(layers.describeBroker(names: [name]).first)
  }

  @Test func aTopicFollowsTheHoursOfTheBroker() throws {
    let layers = BrokerLayers(statics: try StaticSettings(flags: ["log.retention.hours=100"]))
    let retention = try Self.topic("retention.ms", layers)
    #expect(retention.value == "360000000")
    #expect(retention.source == .staticBroker)
    #expect(
      retention.synonyms == [
        Synonym(name: "log.retention.hours", value: "100", source: .staticBroker),
        Synonym(name: "log.retention.hours", value: "168", source: .fallback),
      ])
    #expect(TopicSettings(layers).retentionMs == 360_000_000)
  }

  @Test(
    "The nearest unit wins; negative is no limit in each",
    arguments: [
      (["log.retention.hours=2"], 7_200_000), (["log.retention.hours=2", "log.retention.minutes=3"], 180_000),
      (["log.retention.hours=2", "log.retention.minutes=3", "log.retention.ms=4"], 4), (["log.retention.hours=-1"], -1),
      (["log.retention.minutes=2147483647"], 128_849_018_820_000),
    ] as [([String], Int64)])
  func retentionUnits(_ flags: [String], _ milliseconds: Int64) throws {
    #expect(TopicSettings(BrokerLayers(statics: try StaticSettings(flags: flags))).retentionMs == milliseconds)
  }

  @Test func chainsOfRollAndFlush() throws {
    let layers = BrokerLayers(
      statics: try StaticSettings(
        flags: ["log.roll.hours=3", "log.roll.jitter.hours=1", "log.flush.scheduler.interval.ms=9"]))
    let topic = TopicSettings(layers)
    #expect(topic.segmentMs == 10_800_000)
    #expect(topic.segmentJitterMs == 3_600_000)
    #expect(topic.flushMs == 9)
  }

  /// As a 4.3.1 broker answered for the same four sources.
  @Test func everySourceInOrder() throws {
    let layers = BrokerLayers(
      statics: try StaticSettings(flags: ["log.retention.hours=100"]), dynamicDefaults: ["log.retention.ms": "1000"],
      dynamicBroker: ["log.retention.ms": "2000"])
    let retention = try Self.topic("retention.ms", layers, ["retention.ms": "5"])
    #expect(retention.value == "5")
    #expect(
      retention.synonyms.map { "\($0.name)=\($0.value ?? "-")@\($0.source.rawValue)" } == [
        "retention.ms=5@1", "log.retention.ms=2000@2", "log.retention.ms=1000@3", "log.retention.hours=100@4",
        "log.retention.hours=168@5",
      ])
    let own = try Self.broker("log.retention.ms", layers)
    #expect(own.value == "2000" && own.source == .dynamicBroker && !own.isReadOnly && own.type == .long)
    #expect(own.synonyms.map(\.source) == [.dynamicBroker, .dynamicDefaultBroker, .staticBroker, .fallback])
  }

  @Test(
    arguments: [
      ([:], [:], [], 1_073_741_824, .fallback), ([:], [:], ["log.segment.bytes=3000000"], 3_000_000, .staticBroker),
      ([:], ["log.segment.bytes": "2000000"], ["log.segment.bytes=3000000"], 2_000_000, .dynamicDefaultBroker),
      (["log.segment.bytes": "1500000"], ["log.segment.bytes": "2000000"], [], 1_500_000, .dynamicBroker),
    ] as [([String: String], [String: String], [String], Int32, SettingSource)])
  func precedence(
    _ broker: [String: String], _ defaults: [String: String], _ flags: [String], _ bytes: Int32, _ source: SettingSource
  ) throws {
    let layers = BrokerLayers(
      statics: try StaticSettings(flags: flags), dynamicDefaults: defaults, dynamicBroker: broker)
    #expect(TopicSettings(layers).segmentBytes == bytes)
    #expect(try Self.topic("segment.bytes", layers).source == source)
    let override = TopicSettings(["segment.bytes": "1048576"], over: TopicSettings(layers))
    #expect(override.segmentBytes == 1_048_576)
  }

  @Test func aBrokerSettingThatIsNullStaysNull() throws {
    let retention = try Self.broker("log.retention.ms", BrokerLayers())
    #expect(retention.value == nil && retention.isDefault && retention.synonyms.isEmpty)
  }

  @Test func groupsFollowTheBroker() throws {
    let layers = BrokerLayers(statics: try StaticSettings(flags: ["group.consumer.session.timeout.ms=50000"]))
    let timeout = try #require(layers.describeGroup([:], names: ["consumer.session.timeout.ms"]).first)
    #expect(timeout.value == "50000" && timeout.source == .staticBroker)
    let own = try #require(
      layers.describeGroup(["consumer.session.timeout.ms": "46000"], names: ["consumer.session.timeout.ms"]).first)
    #expect(own.value == "46000" && own.source == .group && own.source.rawValue == 8)
    #expect(own.synonyms.map(\.name).first == "consumer.session.timeout.ms")
  }

  @Test func secretsAreNeverShown() throws {
    let layers = BrokerLayers(
      statics: try StaticSettings(flags: ["ssl.keystore.password=hush", "listener.name.inside.ssl.key.password=hush"]))
    for setting in layers.describeBroker() where setting.isSensitive {
      #expect(setting.value == nil && setting.synonyms.allSatisfy { $0.value == nil })
    }
    #expect(layers.describeBroker().map(\.name).contains("listener.name.inside.ssl.key.password"))
    #expect(try Self.broker("ssl.keystore.password", layers).source == .staticBroker)
  }

  @Test func namesSelect() {
    let layers = BrokerLayers()
    #expect(layers.describeTopic([:], names: []).isEmpty)
    #expect(
      layers.describeTopic([:], names: ["nosuch", "retention.ms", "retention.ms"]).map(\.name) == ["retention.ms"])
  }

  @Test func hiddenSettingsShowOnceSet() {
    let layers = BrokerLayers(dynamicDefaults: ["leader.replication.throttled.rate": "1000", "max.connections": "9"])
    #expect(layers.describeTopic(["internal.segment.bytes": "1000"]).count == 34)
    #expect(layers.describeBroker().map(\.name).contains("leader.replication.throttled.rate"))
    let shared = layers.describeBrokerDefault()
    #expect(shared.map(\.name) == ["leader.replication.throttled.rate", "max.connections"])
    #expect(shared.allSatisfy { $0.source == .dynamicDefaultBroker && $0.synonyms.count == 1 })
  }

  @Test func storedNonsenseIsPassedOver() {
    let layers = BrokerLayers(dynamicDefaults: ["log.segment.bytes": "many", "gone": "1"])
    let base = TopicSettings(layers)
    #expect(base.segmentBytes == 1_073_741_824)
    #expect(TopicSettings(["retention.ms": "soon", "gone": "1"], over: base) == base)
  }
}
