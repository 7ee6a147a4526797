import Settings
import Testing

struct ValueTests {
  static func parse(_ text: String, for name: String, of resource: SettingsResource = .topic) throws -> String {
    try SettingValue(text, for: #require(SettingCatalogue.definition(name, of: resource))).text
  }

  @Test(
    "Values print as Kafka prints them",
    arguments: [
      ("retention.ms", " 5 ", "5"), ("retention.ms", "-1", "-1"), ("retention.bytes", "-5", "-5"),
      ("flush.messages", "+5", "5"), ("preallocate", "TRUE", "true"), ("cleanup.policy", "", ""),
      ("cleanup.policy", "delete , compact", "delete,compact"), ("cleanup.policy", "delete,delete", "delete"),
      ("min.cleanable.dirty.ratio", "0.50", "0.5"), ("min.cleanable.dirty.ratio", "1e-1", "0.1"),
      ("compression.gzip.level", "-1", "-1"), ("compression.gzip.level", "9", "9"),
      ("compression.zstd.level", "-131072", "-131072"), ("leader.replication.throttled.replicas", "*", "*"),
      ("leader.replication.throttled.replicas", "0:1, 1:2", "0:1,1:2"), ("internal.segment.bytes", "1000", "1000"),
    ])
  func accepted(_ name: String, _ text: String, _ printed: String) throws {
    #expect(try Self.parse(text, for: name) == printed)
  }

  @Test(
    arguments: [
      ("retention.ms", "abc", "abc", "must be a whole number from -9223372036854775808 to 9223372036854775807"),
      ("retention.ms", "", "", "must be a whole number from -9223372036854775808 to 9223372036854775807"),
      ("retention.ms", "-2", "-2", "must be at least -1"),
      ("flush.messages", "0x10", "0x10", "must be a whole number from -9223372036854775808 to 9223372036854775807"),
      ("segment.bytes", "5", "5", "must be at least 1048576"),
      ("segment.bytes", "99999999999", "99999999999", "must be a whole number from -2147483648 to 2147483647"),
      ("cleanup.policy", "delete,foo", "delete,foo", "must be a list of compact, delete"),
      ("cleanup.policy", "delete,,compact", "delete,,compact", "must not have empty elements"),
      ("preallocate", "yes", "yes", "must be true or false"),
      ("min.cleanable.dirty.ratio", "1.5", "1.5", "must be between 0 and 1.0"),
      ("min.cleanable.dirty.ratio", "nan", "nan", "must be a number"),
      ("compression.type", "GZIP", "GZIP", "must be one of uncompressed, zstd, lz4, snappy, gzip, producer"),
      ("compression.gzip.level", "0", "0", "must be -1, or between 1 and 9"),
      ("compression.lz4.level", "18", "18", "must be between 1 and 17"),
      (
        "message.timestamp.type", "a\u{1B}[31m\u{202E}", "a\\u{1B}[31m\\u{202E}",
        "must be one of CreateTime, LogAppendTime"
      ),
      (
        "leader.replication.throttled.replicas", "junk", "junk",
        "must be * or a list of partition:broker, as in 0:1,1:1"
      ),
    ])
  func refused(_ name: String, _ text: String, _ shown: String, _ complaint: String) {
    #expect(
      throws: SettingError(.invalidValue, "Invalid value \(shown) for setting \(name): \(complaint)")
    ) { try Self.parse(text, for: name) }
  }

  @Test func longValuesAreShownShortenedOrRefused() throws {
    let long = String(repeating: "x", count: 1_000)
    let error = #expect(throws: SettingError.self) { try Self.parse(long, for: "preallocate") }
    #expect(try #require(error).message.count < 200)
    let tooLong = String(repeating: "x", count: SettingLimits.valueBytes + 1)
    let limit = #expect(throws: SettingError.self) { try Self.parse(tooLong, for: "broker.rack", of: .broker) }
    #expect(limit?.reason == .limitExceeded)
    let many = (0...SettingLimits.listElements).map(String.init).joined(separator: ",")
    let list = #expect(throws: SettingError.self) { try Self.parse(many, for: "ssl.cipher.suites", of: .broker) }
    #expect(list?.reason == .limitExceeded)
  }

  /// Found by fuzzing: as characters, a comma and a mark that combines with it are not a comma.
  @Test func aCommaIsACommaWhateverFollows() throws {
    let setting = try #require(SettingCatalogue.definition("metric.reporters", of: .broker))
    let value = try SettingValue("a,\u{1A}\u{652}b", for: setting)
    #expect(value == .list(["a", "\u{652}b"]))
    #expect(try SettingValue(value.text, for: setting) == value)
  }

  @Test func secretsStayOutOfErrors() throws {
    let secret = try #require(SettingCatalogue.definition("ssl.key.password", of: .broker))
    #expect(!SettingError.invalid("hush", for: secret, "is wrong").message.contains("hush"))
    #expect(try SettingValue(" hush ", for: secret).text == " hush ")
  }

  @Test(
    arguments: [
      (1.7976931348623157e308, "1.7976931348623157E308"), (0.5, "0.5"), (0, "0.0"), (1e7, "1.0E7"),
      (-1.25e8, "-1.25E8"),
      (9_999_999, "9999999.0"), (0.001, "0.001"), (0.00012, "1.2E-4"), (123_456_789, "1.23456789E8"),
    ])
  func doublesPrintAsJavaPrintsThem(_ value: Double, _ text: String) {
    #expect(JavaNumber.text(value) == text)
  }

  @Test(
    arguments: [
      ("0", 0), ("4096", 4096), ("64k", 65536), ("256m", 268_435_456), ("1g", 1_073_741_824), ("1 GiB", 1_073_741_824),
      ("2MB", 2_097_152), ("1t", 1_099_511_627_776), ("7b", 7), ("", nil), ("m", nil), ("1.5g", nil), ("-1", nil),
      ("1x", nil), ("9223372036854775807k", nil), ("99999999999999999999", nil), ("٣k", nil),
    ] as [(String, Int64?)])
  func sizes(_ text: String, _ bytes: Int64?) {
    #expect(ByteSize.parse(text) == bytes)
  }

  @Test func onlyOurOwnSizesTakeUnits() throws {
    #expect(try Self.parse("1g", for: "memory.limit", of: .broker) == "1073741824")
    #expect(throws: SettingError.self) { try Self.parse("1g", for: "segment.bytes") }
    #expect(throws: SettingError.self) { try Self.parse("1k", for: "memory.limit", of: .broker) }
  }

  @Test(
    arguments: [
      ("latest", .latest), ("earliest", .earliest), ("by_duration:PT1H", .youngerThan(milliseconds: 3_600_000)),
      ("by_duration:P1DT2H30M0.5S", .youngerThan(milliseconds: 95_400_500)),
      ("by_duration:P2D", .youngerThan(milliseconds: 172_800_000)),
      ("by_duration:", nil), ("by_duration:P", nil), ("by_duration:PT", nil), ("by_duration:P1DT", nil),
      ("by_duration:1H", nil),
      ("by_duration:PT-1H", nil), ("by_duration:P1H", nil), ("by_duration:PT1M1H", nil), ("by_duration:PT1D", nil),
      ("by_duration:P99999999999999999D", nil), ("by_duration:PT1.5H", nil), ("by_duration:P1DT1DT", nil), ("x", nil),
    ] as [(String, ShareStart?)])
  func shareStarts(_ text: String, _ start: ShareStart?) {
    #expect(ShareStart(text) == start)
  }

  @Test(
    arguments: [
      "PLAINTEXT://localhost:9092", "PLAINTEXT://:9092", "SASL_SSL://[::1]:0", "INSIDE://broker-1.example.org:65535",
    ])
  func listenersPrintAsTheyStand(_ text: String) throws {
    #expect(try #require(Listener(text)).description == text)
  }

  @Test(
    arguments: [
      "", "localhost:9092", "://h:1", "P://h", "P://h:", "P://h:65536", "P://h:-1", "P://::1:9092", "P://[::1:9092",
      "P://[]:1", "P Q://h:1", "P://a/b:1", "P://a b:1",
    ])
  func badListeners(_ text: String) {
    #expect(Listener(text) == nil)
  }
}
