import ByteCodec
import Compression
import KafkaClient
import KafkaWire
import RecordFormat
import Testing
import Units

@Suite struct CommittedReadingTests {
  /// Producer 1 writes 0 and 3, aborts at 4, writes 5 and commits at 6; producer 2 writes 1; 2 is in no transaction.
  private static func log() throws -> [UInt8] {
    func data(_ offset: Int64, _ producer: Int64, isTransactional: Bool) throws -> [UInt8] {
      var properties = RecordBatchBuilder.Properties()
      properties.baseOffset = Offset(offset)
      properties.producerID = producer
      properties.producerEpoch = producer < 0 ? -1 : 0
      properties.baseSequence = producer < 0 ? -1 : Int32(offset)
      properties.isTransactional = isTransactional
      var builder = RecordBatchBuilder(properties)
      builder.append(Record(timestamp: Timestamp(milliseconds: 5), key: nil, value: Array("r".utf8)))
      return try builder.build(using: Compressor()).copy()
    }
    func marker(_ offset: Int64, _ kind: TransactionMarker.Kind) throws -> [UInt8] {
      try TransactionMarker(kind, coordinatorEpoch: 0).batch(
        at: Offset(offset), partitionLeaderEpoch: 0, producerID: 1, producerEpoch: 0,
        timestamp: Timestamp(milliseconds: 6)
      ).copy()
    }
    let first = try data(0, 1, isTransactional: true) + data(1, 2, isTransactional: true)
    let second = try data(2, -1, isTransactional: false) + data(3, 1, isTransactional: true)
    return try first + second + marker(4, .abort) + data(5, 1, isTransactional: true) + marker(6, .commit)
  }

  private func offsets(_ isolation: Isolation) throws -> [Int64] {
    let log = try Self.log()
    let broker = try ScriptedBroker { address in
      { header, body in
        switch header.api {
        case .apiVersions: return .message(CannedAnswers.versions())
        case .metadata: return .message(CannedAnswers.metadata(address, topic: "t"))
        case .fetch:
          var reader = ByteReader(body)
          guard let request = try? FetchRequest(from: &reader, version: header.apiVersion) else { return .close }
          let aborted = FetchResponse.Response.Partition.AbortedTransaction(producerId: 1, firstOffset: 0)
          let partition = FetchResponse.Response.Partition(
            partitionIndex: 0, highWatermark: 7, lastStableOffset: 7, logStartOffset: 0,
            abortedTransactions: request.isolationLevel == 1 ? [aborted] : nil, records: ByteSlice(copying: log))
          return .message(
            FetchResponse(responses: [.init(topicId: .init(high: 0, low: 1), topic: "t", partitions: [partition])]))
        default: return .close
        }
      }
    }
    defer { broker.stop() }
    let client = KafkaClient(bootstrap: [broker.address], options: ClientOptions())
    var options = ConsumerOptions()
    options.isolation = isolation
    let consumer = Consumer(
      client, topic: try client.topic("t"), positions: [.init(partition: 0, next: 0, end: 7)], options: options)
    var offsets: [Int64] = []
    while !consumer.isDone {
      _ = try consumer.poll { _, record in
        offsets.append(record.offset.value)
        return .more
      }
    }
    return offsets
  }

  @Test func leavesOutWhatWasAborted() throws {
    #expect(try offsets(.readCommitted) == [1, 2, 5])
  }

  @Test func showsAllDataButNoMarkersOtherwise() throws {
    #expect(try offsets(.readUncommitted) == [0, 1, 2, 3, 5])
  }
}
