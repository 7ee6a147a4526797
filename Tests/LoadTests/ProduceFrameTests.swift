import ByteCodec
import KafkaWire
import Load
import RecordFormat
import Testing

@Suite struct ProduceFrameTests {
  /// The request that a frame holds, as a server reads it.
  private static func request(_ frame: ProduceFrame) throws -> (RequestHeader, ProduceRequest) {
    var reader = ByteReader(frame.bytes.dropping(4))
    let header = try RequestHeader(from: &reader)
    let request = try ProduceRequest(from: &reader, version: header.apiVersion)
    try reader.finish()
    return (header, request)
  }

  private static func batch(_ request: ProduceRequest) throws -> (Int32, ByteSlice, RecordBatchHeader) {
    let partition = try #require(request.topicData.first?.partitionData.first)
    let records = try #require(partition.records)
    return (partition.index, records, try RecordBatchHeader(records.bytes))
  }

  @Test func whatIsWrittenOverIsWhatAServerReads() throws {
    let identity = ProducerIdentity(id: 7, epoch: 1, transactionalID: "t")
    let content = ProduceFrame.Content(topic: "orders", recordBytes: 100, recordCount: 15, identity: identity)
    let frame = try ProduceFrame(content)
    for turn: Int32 in 1...3 {
      frame.prepare(correlation: turn, partition: 1_000 * turn, sequence: 15 * turn, epoch: Int16(turn))
      let (header, request) = try Self.request(frame)
      let (partition, bytes, batch) = try Self.batch(request)
      #expect(header.correlationId == turn && request.transactionalId == "t")
      #expect(partition == 1_000 * turn)
      #expect(batch.baseSequence == 15 * turn && batch.producerEpoch == Int16(turn) && batch.producerID == 7)
      #expect(batch.recordCount == 15 && batch.isTransactional)
      #expect(batch.checksum == Checksum.crc32c(bytes.dropping(RecordBatchHeader.Layout.attributes)))
    }
  }

  @Test(arguments: [1, 100, 16_300, 20_000, 3_000_000])
  func thePartitionIsFoundWhateverTheLength(_ size: Int) throws {
    let frame = try ProduceFrame(ProduceFrame.Content(topic: "t", recordBytes: size, recordCount: 1))
    frame.prepare(correlation: 1, partition: 42)
    let (partition, bytes, _) = try Self.batch(try Self.request(frame).1)
    #expect(partition == 42)
    #expect(bytes.count > size)
  }

  @Test func eachRecordGetsAKey() throws {
    let content = ProduceFrame.Content(topic: "t", recordBytes: 50, recordCount: 4, isKeyed: true)
    let frame = try ProduceFrame(content)
    var key: Int64 = 100
    frame.prepare(correlation: 1, partition: 0) {
      key += 1
      return key
    }
    #expect(key == 104)
    let (_, bytes, batch) = try Self.batch(try Self.request(frame).1)
    #expect(batch.checksum == Checksum.crc32c(bytes.dropping(RecordBatchHeader.Layout.attributes)))
    var source = KeySource(seed: 1, count: 10)
    let drawn = Set((0..<200).map { _ in source.next() })
    #expect(drawn == Set(0..<10))
  }
}
