import Settings
import Testing

struct OperationTests {
  let layers = BrokerLayers()

  func topic(_ operations: [SettingOperation], _ overrides: [String: String] = [:]) throws(SettingError) -> [String:
    String]
  {
    try layers.applying(operations, to: overrides, of: .topic)
  }

  func reason(_ body: () throws -> Void) -> SettingError.Reason? {
    do {
      try body()
      return nil
    } catch {
      return (error as? SettingError)?.reason
    }
  }

  @Test func setAndDelete() throws {
    let set = try topic([.init(.set, "retention.ms", " 5 "), .init(.set, "preallocate", "TRUE")])
    #expect(set == ["retention.ms": "5", "preallocate": "true"])
    #expect(try topic([.init(.delete, "retention.ms"), .init(.delete, "nosuch")], set) == ["preallocate": "true"])
  }

  @Test func listsGrowAndShrink() throws {
    let both = try topic([.init(.append, "cleanup.policy", "compact")])
    #expect(both == ["cleanup.policy": "delete,compact"], "appending begins with the default")
    #expect(try topic([.init(.append, "cleanup.policy", "compact")], both) == both, "appending again changes nothing")
    #expect(try topic([.init(.subtract, "cleanup.policy", "delete")], both) == ["cleanup.policy": "compact"])
    #expect(try topic([.init(.subtract, "cleanup.policy", "other,delete")], both) == ["cleanup.policy": "compact"])
    #expect(reason { _ = try topic([.init(.append, "cleanup.policy", "other")], both) } == .invalidValue)
    #expect(try topic([.init(.subtract, "cleanup.policy", "delete,compact")], both) == ["cleanup.policy": ""])
  }

  @Test func refusals() {
    #expect(reason { _ = try topic([.init(.set, "nosuch", "1")]) } == .unknownSetting)
    #expect(reason { _ = try topic([.init(.set, "retention.ms", "x")]) } == .invalidValue)
    #expect(reason { _ = try topic([.init(.set, "retention.ms", nil)]) } == .missingValue)
    #expect(reason { _ = try topic([.init(.append, "retention.ms", "1")]) } == .notAList)
    #expect(reason { _ = try topic([.init(.subtract, "retention.ms", "1")]) } == .notAList)
    #expect(
      reason { _ = try topic([.init(.set, "retention.ms", "1"), .init(.delete, "retention.ms")]) } == .duplicate)
    #expect(
      reason {
        _ = try topic([.init(.set, "min.compaction.lag.ms", "100"), .init(.set, "max.compaction.lag.ms", "50")])
      }
        == .conflict)
    let many = (0...SettingLimits.operations).map { SettingOperation(.delete, "n\($0)") }
    #expect(reason { _ = try topic(many) } == .limitExceeded)
    let long = String(repeating: "n", count: SettingLimits.nameBytes + 1)
    #expect(reason { _ = try topic([.init(.set, long, "1")]) } == .limitExceeded)
  }

  @Test func anUnknownNameIsAnsweredWithTheNearest() {
    #expect(throws: SettingError(.unknownSetting, "Unknown topic setting retention.msec; did you mean retention.ms?")) {
      try topic([.init(.set, "retention.msec", "1")])
    }
    #expect(throws: SettingError(.unknownSetting, "Unknown topic setting something.else")) {
      try topic([.init(.set, "something.else", "1")])
    }
  }

  @Test func replacingStartsAnew() throws {
    #expect(try layers.replacing(with: [("retention.ms", "7")], of: .topic) == ["retention.ms": "7"])
    #expect(reason { _ = try layers.replacing(with: [("retention.ms", nil)], of: .topic) } == .missingValue)
    #expect(
      reason { _ = try layers.replacing(with: [("flush.ms", "1"), ("flush.ms", "1")], of: .topic) } == .duplicate)
  }

  @Test(
    arguments: [
      ("num.partitions", "3", .broker, .readOnly), ("num.partitions", "3", .brokerDefault, .readOnly),
      ("log.retention.hours", "9", .broker, .readOnly), ("advertised.listeners", "P://a:1", .brokerDefault, .readOnly),
      ("ssl.keystore.location", "/k", .brokerDefault, .readOnly), ("ssl.keystore.location", "/k", .broker, nil),
      ("log.retention.ms", "1000", .brokerDefault, nil), ("max.connections", "5000", .broker, nil),
      ("message.max.bytes", "abc", .broker, .invalidValue), ("log.roll.ms", "0", .broker, .invalidValue),
      ("nosuch.x", "1", .broker, .unknownSetting), ("durability", "interval", .broker, .readOnly),
      ("leader.replication.throttled.rate", "1000", .broker, nil),
      ("listener.name.inside.ssl.keystore.location", "/k", .broker, nil),
      ("listener.name.inside.plain.sasl.jaas.config", "x", .broker, nil),
      ("listener.name.inside.nosuch", "x", .broker, .unknownSetting),
    ] as [(String, String, SettingsResource, SettingError.Reason?)])
  func brokers(_ name: String, _ value: String, _ resource: SettingsResource, _ expected: SettingError.Reason?) {
    #expect(reason { _ = try layers.applying([.init(.set, name, value)], to: [:], of: resource) } == expected)
  }

  @Test(
    arguments: [
      ("consumer.session.timeout.ms", "46000", nil), ("consumer.session.timeout.ms", "1", .conflict),
      ("consumer.session.timeout.ms", "600000", .conflict), ("nosuch", "1", .unknownSetting),
      ("share.auto.offset.reset", "by_duration:PT1H", nil), ("share.auto.offset.reset", "x", .invalidValue),
      ("share.record.lock.duration.ms", "1000", .conflict), ("share.delivery.count.limit", "11", .conflict),
      ("streams.num.standby.replicas", "3", .conflict), ("streams.num.standby.replicas", "2", nil),
    ] as [(String, String, SettingError.Reason?)])
  func groups(_ name: String, _ value: String, _ expected: SettingError.Reason?) {
    #expect(reason { _ = try layers.applying([.init(.set, name, value)], to: [:], of: .group) } == expected)
  }

  @Test func appendingToABrokersListBeginsWithWhatItWasGiven() throws {
    let layers = BrokerLayers(statics: try StaticSettings(flags: ["log.cleanup.policy=compact"]))
    let result = try layers.applying([.init(.append, "log.cleanup.policy", "delete")], to: [:], of: .brokerDefault)
    #expect(result == ["log.cleanup.policy": "compact,delete"])
    let topic = try layers.applying([.init(.append, "cleanup.policy", "delete")], to: [:], of: .topic)
    #expect(topic == ["cleanup.policy": "compact,delete"])
  }
}
