import ByteCodec
import Glibc
import KafkaWire
import MillraceServer
import RecordFormat
import TestFixtures
import Testing
import Units

/// Answers whose records leave straight from the segments' files, seen from the socket.
struct FileFetchTests {
  private static let partitions: Int32 = 3
  private static let batches = 24
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A server with a topic of three partitions: two with 2.4 MB each, one with a little; and what was written to each.
  private func filled(_ folder: String?) throws -> (host: Host, topic: UniqueID, written: [[UInt8]]) {
    let host = try Host(settings: ["num.partitions": "\(Self.partitions)"], folder: folder)
    let topic = try host.makeTopic("t")
    let client = try host.client()
    for partition in 0..<Self.partitions {
      for number in 0..<(partition == 1 ? 1 : Self.batches) {
        let text = String(repeating: "\(partition)-\(number)", count: partition == 1 ? 10 : 25_000)
        let answer: ProduceResponse = try client.ask(
          .produce,
          ProduceRequest(
            acks: -1, timeoutMs: 10_000,
            topicData: [.init(name: "t", partitionData: [.init(index: partition, records: try batch([text]))])]),
          version: 12)
        try #require(answer.responses.first?.partitionResponses.first?.errorCode == 0)
      }
    }
    // Below version 10 everything is looked through, so this is a copy.
    let written = try (0..<Self.partitions).map { partition in
      let answer: FetchResponse = try client.ask(.fetch, fetch("t", [partition], maxBytes: 1 << 23), version: 9)
      return try #require(answer.responses.first?.partitions.first?.records).copy()
    }
    #expect(written[0].count > 1 << 21 && written[1].count < 1_000)
    return (host, topic, written)
  }

  /// All of these partitions from their beginning; by name, or by id from version 13 on.
  private func fetch(
    _ name: String = "", id: UniqueID = .zero, _ partitions: [Int32], maxBytes: Int32
  ) -> FetchRequest {
    FetchRequest(
      maxWaitMs: 0, minBytes: 1, maxBytes: maxBytes, sessionEpoch: -1,
      topics: [
        .init(
          topicId: id, topic: name,
          partitions: partitions.map { .init(partition: $0, fetchOffset: 0, partitionMaxBytes: maxBytes) })
      ])
  }

  @Test(arguments: [true, false], [Int16(10), 12, 16])
  func rangesAndBytesMakeOneAnswer(onDisk: Bool, version: Int16) throws {
    let (host, topic, written) = try filled(onDisk ? folder.path + "/data" : nil)
    let client = try host.client()
    for order: [Int32] in [[0, 1, 2], [1, 2, 0], [2], [1]] {
      let answer: FetchResponse = try client.ask(
        .fetch, fetch(version < 13 ? "t" : "", id: topic, order, maxBytes: 1 << 23), version: version)
      let found = answer.responses.flatMap(\.partitions)
      #expect(found.map(\.partitionIndex) == order)
      for partition in found {
        let records = try #require(partition.records).copy()
        #expect(records == written[Int(partition.partitionIndex)], "\(partition.partitionIndex) of \(order)")
      }
    }
  }

  @Test func aSlowReaderGetsAllOfADeletedTopic() throws {
    let (host, topic, written) = try filled(folder.path + "/data")
    let slow = try Client(host.address, receiveBuffer: 4096)
    let asked = try slow.send(.fetch, fetch(id: topic, [0, 1, 2], maxBytes: 1 << 23), version: 16)
    // Served by one thread, in order: the fetch has been answered when this is.
    let other = try host.client()
    let deleted: DeleteTopicsResponse = try other.ask(
      .deleteTopics, DeleteTopicsRequest(topics: [.init(name: "t")], timeoutMs: 10_000), version: 6)
    #expect(deleted.responses.first?.errorCode == 0)
    let gone: FetchResponse = try other.ask(.fetch, fetch(id: topic, [0], maxBytes: 1 << 20), version: 16)
    #expect(gone.responses.first?.partitions.first?.errorCode == ErrorCode.unknownTopicId.rawValue)
    let answer: FetchResponse = try slow.receive(.fetch, version: 16, asked)
    for partition in try #require(answer.responses.first).partitions {
      #expect(try #require(partition.records).copy() == written[Int(partition.partitionIndex)])
    }
  }

  @Test func aSegmentCutUnderAnAnswerEndsTheConnection() throws {
    let (host, topic, _) = try filled(folder.path + "/data")
    let slow = try Client(host.address, receiveBuffer: 4096)
    // More than the sockets of both sides hold.
    let request = fetch(id: topic, [2, 0], maxBytes: 1 << 23)
    try slow.send(.fetch, request, version: 16)
    let other = try host.client()
    let ends: ApiVersionsResponse = try other.ask(.apiVersions, ApiVersionsRequest(), version: 0)
    #expect(ends.errorCode == 0)
    for partition in [0, 2] {
      let segments = "\(folder.path)/data/data/\(topic.hexadecimal)-\(partition)"
      #expect(truncate("\(segments)/00000000000000000000.log", 5_000) == 0)
    }
    #expect(try slow.isClosedByPeer())
    #expect(host.log.first(containing: "ended before what was to be sent of it") != nil)
    // The others hear of damage, and the server goes on.
    let damaged: FetchResponse = try other.ask(.fetch, fetch(id: topic, [0], maxBytes: 1 << 20), version: 16)
    #expect(damaged.responses.first?.partitions.first?.errorCode == ErrorCode.kafkaStorageError.rawValue)
  }
}
