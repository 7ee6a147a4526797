import ByteCodec
import Compression
import KafkaDoor
import KafkaWire
import MillraceServer
import RecordFormat
import TestFixtures
import Testing
import Units

/// Produce, Fetch and ListOffsets over a socket.
struct FetchTests {
  private func produce(
    _ client: Client, _ topic: String, _ records: ByteSlice?, acks: Int16 = -1, partition: Int32 = 0
  ) throws -> ProduceResponse.Response.PartitionResponse {
    let answer: ProduceResponse = try client.ask(
      .produce, request(topic, [(partition, records)], acks: acks), version: 12)
    return try #require(answer.responses.first?.partitionResponses.first)
  }

  private func request(_ topic: String, _ batches: [(Int32, ByteSlice?)], acks: Int16 = -1) -> ProduceRequest {
    ProduceRequest(
      acks: acks, timeoutMs: 10_000,
      topicData: [.init(name: topic, partitionData: batches.map { .init(index: $0.0, records: $0.1) })])
  }

  private func fetch(
    _ topic: UniqueID, at offset: Int64, waitMs: Int32 = 0, session: Int32 = 0, epoch: Int32 = -1,
    leaderEpoch: Int32 = -1, lastEpoch: Int32 = -1
  ) -> FetchRequest {
    FetchRequest(
      maxWaitMs: waitMs, minBytes: 1, maxBytes: 1 << 20, sessionId: session, sessionEpoch: epoch,
      topics: [
        .init(
          topicId: topic,
          partitions: [
            .init(
              partition: 0, currentLeaderEpoch: leaderEpoch, fetchOffset: offset, lastFetchedEpoch: lastEpoch,
              partitionMaxBytes: 1 << 20)
          ])
      ])
  }

  private func values(_ records: ByteSlice?) throws -> [String] {
    var values: [String] = []
    var walk = RecordBatchWalk(records ?? .empty)
    while let view = try walk.next() {
      var reader = try RecordReader(view, scratch: Decompressor())
      while let record = try reader.next() {
        values.append(String(decoding: record.value?.copy() ?? [], as: UTF8.self))
      }
    }
    return values
  }

  @Test func aFetchWaitsForRecordsAndGetsThem() throws {
    let host = try Host()
    let topic = try host.makeTopic("t")
    let (reader, writer) = (try host.client(), try host.client())
    let asked = try reader.send(.fetch, fetch(topic, at: 0, waitMs: 30_000), version: 16)
    #expect(try produce(writer, "t", batch(["a", "b"])).baseOffset == 0)
    let answer: FetchResponse = try reader.receive(.fetch, version: 16, asked)
    let partition = try #require(answer.responses.first?.partitions.first)
    #expect(try values(partition.records) == ["a", "b"])
    #expect((partition.highWatermark, partition.lastStableOffset, partition.logStartOffset) == (2, 2, 0))
  }

  @Test func aSessionAnswersWithWhatIsNew() throws {
    let host = try Host()
    let topic = try host.makeTopic("t")
    let client = try host.client()
    let first: FetchResponse = try client.ask(.fetch, fetch(topic, at: 0, epoch: 0), version: 16)
    #expect(first.sessionId > 0 && first.responses.count == 1)
    var next = fetch(topic, at: 0, session: first.sessionId, epoch: 1)
    next.topics = []
    let second: FetchResponse = try client.ask(.fetch, next, version: 16)
    #expect(second.sessionId == first.sessionId && second.responses.isEmpty && second.errorCode == 0)
    _ = try produce(client, "t", batch(["x"]))
    next.sessionEpoch = 2
    let third: FetchResponse = try client.ask(.fetch, next, version: 16)
    #expect(try values(third.responses.first?.partitions.first?.records) == ["x"])
    let wrong: FetchResponse = try client.ask(.fetch, next, version: 16)
    #expect(wrong.errorCode == ErrorCode.invalidFetchSessionEpoch.rawValue)
    next.sessionEpoch = 3
    let byName: FetchResponse = try client.ask(.fetch, next, version: 12)
    #expect(byName.errorCode == ErrorCode.fetchSessionTopicIdError.rawValue)
    next.sessionId = first.sessionId == 1 ? 2 : first.sessionId - 1
    let unknown: FetchResponse = try client.ask(.fetch, next, version: 16)
    #expect(unknown.errorCode == ErrorCode.fetchSessionIdNotFound.rawValue)
  }

  @Test(arguments: [
    (Int64(2), Int32(-1), Int32(-1), ErrorCode.offsetOutOfRange), (-1, -1, -1, .offsetOutOfRange),
    (0, 7, -1, .unknownLeaderEpoch), (0, 0, -1, .none), (1, -1, -1, .none),
  ])
  func aFetchIsRefused(offset: Int64, leaderEpoch: Int32, lastEpoch: Int32, code: ErrorCode) throws {
    let host = try Host()
    let topic = try host.makeTopic("t")
    let client = try host.client()
    _ = try produce(client, "t", batch(["only"]))
    let answer: FetchResponse = try client.ask(
      .fetch, fetch(topic, at: offset, leaderEpoch: leaderEpoch, lastEpoch: lastEpoch), version: 16)
    let partition = try #require(answer.responses.first?.partitions.first)
    #expect(partition.errorCode == code.rawValue)
    guard code != .none else { return }
    #expect((partition.highWatermark, partition.lastStableOffset, partition.logStartOffset) == (-1, -1, -1))
    #expect(partition.records?.isEmpty ?? true)
  }

  @Test func aDivergingEpochIsToldAtOnceAndWithoutRecords() throws {
    let host = try Host()
    let topic = try host.makeTopic("t")
    let client = try host.client()
    _ = try produce(client, "t", batch(["only"]))
    let answer: FetchResponse = try client.ask(
      .fetch, fetch(topic, at: 5, waitMs: 30_000, lastEpoch: 0), version: 16)
    let partition = try #require(answer.responses.first?.partitions.first)
    #expect(partition.errorCode == 0 && partition.records?.isEmpty ?? false)
    #expect((partition.divergingEpoch.epoch, partition.divergingEpoch.endOffset) == (0, 1))
  }

  @Test func anEpochToComeWasNeverFetched() throws {
    let host = try Host()
    let topic = try host.makeTopic("t")
    let answer: FetchResponse = try host.client().ask(
      .fetch, fetch(topic, at: 0, waitMs: 30_000, lastEpoch: 9), version: 16)
    let partition = try #require(answer.responses.first?.partitions.first)
    #expect(partition.errorCode == ErrorCode.offsetOutOfRange.rawValue)
    #expect(partition.divergingEpoch.epoch == -1)
  }

  @Test func unknownTopicsAndReplicasAreRefused() throws {
    let host = try Host()
    let topic = try host.makeTopic("t")
    let client = try host.client()
    let stranger = UniqueID(high: 1, low: 2)
    let unknown: FetchResponse = try client.ask(.fetch, fetch(stranger, at: 0, waitMs: 30_000), version: 16)
    #expect(unknown.responses.first?.partitions.first?.errorCode == ErrorCode.unknownTopicId.rawValue)
    var byName = fetch(.zero, at: 0, waitMs: 30_000)
    byName.topics[0].topic = "nobody"
    let unnamed: FetchResponse = try client.ask(.fetch, byName, version: 11)
    #expect(unnamed.responses.first?.partitions.first?.errorCode == ErrorCode.unknownTopicOrPartition.rawValue)
    var replica = fetch(topic, at: 0, waitMs: 30_000)
    replica.replicaId = 2
    let refused: FetchResponse = try client.ask(.fetch, replica, version: 13)
    #expect(refused.responses.first?.partitions.first?.errorCode == ErrorCode.topicAuthorizationFailed.rawValue)
  }

  /// A topic that is deleted answers the fetch that waits on it; one made anew under its name is another topic.
  @Test func aTopicThatGoesIsTold() throws {
    let host = try Host()
    let topic = try host.makeTopic("t")
    let (reader, admin) = (try host.client(), try host.client())
    let first: FetchResponse = try reader.ask(.fetch, fetch(topic, at: 0, epoch: 0), version: 16)
    var next = fetch(topic, at: 0, waitMs: 30_000, session: first.sessionId, epoch: 1)
    next.topics = []
    let waiting = try reader.send(.fetch, next, version: 16)
    let gone: DeleteTopicsResponse = try admin.ask(
      .deleteTopics, DeleteTopicsRequest(topics: [.init(name: "t")], timeoutMs: 1_000), version: 6)
    #expect(gone.responses.first?.errorCode == 0)
    let told: FetchResponse = try reader.receive(.fetch, version: 16, waiting)
    #expect(told.responses.first?.partitions.first?.errorCode == ErrorCode.unknownTopicId.rawValue)
    try host.makeTopic("t")
    next.sessionEpoch = 2
    let other: FetchResponse = try reader.ask(.fetch, next, version: 16)
    #expect(other.responses.first?.partitions.first?.errorCode == ErrorCode.inconsistentTopicId.rawValue)
  }

  @Test func allTopicsAreAlwaysAllTopics() throws {
    let host = try Host()
    let client = try host.client()
    func names(_ version: Int16) throws -> [String?] {
      let answer: MetadataResponse = try client.ask(.metadata, MetadataRequest(topics: nil), version: version)
      return answer.topics.map(\.name)
    }
    #expect(try names(12).isEmpty)
    try host.makeTopic("b")
    #expect(try (names(12), names(9)) == (["b"], ["b"]))
    try host.makeTopic("a")
    #expect(try (names(12), names(9)) == (["a", "b"], ["a", "b"]))
    let twice: MetadataResponse = try client.ask(
      .metadata, MetadataRequest(topics: [.init(name: "a"), .init(name: "a")]), version: 12)
    #expect(twice.topics.count == 1)
  }

  @Test func zstdIsNotGivenToThoseWhoDoNotKnowIt() throws {
    let host = try Host()
    try host.makeTopic("t")
    let client = try host.client()
    _ = try produce(client, "t", batch(["packed"], codec: .zstd))
    var asked = fetch(.zero, at: 0)
    asked.topics[0].topic = "t"
    let old: FetchResponse = try client.ask(.fetch, asked, version: 9)
    #expect(old.responses.first?.partitions.first?.errorCode == ErrorCode.unsupportedCompressionType.rawValue)
    let new: FetchResponse = try client.ask(.fetch, asked, version: 10)
    #expect(try values(new.responses.first?.partitions.first?.records) == ["packed"])
  }

  // MARK: Produce

  @Test func everyCodecIsStoredAsItsTopicAsks() throws {
    let host = try Host(settings: ["compression.type": "zstd"])
    let topic = try host.makeTopic("t")
    let client = try host.client()
    let text = String(repeating: "again ", count: 200)
    for codec in CompressionCodec.allCases {
      #expect(try produce(client, "t", batch([text], codec: codec)).errorCode == 0)
    }
    let answer: FetchResponse = try client.ask(.fetch, fetch(topic, at: 0), version: 16)
    let records = try #require(answer.responses.first?.partitions.first?.records)
    #expect(try values(records) == Array(repeating: text, count: 5))
    var walk = RecordBatchWalk(records)
    while let view = try walk.next() { #expect(view.header.attributes.codec == .zstd) }
  }

  @Test func theSizeLimitHoldsAfterPackingToo() throws {
    let host = try Host(settings: ["compression.type": "uncompressed", "message.max.bytes": "2000"])
    try host.makeTopic("t")
    let client = try host.client()
    let answer = try produce(client, "t", batch([String(repeating: "a", count: 5_000)], codec: .gzip))
    #expect(answer.errorCode == ErrorCode.messageTooLarge.rawValue && answer.baseOffset == -1)
  }

  @Test func refusalsSayWhatAndWhere() throws {
    let host = try Host(settings: ["num.partitions": "2"])
    try host.makeTopic("t")
    let client = try host.client()
    #expect(try produce(client, "t", batch(["a"]), acks: 2).errorCode == ErrorCode.invalidRequiredAcks.rawValue)
    #expect(try produce(client, "t", nil).errorCode == ErrorCode.invalidRecord.rawValue)
    #expect(try produce(client, "t", batch(["a"]), partition: 2).errorCode == 3)
    #expect(try produce(client, "nobody", batch(["a"])).errorCode == 3)
    let old = try produce(client, "t", batch(["a"]) { $0.logAppendTime = Timestamp(milliseconds: 5) })
    #expect(old.errorCode == ErrorCode.invalidTimestamp.rawValue && old.baseOffset == -1)
    let transactional = try batch(["a"]) {
      ($0.producerID, $0.producerEpoch, $0.baseSequence, $0.isTransactional) = (5, 0, 0, true)
    }
    // A transaction without a name, and a name that nobody holds.
    #expect(
      try produce(client, "t", transactional).errorCode == ErrorCode.transactionalIdAuthorizationFailed.rawValue)
    let several: ProduceResponse = try client.ask(
      .produce, request("t", [(0, try batch(["a"])), (1, try batch(["b"])), (0, try batch(["c"])), (7, nil)]),
      version: 12)
    let answers = try #require(several.responses.first?.partitionResponses)
    #expect(answers.map(\.index) == [0, 1, 0, 7])
    #expect(answers.map(\.baseOffset) == [0, 0, 1, -1])
    var inTransaction = request("t", [(0, transactional)])
    inTransaction.transactionalId = "tx"
    let refused: ProduceResponse = try client.ask(.produce, inTransaction, version: 11)
    #expect(
      refused.responses.first?.partitionResponses.first?.errorCode == ErrorCode.invalidProducerIdMapping.rawValue)
  }

  @Test func aDuplicateIsAnsweredWithTheOriginal() throws {
    let host = try Host()
    try host.makeTopic("t")
    let client = try host.client()
    func sent(_ sequence: Int32, epoch: Int16 = 0) throws -> ProduceResponse.Response.PartitionResponse {
      try produce(client, "t", numbered(sequence, epoch: epoch))
    }
    #expect(try (sent(0).baseOffset, sent(1).baseOffset, sent(0).baseOffset) == (0, 1, 0))
    #expect(try sent(5).errorCode == ErrorCode.outOfOrderSequenceNumber.rawValue)
    #expect(try sent(0, epoch: 1).baseOffset == 2)
    #expect(try sent(2).errorCode == ErrorCode.invalidProducerEpoch.rawValue)
  }

  /// Five batches were stored and their answers lost with the server; their sequences begin anew among them.
  @Test func retriesBehindAStartAreAnsweredWithTheOriginals() throws {
    let folder = try TemporaryFolder()
    let sequences: [Int32] = [.max - 2, .max - 1, .max, 0, 1]
    for isRetry in [false, true] {
      let host = try Host(folder: folder.path)
      if !isRetry { try host.makeTopic("t") }
      let client = try host.client()
      let offsets = try sequences.map { try produce(client, "t", numbered($0)).baseOffset }
      #expect(offsets == [0, 1, 2, 3, 4])
      #expect(try produce(client, "t", numbered(3)).errorCode == ErrorCode.outOfOrderSequenceNumber.rawValue)
      host.server.stop()
    }
  }

  /// A batch of one record of an idempotent producer.
  private func numbered(_ sequence: Int32, epoch: Int16 = 0) throws -> ByteSlice {
    try batch(["n\(sequence)"]) { ($0.producerID, $0.producerEpoch, $0.baseSequence) = (77, epoch, sequence) }
  }

  @Test func appendTimeIsTheServers() throws {
    let host = try Host(settings: ["log.message.timestamp.type": "LogAppendTime"])
    try host.makeTopic("t")
    let answer = try produce(try host.client(), "t", batch(["a"], timestamp: 5))
    #expect(answer.logAppendTimeMs > 1_600_000_000_000)
  }

  @Test func withoutAcksOnlyAnErrorIsNoticed() throws {
    let host = try Host()
    try host.makeTopic("t")
    let client = try host.client()
    try client.send(.produce, request("t", [(0, try batch(["a"]))], acks: 0), version: 12)
    #expect(try produce(client, "t", batch(["b"])).errorCode == ErrorCode.none.rawValue)
    try client.send(.produce, request("nobody", [(0, try batch(["a"]))], acks: 0), version: 12)
    #expect(try client.isClosedByPeer())
    #expect(host.log.first(containing: "acks 0") != nil)
  }

  // MARK: ListOffsets

  @Test func offsetsAreListed() throws {
    let host = try Host()
    try host.makeTopic("t")
    let client = try host.client()
    for stamp in [100, 300, 200] as [Int64] { _ = try produce(client, "t", batch(["x"], timestamp: stamp)) }
    func listed(_ timestamp: Int64, version: Int16 = 11) throws -> (Int16, Int64, Int64) {
      let answer: ListOffsetsResponse = try client.ask(
        .listOffsets,
        ListOffsetsRequest(
          replicaId: -1, topics: [.init(name: "t", partitions: [.init(partitionIndex: 0, timestamp: timestamp)])]),
        version: version)
      let partition = try #require(answer.topics.first?.partitions.first)
      return (partition.errorCode, partition.offset, partition.timestamp)
    }
    #expect(try listed(-1) == (0, 3, -1))
    #expect(try listed(-2) == (0, 0, -1))
    #expect(try listed(-3) == (0, 1, 300))
    #expect(try listed(150) == (0, 1, 300))
    #expect(try listed(301) == (0, -1, -1))
    #expect(try listed(-5) == (0, -1, -1))
    #expect(try listed(-3, version: 6).0 == ErrorCode.unsupportedVersion.rawValue)
    #expect(try listed(-7).0 == ErrorCode.unsupportedVersion.rawValue)
    let many = ListOffsetsRequest(
      replicaId: -1,
      topics: [
        .init(name: "t", partitions: [.init(partitionIndex: 0, timestamp: 1), .init(partitionIndex: 0, timestamp: 1)]),
        .init(name: "nobody", partitions: [.init(partitionIndex: 0, timestamp: 1)]),
      ])
    let answer: ListOffsetsResponse = try client.ask(.listOffsets, many, version: 7)
    #expect(answer.topics.flatMap { $0.partitions.map(\.errorCode) } == [0, 42, 3])
  }
}
