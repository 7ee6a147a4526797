import Foundation
import Settings
import Testing

/// The tables against the facts of Apache Kafka, where those lie beside the project; else the tests are skipped.
struct FactTests {
  struct Fact {
    let name: String
    let type: String
    let fallback: String?
  }

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/kafka-protocol")
  static var areFactsPresent: Bool {
    FileManager.default.fileExists(atPath: folder.appendingPathComponent("topic-configs.tsv").path)
  }

  static func facts(_ file: String) throws -> [Fact] {
    let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
    return text.split(separator: "\n").dropFirst().map { line in
      let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      return Fact(name: cells[0], type: cells[1], fallback: fallback(cells[2], type: cells[1]))
    }
  }

  static func fallback(_ cell: String, type: String) -> String? {
    if cell == "null" || cell == "(none)" { return nil }
    if type == "LIST" { return String(cell.dropFirst().dropLast()).replacing(", ", with: ",") }
    return type == "CLASS" ? cell.replacing("class ", with: "") : cell
  }

  static let words: [SettingType: String] = [
    .boolean: "BOOLEAN", .string: "STRING", .int: "INT", .short: "SHORT", .long: "LONG", .double: "DOUBLE",
    .list: "LIST", .classname: "CLASS", .password: "PASSWORD",
  ]

  /// Defaults that Millrace chooses differently, and why they are no mistakes.
  static let ownDefaults = [
    "broker.id": "1", "node.id": "1", "process.roles": "broker,controller", "controller.listener.names": "",
    "listeners": "PLAINTEXT://localhost:9092", "log.dir": "millrace-data",
  ]

  /// Settings of Kafka's brokers outside its table: reassignment tools set them.
  static let throttles = [
    "follower.replication.throttled.rate", "leader.replication.throttled.rate",
    "replica.alter.log.dirs.io.max.bytes.per.second",
  ]

  @Test(.enabled(if: areFactsPresent), arguments: ["topic", "group", "broker"])
  func tablesAgreeWithTheFacts(_ kind: String) throws {
    let resource: SettingsResource = kind == "topic" ? .topic : kind == "group" ? .group : .broker
    let facts = try Self.facts("\(kind)-configs.tsv")
    for fact in facts {
      let setting = try #require(SettingCatalogue.definition(fact.name, of: resource), "\(fact.name) is missing")
      #expect(Self.words[setting.type] == fact.type, "\(fact.name)")
      let expected = resource == .broker ? Self.ownDefaults[fact.name] ?? fact.fallback : fact.fallback
      #expect(setting.fallback == expected, "\(fact.name)")
    }
    let listed = SettingCatalogue.all(resource).filter { !$0.isOwn && !Self.throttles.contains($0.name) }
    #expect(Set(listed.map(\.name)) == Set(facts.map(\.name)))
  }

  @Test(arguments: [SettingsResource.topic, .group, .broker])
  func everyDefaultParsesAndPrintsAsItStands(_ resource: SettingsResource) throws {
    let rows = SettingCatalogue.all(resource)
    #expect(rows.map(\.name) == rows.map(\.name).sorted())
    #expect(Set(rows.map(\.name)).count == rows.count)
    for setting in rows {
      guard let fallback = setting.fallback else { continue }
      #expect(try SettingValue(fallback, for: setting).text == fallback, "\(setting.name)")
    }
  }

  @Test func describedCountsAreThoseOfKafka() {
    let layers = BrokerLayers()
    #expect(layers.describeTopic([:]).count == 33)
    #expect(layers.describeGroup([:]).count == 17)
    #expect(layers.describeBroker().filter { !$0.definition.isOwn }.count == 340)
    #expect(layers.describeBroker().filter(\.definition.isOwn).map(\.name) == MillraceSettingTable.rows.map(\.name))
    #expect(layers.describeBrokerDefault().isEmpty)
    #expect(layers.describeBroker().map(\.name) == layers.describeBroker().map(\.name).sorted())
  }

  @Test func defaultsAreReported() {
    let layers = BrokerLayers()
    for setting in layers.describeTopic([:]) + layers.describeGroup([:]) {
      #expect(setting.value == setting.definition.fallback, "\(setting.name)")
      #expect(setting.source == .fallback && setting.isDefault && !setting.isReadOnly, "\(setting.name)")
    }
    for setting in layers.describeBroker() {
      #expect(setting.value == (setting.isSensitive ? nil : setting.definition.fallback), "\(setting.name)")
      #expect(setting.isDefault, "\(setting.name)")
    }
  }

  @Test func everyStandInExists() {
    for setting in SettingCatalogue.topic + SettingCatalogue.group + SettingCatalogue.broker {
      for synonym in setting.synonyms {
        #expect(SettingCatalogue.definition(synonym.name, of: .broker) != nil, "\(synonym.name) of \(setting.name)")
      }
    }
  }

  @Test func whatMayChangeIsWhatKafkaLetsChange() throws {
    let rows = SettingCatalogue.broker.filter { !$0.isHidden && !$0.isOwn }
    // 99 in Kafka; listeners and their protocols are fixed here.
    #expect(rows.count { $0.update != .readOnly } == 97)
    #expect(try #require(SettingCatalogue.definition("num.partitions", of: .broker)).update == .readOnly)
    #expect(try #require(SettingCatalogue.definition("log.retention.ms", of: .broker)).update == .clusterWide)
    #expect(try #require(SettingCatalogue.definition("ssl.keystore.location", of: .broker)).update == .perBroker)
    #expect(rows.filter(\.isSensitive).count == 10)
  }
}
