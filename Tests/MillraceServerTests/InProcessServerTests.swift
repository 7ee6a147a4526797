import Glibc
import Inspection
import KafkaClient
import Machine
import MillraceServer
import RecordFormat
import TestFixtures
import Testing
import Units

@Suite struct InProcessServerTests {
  private static func configuration(_ folder: String?) -> Server.Configuration {
    var configuration = Server.Configuration(folder: folder)
    configuration.http = ("127.0.0.1", 0)
    return configuration
  }

  private static func produce(_ count: Int, to server: Server) throws {
    let address = try #require(BrokerAddress(server.kafkaAddresses[0]))
    let client = KafkaClient(bootstrap: [address], options: ClientOptions())
    let producer = try Producer(client, topic: "orders", options: ProducerOptions())
    for number in 0..<count {
      try producer.append(
        Record(timestamp: Timestamp(milliseconds: 1_700_000_000_000), key: nil, value: Array("record \(number)".utf8)))
    }
    try producer.flush()
  }

  @Test func metricsCountWhatClientsDid() throws {
    let server = try Server(Self.configuration(nil))
    defer { server.stop() }
    let http = try #require(server.httpAddress)
    try Self.produce(500, to: server)
    let text = try HTTPClient.get(http, "/metrics")
    #expect(text.statusLine == "HTTP/1.1 200 OK")
    #expect(text.contains("Content-Type: text/plain; version=0.0.4"))
    #expect(text.contains("\nmillrace_topic_in_records_total{topic=\"orders\"} 500\n"))
    #expect(text.contains("\nmillrace_topic_out_records_total{topic=\"orders\"} 0\n"))
    #expect(text.contains("\nmillrace_up 1\n"))
    #expect(text.contains("millrace_request_duration_seconds_bucket{api=\"Produce\",le=\"+Inf\"}"))
    #expect(text.contains("\nmillrace_request_errors_total{api=\"Produce\"} 0\n"))
    #expect(try HTTPClient.get(http, "/healthz").hasSuffix("\r\n\r\nok\n"))
  }

  @Test func everyFamilyHasHelpTypeAndSamplesOnce() throws {
    let server = try Server(Self.configuration(nil))
    defer { server.stop() }
    let text = try HTTPClient.get(try #require(server.httpAddress), "/metrics")
    let lines = text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
    let names = lines.compactMap { $0.split(separator: " ").dropFirst(2).first }
    #expect(names.count > 25)
    #expect(Set(names).count == names.count)
    for name in names { #expect(text.contains("# HELP \(name) ")) }
  }

  @Test func aBackupOfARunningServerRestores() throws {
    let (source, copy) = (try TemporaryFolder(), try TemporaryFolder())
    chmod(source.path, 0o700)
    chmod(copy.path, 0o700)
    let server = try Server(Self.configuration(source.path))
    try Self.produce(1_000, to: server)
    let report = try Backup.take(from: try POSIXDisk(path: source.path), to: try POSIXDisk(path: copy.path))
    #expect(report.verified.findings.isEmpty)
    try Self.produce(10, to: server)
    server.stop()
    var offsets: [Int64] = []
    try PartitionDump(try POSIXDisk(path: copy.path), topic: "orders", index: 0).run(from: Offset(0), records: true) {
      if case .record(let record) = $0 { offsets.append(record.offset.value) }
      return true
    }
    #expect(offsets == Array(0..<1_000))
    let restored = try Server(Self.configuration(copy.path))
    try Self.produce(1, to: restored)
    restored.stop()
    // The servers hold their folders' locks until they are let go of.
    for folder in [source, copy] {
      #expect(try Verification.run(try POSIXDisk(path: folder.path), isLive: true).findings.isEmpty)
    }
  }
}
