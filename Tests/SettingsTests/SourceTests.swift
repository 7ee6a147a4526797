import Settings
import Testing

struct SourceTests {
  static func file(_ text: String) throws(SettingError) -> StaticSettings {
    try StaticSettings(file: ("server.properties", text))
  }

  @Test func aFileIsRead() throws {
    let settings = try Self.file(
      "# the node\r\nnode.id = 7\r\n\r\n  log.dirs=/a=b, /c\n#durability=interval\nmemory.limit=512m\nbroker.rack=\n")
    #expect(settings.entries["node.id"] == .init(value: "7", origin: .file("server.properties", line: 2)))
    #expect(settings.entries["broker.id"]?.value == "7")
    #expect(settings.entries["log.dirs"]?.value == "/a=b,/c")
    #expect(settings.entries["memory.limit"]?.value == "536870912")
    #expect(settings.entries["broker.rack"]?.value == "")
    #expect(settings.entries["durability"] == nil)
  }

  @Test(
    arguments: [
      ("node.id=1\nnonsense\n", "server.properties, line 2: expected name=value, found nonsense"),
      ("=5", "server.properties, line 1: expected name=value, found =5"),
      ("node.id=1\n\nnode.id=1", "server.properties, line 3: node.id is set on line 1 already"),
      ("node.id=1\nbroker.id=2", "server.properties, line 2: broker.id differs from node.id on line 1"),
      (
        "num.partition=3",
        "server.properties, line 1: Unknown broker setting num.partition; did you mean num.partitions?"
      ),
      (
        "#\nnum.partitions=0",
        "server.properties, line 2: Invalid value 0 for setting num.partitions: must be at least 1"
      ),
    ])
  func fileErrors(_ text: String, _ message: String) {
    let error = #expect(throws: SettingError.self) { try Self.file(text) }
    #expect(error?.message == message)
  }

  @Test func aFileTooLargeIsRefused() {
    let error = #expect(throws: SettingError.self) {
      try Self.file(String(repeating: "#\n", count: SettingLimits.fileBytes / 2 + 1))
    }
    #expect(error?.reason == .limitExceeded)
  }

  @Test func variablesAreRecognised() throws {
    let settings = try StaticSettings(environment: [
      "MILLRACE_NODE_ID": "3", "MILLRACE_INSECURE": "1", "MILLRACE_PORT_9092_TCP": "tcp://10.0.0.1:9092",
      "MILLRACE_LOG_RETENTION_HOURS": "24", "PATH": "/bin", "NODE_ID": "9",
    ])
    #expect(settings.entries["node.id"] == .init(value: "3", origin: .environment("MILLRACE_NODE_ID")))
    #expect(settings.entries["insecure"]?.value == "true")
    #expect(settings.entries["log.retention.hours"]?.value == "24")
    #expect(settings.unknownVariables == ["MILLRACE_PORT_9092_TCP"])
    #expect(settings.entries.count == 4)
  }

  @Test func everySettingHasAVariableOfItsOwn() {
    let variables = SettingCatalogue.broker.map { StaticSettings.variable(for: $0.name) }
    #expect(Set(variables).count == variables.count)
  }

  @Test func aWrongVariableIsNamed() {
    let error = #expect(throws: SettingError.self) { try StaticSettings(environment: ["MILLRACE_DURABILITY": "maybe"]) }
    #expect(
      error?.message
        == "environment variable MILLRACE_DURABILITY: Invalid value maybe for setting durability: must be one of sync, interval"
    )
  }

  @Test func flagsWinOverEnvironmentOverFile() throws {
    let settings = try StaticSettings(
      flags: ["num.partitions=3"], environment: ["MILLRACE_NUM_PARTITIONS": "2", "MILLRACE_LOG_ROLL_HOURS": "2"],
      file: ("f", "num.partitions=1\nlog.roll.hours=1\nlog.retention.hours=1"))
    #expect(settings.entries["num.partitions"] == .init(value: "3", origin: .flag))
    #expect(settings.entries["log.roll.hours"]?.value == "2")
    #expect(settings.entries["log.retention.hours"]?.value == "1")
    let described = try #require(BrokerLayers(statics: settings).describeBroker(names: ["num.partitions"]).first)
    #expect(described.origin == .flag && described.isReadOnly && described.source == .staticBroker)
  }

  @Test(arguments: [("num.partitions", SettingError.Reason.syntax), ("=1", .syntax), ("nosuch=1", .unknownSetting)])
  func wrongFlags(_ flag: String, _ reason: SettingError.Reason) {
    let error = #expect(throws: SettingError.self) { try StaticSettings(flags: [flag]) }
    #expect(error?.reason == reason)
  }

  @Test func anEqualsSignIsOneWhateverFollows() throws {
    let text = "#\u{301} no setting\nbroker.rack=\u{301}x"
    let statics = try StaticSettings(file: ("a file", text))
    #expect(statics.entries["broker.rack"]?.value == "\u{301}x")
  }

  @Test func aFlagGivenTwiceIsRefused() {
    let error = #expect(throws: SettingError.self) {
      try StaticSettings(flags: ["num.partitions=1", "num.partitions=2"])
    }
    #expect(error?.reason == .duplicate)
  }
}
