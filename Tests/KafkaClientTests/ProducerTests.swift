import ByteCodec
import KafkaClient
import KafkaWire
import RecordFormat
import Synchronization
import Testing
import Units

/// What a scripted broker saw of produced batches.
private final class Sightings: Sendable {
  private let batches = Mutex<[[UInt8]]>([])

  func add(_ batch: ByteSlice) -> Int {
    batches.withLock {
      $0.append(batch.copy())
      return $0.count
    }
  }

  var all: [[UInt8]] { batches.withLock { $0 } }
}

@Suite struct ProducerTests {
  /// A broker whose produce requests `answer` answers: the number of the request from 1 up, and the batch.
  private func broker(
    _ seen: Sightings, _ answer: @escaping @Sendable (Int, ByteSlice) -> Int16?
  ) throws -> ScriptedBroker {
    try ScriptedBroker { address in
      { header, body in
        switch header.api {
        case .apiVersions: return .message(CannedAnswers.versions())
        case .metadata: return .message(CannedAnswers.metadata(address, topic: "t"))
        case .initProducerId: return .message(InitProducerIdResponse(producerId: 7, producerEpoch: 0))
        case .produce:
          var reader = ByteReader(body)
          guard let request = try? ProduceRequest(from: &reader, version: header.apiVersion),
            let batch = request.topicData.first?.partitionData.first?.records, let code = answer(seen.add(batch), batch)
          else { return .close }
          return .message(
            ProduceResponse(responses: [
              .init(
                topicId: .init(high: 0, low: 1), name: "t", partitionResponses: [.init(index: 0, errorCode: code)])
            ]))
        default: return .close
        }
      }
    }
  }

  private func client(_ broker: ScriptedBroker) -> KafkaClient {
    var options = ClientOptions()
    options.firstBackoffMs = 1
    options.longestBackoffMs = 2
    return KafkaClient(bootstrap: [broker.address], options: options)
  }

  private func record(_ text: String) -> Record {
    Record(timestamp: Timestamp(milliseconds: 1), key: nil, value: Array(text.utf8))
  }

  private func header(_ batch: [UInt8]) throws -> RecordBatchHeader {
    try RecordBatchView(ByteSlice(copying: batch)).header
  }

  @Test func sendsTheVerySameBatchAgainWhenTheConnectionIsLost() throws {
    let seen = Sightings()
    let broker = try broker(seen) { number, _ in number == 1 ? nil : 0 }
    defer { broker.stop() }
    let producer = try Producer(client(broker), topic: "t", options: ProducerOptions())
    try producer.append(record("a"))
    try producer.append(record("b"))
    try producer.flush()
    #expect(seen.all.count == 2)
    #expect(seen.all.first == seen.all.last)
    #expect(producer.totals == expected(records: 2, bytes: 2, retries: 1))
    #expect(try header(seen.all[0]).producerID == 7)
  }

  @Test func sequencesGoOnFromBatchToBatch() throws {
    let seen = Sightings()
    let broker = try broker(seen) { _, _ in 0 }
    defer { broker.stop() }
    let producer = try Producer(client(broker), topic: "t", options: ProducerOptions())
    for _ in 0..<3 {
      try producer.append(record("a"))
      try producer.append(record("b"))
      try producer.flush()
    }
    #expect(try seen.all.map { try header($0).baseSequence } == [0, 2, 4])
    #expect(!producer.hasUnsent)
  }

  @Test func splitsABatchThatIsTooLargeAndKeepsItsSequences() throws {
    let seen = Sightings()
    let broker = try broker(seen) { _, batch in
      let count = (try? RecordBatchView(batch).header.recordCount) ?? 0
      return count > 1 ? ErrorCode.messageTooLarge.rawValue : 0
    }
    defer { broker.stop() }
    let producer = try Producer(client(broker), topic: "t", options: ProducerOptions())
    for text in ["a", "b", "c"] { try producer.append(record(text)) }
    try producer.flush()
    let stored = try seen.all.map { try header($0) }.filter { $0.recordCount == 1 }
    #expect(stored.map(\.baseSequence) == [0, 1, 2])
    #expect(producer.totals.records == 3)
  }

  @Test func aDuplicateCountsAsWritten() throws {
    let broker = try broker(Sightings()) { _, _ in ErrorCode.duplicateSequenceNumber.rawValue }
    defer { broker.stop() }
    let producer = try Producer(client(broker), topic: "t", options: ProducerOptions())
    try producer.append(record("a"))
    try producer.flush()
    #expect(producer.totals.records == 1)
  }

  @Test func anErrorThatCannotPassEndsIt() throws {
    let broker = try broker(Sightings()) { _, _ in ErrorCode.topicAuthorizationFailed.rawValue }
    defer { broker.stop() }
    let producer = try Producer(client(broker), topic: "t", options: ProducerOptions())
    try producer.append(record("a"))
    let error = #expect(throws: ClientError.self) { try producer.flush() }
    #expect(error?.code == .topicAuthorizationFailed)
    #expect(producer.totals.records == 0)
  }

  @Test func aPartitionThatIsNotThereIsRefused() throws {
    let broker = try broker(Sightings()) { _, _ in 0 }
    defer { broker.stop() }
    var options = ProducerOptions()
    options.partition = 4
    #expect(throws: ClientError.self) { try Producer(client(broker), topic: "t", options: options) }
  }

  private func expected(records: Int, bytes: Int, retries: Int) -> ProducerTotals {
    var totals = ProducerTotals()
    (totals.records, totals.bytes, totals.retries) = (records, bytes, retries)
    return totals
  }
}
