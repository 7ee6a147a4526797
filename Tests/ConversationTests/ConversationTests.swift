import ByteCodec
import Compression
import Conversation
import KafkaWire
import RecordFormat
import Testing
import Units

/// One client's bytes through socket, door and engine, in one thread.
@Suite struct ConversationTests {
  private func request(_ api: APIKey, _ message: some WireMessage, version: Int16, _ correlation: Int32) -> [UInt8] {
    Utterance.frame(
      api, version: version, correlation: correlation, body: Utterance.encoded(message, version: version))
  }

  private func produce(_ value: String) throws -> ProduceRequest {
    var builder = RecordBatchBuilder()
    builder.append(Record(timestamp: Timestamp(milliseconds: 5), key: nil, value: Array(value.utf8)))
    let records = try builder.build(using: Compressor())
    return ProduceRequest(
      acks: -1, timeoutMs: 1_000, topicData: [.init(name: "t", partitionData: [.init(index: 0, records: records)])])
  }

  /// The answers in `bytes`, without their lengths.
  private func frames(_ bytes: [UInt8]) throws -> [ByteSlice] {
    var reader = ByteReader(ByteSlice(copying: bytes))
    var found: [ByteSlice] = []
    while reader.remaining > 0 { found.append(try reader.readPayload(Int(try reader.readInt32()))) }
    return found
  }

  private func answer<Answer: WireMessage>(_ frame: ByteSlice, _ api: APIKey, version: Int16) throws -> Answer {
    var reader = ByteReader(frame)
    _ = try ResponseHeader(from: &reader, api: api, version: version)
    return try Answer(from: &reader, version: version)
  }

  @Test func whatIsProducedIsFetched() throws {
    var fetch = FetchRequest(maxWaitMs: 0, minBytes: 1)
    fetch.topics = [.init(topic: "t", partitions: [.init(partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20)])]
    let said =
      Utterance.prologue + request(.produce, try produce("a record"), version: 9, 1)
      + request(.fetch, fetch, version: 12, 2)
    let heard = try Conversation.hold([said])
    #expect(heard.isComplete && !heard.wasClosed)
    let answers = try frames(heard.bytes)
    try #require(answers.count == 3)
    let stored: ProduceResponse = try answer(answers[1], .produce, version: 9)
    #expect(stored.responses.first?.partitionResponses.first?.errorCode == 0)
    let fetched: FetchResponse = try answer(answers[2], .fetch, version: 12)
    let records = try #require(fetched.responses.first?.partitions.first?.records)
    #expect(String(decoding: records.copy(), as: UTF8.self).contains("a record"))
  }

  /// A parked request is answered when the clock gets there.
  @Test func timePassesWhenAllIsSaid() throws {
    var fetch = FetchRequest(maxWaitMs: 5_000, minBytes: 1)
    fetch.topics = [.init(topic: "t", partitions: [.init(partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20)])]
    let heard = try Conversation.hold([Utterance.prologue + request(.fetch, fetch, version: 12, 1)])
    #expect(try frames(heard.bytes).count == 2)
  }

  @Test func theAnswersDoNotDependOnTheCuts() throws {
    var said = Utterance.prologue
    for number: Int32 in 0..<8 { said += request(.produce, try produce("record \(number)"), version: 9, number) }
    said += request(.listGroups, ListGroupsRequest(), version: 4, 9)
    let whole = try Conversation.hold([said])
    #expect(try frames(whole.bytes).count == 10)
    for (seed, largest) in [(1, 1), (2, 3), (3, 7), (4, 40), (5, 400)] as [(UInt8, Int)] {
      #expect(try Conversation.hold(Utterance.cut(said, seed: seed, largest: largest)) == whole)
    }
  }

  @Test func nonsenseIsHungUpOn() throws {
    let heard = try Conversation.hold([Utterance.prologue, [0, 0, 0, 4, 0x7f, 0x7f, 0, 0]])
    #expect(heard.wasClosed && heard.isComplete)
    #expect(try frames(heard.bytes).count == 1)
  }

  @Test func whatIsMadeOfBytesIsUnderstood() throws {
    let body = Utterance.encoded(try produce(String(repeating: "x", count: 100)), version: 9)
    // Its value is changed, and its checksum made good again.
    body.stamp(UInt8(0), at: body.count - 40)
    let said = Utterance.requests(Utterance.recipe(.produce, version: 9, body: body)[...])
    let answers = try frames(try Conversation.hold([Utterance.prologue + said]).bytes)
    try #require(answers.count == 2)
    let stored: ProduceResponse = try answer(answers[1], .produce, version: 9)
    #expect(stored.responses.first?.partitionResponses.first?.errorCode == 0)
  }
}
