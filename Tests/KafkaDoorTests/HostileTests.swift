import ByteCodec
import Glibc
import KafkaDoor
import KafkaWire
import MillraceServer
import Testing
import Units

/// What no client should send: the connection ends or gets an error, and nobody else notices.
struct HostileTests {
  /// Deterministic noise.
  private struct Noise {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 24
    }
  }

  private func served(_ host: Host) throws -> [ApiVersionsResponse.ApiKey] {
    let answer: ApiVersionsResponse = try host.client().ask(
      .apiVersions, ApiVersionsRequest(clientSoftwareName: "test", clientSoftwareVersion: "1"), version: 4)
    return answer.apiKeys
  }

  private func header(_ api: Int16, _ version: Int16) -> [UInt8] {
    var writer = ByteWriter()
    RequestHeader(apiKey: api, apiVersion: version, correlationId: 1, clientId: "x").encode(to: &writer)
    return writer.takeSlice().copy()
  }

  private func framed(_ body: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: Int32(body.count).bigEndian) { Array($0) } + body
  }

  /// Sends `body` and the end of the stream, and reads until the server has closed.
  private func sent(_ body: [UInt8], to host: Host) throws {
    let client = try host.client()
    client.write(framed(body))
    shutdown(client.descriptor, Int32(SHUT_WR))
    #expect(try client.isClosedByPeer())
  }

  @Test func everyAPIAndVersionBearsRubbish() throws {
    let host = try Host(settings: ["memory.limit": "16777216", "auto.create.topics.enable": "false"])
    let before = residentBytes()
    var noise = Noise(state: 42)
    for key in try served(host) {
      for version in key.minVersion...key.maxVersion {
        let head = header(key.apiKey, version)
        var bodies: [[UInt8]] = [
          [], [0], Array(repeating: 0xFF, count: 40), Array(repeating: 0x7F, count: 40),
          [0x7F, 0xFF, 0xFF, 0xFF] + Array(repeating: 0, count: 20), Array(repeating: 0, count: 64),
          // Array counts in the millions, with just enough bytes behind them to be believed at first.
          [0x00, 0x10, 0x00, 0x00] + Array(repeating: 1, count: 4_096),
        ]
        for length in [3, 17, 90] {
          bodies.append((0..<length).map { _ in UInt8(truncatingIfNeeded: noise.next()) })
        }
        for body in bodies { try sent(head + body, to: host) }
      }
    }
    #expect(try !served(host).isEmpty)
    #expect(residentBytes() - before < 128 << 20 + neighboursMemory)
  }

  /// Whole requests cut short at every length.
  @Test func everyTruncationIsBorne() throws {
    let host = try Host()
    let topic = try host.makeTopic("t")
    let requests = [
      Client.frame(
        .produce,
        ProduceRequest(
          acks: 1, topicData: [.init(topicId: topic, partitionData: [.init(index: 0, records: try batch(["a"]))])]),
        version: 13),
      Client.frame(
        .fetch,
        FetchRequest(topics: [.init(topicId: topic, partitions: [.init(partition: 0, partitionMaxBytes: 100)])]),
        version: 17),
      Client.frame(.metadata, MetadataRequest(topics: [.init(name: "t")]), version: 13),
      Client.frame(
        .listOffsets, ListOffsetsRequest(topics: [.init(name: "t", partitions: [.init(partitionIndex: 0)])]), version: 9
      ),
    ]
    for request in requests {
      for length in 4..<request.count { try sent(Array(request[4..<length]), to: host) }
    }
    let answer: MetadataResponse = try host.client().ask(.metadata, MetadataRequest(topics: nil), version: 12)
    #expect(answer.topics.count == 1)
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "more than the limit"), ("\u{16}\u{3}\u{1}\u{2}\u{0}", "more than"),
  ])
  func otherProtocolsAreTurnedAway(bytes: String, reason: String) throws {
    let host = try Host()
    let client = try host.client()
    client.write(Array(bytes.utf8))
    #expect(try client.isClosedByPeer())
    #expect(host.log.first(containing: reason) != nil)
  }

  @Test func negativeLengthsEndTheConnection() throws {
    let host = try Host()
    for length in [Int32(-1), .min] {
      let client = try host.client()
      client.write(withUnsafeBytes(of: length.bigEndian) { Array($0) })
      #expect(try client.isClosedByPeer())
    }
    #expect(host.log.first(containing: "does not speak this protocol") != nil)
  }

  @Test func whatIsNotServedEndsTheConnection() throws {
    let host = try Host()
    for (api, version) in [(Int16(0), Int16(2)), (1, 19), (22, 6), (4, 0), (-1, 0), (999, 0)] {
      let client = try host.client()
      client.write(framed(header(api, version) + Array(repeating: 0, count: 8)))
      #expect(try client.isClosedByPeer())
    }
    // Only ApiVersions answers a version it does not know, in version 0.
    let client = try host.client()
    client.write(framed([0, 18, 0, 99, 0, 0, 0, 1, 0xFF, 0xFF]))
    let answer: ApiVersionsResponse = try client.receive(.apiVersions, version: 0, 1)
    #expect(answer.errorCode == ErrorCode.unsupportedVersion.rawValue)
  }

  @Test func theLogIsNeitherFloodedNorForged() throws {
    let host = try Host()
    let request = Client.frame(
      .metadata, MetadataRequest(topics: nil), version: 12, client: "evil\r\nmillrace: all is well\u{1B}[2J")
    for _ in 0..<200 {
      let client = try host.client()
      client.write(request + [0xFF, 0xFF, 0xFF, 0xFF])
      #expect(try client.isClosedByPeer())
    }
    let lines = host.log.all
    #expect(!lines.isEmpty && lines.count <= 100)
    #expect(lines.contains { $0.contains("client 'evil\\u{d}\\u{a}millrace: all is well\\u{1b}[2J'") })
    #expect(lines.allSatisfy { line in line.utf8.allSatisfy { $0 >= 0x20 } })
  }

  /// A thousand silent clients, some with half a frame: the others are served as before.
  @Test func aThousandConnectionsAreBorne() throws {
    let host = try Host(settings: ["memory.limit": "67108864"])
    let before = residentBytes()
    var crowd: [Client] = []
    for number in 0..<1_000 {
      let client = try host.client()
      if number % 2 == 0 { client.write([0, 0, 1, 0, 0, 18]) }
      crowd.append(client)
    }
    for _ in 0..<100 {
      let answer: MetadataResponse = try host.client().ask(.metadata, MetadataRequest(topics: nil), version: 12)
      #expect(answer.brokers.count == 1)
    }
    #expect(residentBytes() - before < 64 << 20 + neighboursMemory)
  }
}
