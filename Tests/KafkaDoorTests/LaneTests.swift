import ByteCodec
import Compression
import KafkaWire
import MillraceServer
import RecordFormat
import Testing
import Units

/// What takes long does not run on the engine's thread, and order is kept all the same.
@Suite(.serialized) struct LaneTests {
  /// About 900 KB in one batch, which gzip's last level takes tens of milliseconds for.
  private func large(_ number: Int) throws -> ByteSlice {
    var state = UInt64(number + 1)
    return try batch(
      (0..<900).map { _ in
        (0..<62).map { _ in
          state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          return String(state, radix: 36).prefix(12) + " word"
        }.joined()
      })
  }

  private func request(_ records: ByteSlice, acks: Int16 = -1) -> ProduceRequest {
    ProduceRequest(
      acks: acks, timeoutMs: 10_000,
      topicData: [.init(name: "t", partitionData: [.init(index: 0, records: records)])])
  }

  private func slowTurns(_ server: Server) throws -> Int {
    let client = try Client(try #require(server.httpAddress))
    client.write(Array("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".utf8))
    var text: [UInt8] = []
    while true {
      let more = try client.read(65_536)
      text += more
      if more.count < 65_536 { break }
    }
    let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
    let line = try #require(lines.first { $0.hasPrefix("millrace_engine_slow_turns_total ") })
    return try #require(line.split(separator: " ").last.flatMap { Int($0) })
  }

  private func server() throws -> Server {
    var configuration = Server.Configuration()
    configuration.settings = ["compression.type": "gzip", "compression.gzip.level": "9"]
    configuration.kafka = [("127.0.0.1", 0)]
    configuration.http = ("127.0.0.1", 0)
    let server = try Server(configuration)
    let _: MetadataResponse = try Client(server.kafkaAddresses[0]).ask(
      .metadata, MetadataRequest(topics: [.init(name: "t")]), version: 12)
    return server
  }

  @Test func recompressionLeavesTheEngineAlone() throws {
    let server = try server()
    defer { server.stop() }
    let batches = try (0..<8).map(large)
    let client = try Client(server.kafkaAddresses[0])
    let before = try slowTurns(server)
    for (number, records) in batches.enumerated() {
      let answer: ProduceResponse = try client.ask(.produce, request(records), version: 12)
      let partition = try #require(answer.responses.first?.partitionResponses.first)
      #expect(partition.errorCode == 0 && partition.baseOffset == Int64(900 * number))
    }
    // All eight would be: one that the machine was slow about is forgiven.
    #expect(try slowTurns(server) - before <= 1)
  }

  @Test func repliesAndRecordsKeepTheOrderOfTheConnection() throws {
    let server = try server()
    defer { server.stop() }
    let client = try Client(server.kafkaAddresses[0])
    let long = try large(1)
    var asked: [(correlation: Int32, records: Int64)] = []
    for number in 0..<6 {
      // Long ones go to the lane, those that are gzip already are seen to at once.
      let isLong = number % 2 == 0
      let records = isLong ? long : try batch(["\(number)"], codec: .gzip)
      asked.append((try client.send(.produce, request(records), version: 12), isLong ? 900 : 1))
    }
    let metadata = try client.send(.metadata, MetadataRequest(topics: []), version: 12)
    var next: Int64 = 0
    for (correlation, records) in asked {
      let answer: ProduceResponse = try client.receive(.produce, version: 12, correlation)
      let partition = try #require(answer.responses.first?.partitionResponses.first)
      #expect(partition.errorCode == 0 && partition.baseOffset == next)
      next += records
    }
    let _: MetadataResponse = try client.receive(.metadata, version: 12, metadata)
  }

  @Test func aBatchThatWantsNoAnswerIsStoredAllTheSame() throws {
    let server = try server()
    defer { server.stop() }
    let long = try large(1)
    try {
      let client = try Client(server.kafkaAddresses[0])
      try client.send(.produce, request(long, acks: 0), version: 12)
      // Answered behind it.
      let _: ApiVersionsResponse = try client.ask(.apiVersions, ApiVersionsRequest(), version: 3)
    }()
    let answer: ProduceResponse = try Client(server.kafkaAddresses[0]).ask(.produce, request(long), version: 12)
    #expect(answer.responses.first?.partitionResponses.first?.baseOffset == 900)
  }

  @Test func aBatchThatIsRefusedIsAnsweredFromTheLaneToo() throws {
    let server = try server()
    defer { server.stop() }
    let long = try large(1)
    long.stamp(UInt8(0), at: RecordBatchHeader.size + 5_000)
    let answer: ProduceResponse = try Client(server.kafkaAddresses[0]).ask(.produce, request(long), version: 12)
    #expect(answer.responses.first?.partitionResponses.first?.errorCode == 2)
  }

  /// Few kilobytes that stand for 3.8 MB, which a batch of any length may.
  private func bomb() throws -> ByteSlice {
    let bomb = try batch((0..<4).map { _ in String(repeating: "x", count: 950_000) }, codec: .gzip, timestamp: 1_000)
    try #require(bomb.count < 32_768)
    return bomb
  }

  /// Milliseconds of the longest turn of the engine that was told of.
  private func longestTurn(_ host: Host) -> Int {
    let lines = host.log.all.filter { $0.hasPrefix("one turn of the engine took ") }
    return lines.compactMap { $0.split(separator: " ").dropFirst(6).first.flatMap { Int($0) } }.max() ?? 0
  }

  private func host() throws -> Host {
    let host = try Host(settings: ["num.partitions": "200"])
    try host.makeTopic("t")
    return host
  }

  private func produceBombs(_ host: Host) throws {
    let bomb = try bomb()
    let answer: ProduceResponse = try host.client().ask(
      .produce,
      ProduceRequest(
        acks: -1, timeoutMs: 10_000,
        topicData: [.init(name: "t", partitionData: (0..<200).map { .init(index: $0, records: bomb) })]), version: 12)
    let partitions = try #require(answer.responses.first?.partitionResponses)
    #expect(partitions.count == 200 && partitions.allSatisfy { $0.errorCode == 0 && $0.baseOffset == 0 })
  }

  @Test func shortBatchesThatExpandToMuchLeaveTheEngineAlone() throws {
    let host = try host()
    try produceBombs(host)
    #expect(longestTurn(host) < 200)
  }

  @Test func searchesByTimeAreSpreadOverTurns() throws {
    let host = try host()
    try produceBombs(host)
    let (seeker, other) = (try host.client(), try host.client())
    let asked = try seeker.send(
      .listOffsets,
      ListOffsetsRequest(
        replicaId: -1,
        topics: [.init(name: "t", partitions: (0..<200).map { .init(partitionIndex: $0, timestamp: -3) })]),
      version: 7)
    for _ in 0..<5 { let _: ApiVersionsResponse = try other.ask(.apiVersions, ApiVersionsRequest(), version: 3) }
    #expect(!seeker.hasBytes, "others are served meanwhile")
    let answer: ListOffsetsResponse = try seeker.receive(.listOffsets, version: 7, asked)
    let partitions = try #require(answer.topics.first?.partitions)
    #expect(partitions.count == 200 && partitions.allSatisfy { $0.errorCode == 0 && $0.offset == 0 })
  }
}
