import ByteCodec
import Compression
import KafkaClient
import KafkaWire
import RecordFormat
import Testing
import Units

@Suite struct ConsumerTests {
  /// Five records in two batches, from offset 0.
  private static func log() throws -> [ByteSlice] {
    try [(0, 2), (2, 3)].map { base, count in
      var properties = RecordBatchBuilder.Properties()
      properties.baseOffset = Offset(Int64(base))
      properties.codec = .gzip
      var builder = RecordBatchBuilder(properties)
      for place in 0..<count {
        builder.append(
          Record(timestamp: Timestamp(milliseconds: 5), key: nil, value: Array("r\(base + place)".utf8)))
      }
      return try builder.build(using: Compressor())
    }
  }

  /// A broker that serves the log, whole batches from the one that holds the asked offset; `spoil` may change bytes.
  private func broker(spoil: @escaping @Sendable (inout [UInt8]) -> Void = { _ in }) throws -> ScriptedBroker {
    let batches = try Self.log()
    return try ScriptedBroker { address in
      { header, body in
        switch header.api {
        case .apiVersions: return .message(CannedAnswers.versions())
        case .metadata: return .message(CannedAnswers.metadata(address, topic: "t"))
        case .fetch:
          var reader = ByteReader(body)
          guard let request = try? FetchRequest(from: &reader, version: header.apiVersion),
            let asked = request.topics.first?.partitions.first?.fetchOffset
          else { return .close }
          var bytes: [UInt8] = []
          for batch in batches {
            if let view = try? RecordBatchView(batch), view.header.lastOffset.value >= asked { bytes += batch.copy() }
          }
          spoil(&bytes)
          let partition = FetchResponse.Response.Partition(
            partitionIndex: 0, highWatermark: 5, lastStableOffset: 5, logStartOffset: 0,
            records: ByteSlice(copying: bytes))
          return .message(
            FetchResponse(responses: [.init(topicId: .init(high: 0, low: 1), topic: "t", partitions: [partition])]))
        default: return .close
        }
      }
    }
  }

  private func consumer(_ broker: ScriptedBroker, next: Int64, end: Int64?) throws -> Consumer {
    let client = KafkaClient(bootstrap: [broker.address], options: ClientOptions())
    let topic = try client.topic("t")
    return Consumer(
      client, topic: topic, positions: [.init(partition: 0, next: next, end: end)], options: ConsumerOptions())
  }

  private func read(_ consumer: Consumer, atMost limit: Int = .max) throws -> [Int64] {
    var offsets: [Int64] = []
    while !consumer.isDone, offsets.count < limit {
      _ = try consumer.poll { _, record in
        offsets.append(record.offset.value)
        return offsets.count < limit ? .more : .stop
      }
    }
    return offsets
  }

  @Test func readsFromThePlaceToTheEnd() throws {
    let broker = try broker()
    defer { broker.stop() }
    #expect(try read(try consumer(broker, next: 1, end: 5)) == [1, 2, 3, 4])
  }

  @Test func stopsAtAnEndWithinABatch() throws {
    let broker = try broker()
    defer { broker.stop() }
    #expect(try read(try consumer(broker, next: 0, end: 3)) == [0, 1, 2])
  }

  @Test func goesOnBehindTheLastRecordThatWasTaken() throws {
    let broker = try broker()
    defer { broker.stop() }
    let consumer = try consumer(broker, next: 0, end: 5)
    #expect(try read(consumer, atMost: 3) == [0, 1, 2])
    #expect(consumer.positions.map(\.next) == [3])
    #expect(try read(consumer) == [3, 4])
  }

  @Test func namesADamagedBatch() throws {
    let broker = try broker { bytes in if bytes.count > 70 { bytes[70] ^= 1 } }
    defer { broker.stop() }
    let consumer = try consumer(broker, next: 0, end: 5)
    let error = #expect(throws: ClientError.self) { _ = try read(consumer) }
    #expect(error?.kind == .malformedAnswer)
    #expect(error?.description.contains("t/0") == true)
  }
}
