import ByteCodec
import Compression
import KafkaWire
import RecordFormat
import Testing
import TraceJudge
import Units

/// Writes a trace as strace would, of a server with one client on descriptor 7 and its journal on descriptor 5.
struct Trace {
  static let topic = "t"
  private static let version: Int16 = 9
  private static let socket = "7<TCP:[127.0.0.1:9092->127.0.0.1:40000]>"
  private static let journal = "5<\(hex(Array("/data/journal/0.journal".utf8)))>"

  private var lines: [String] = []

  static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return bytes.map { "\\x\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }.joined()
  }

  static func batch(_ text: String) throws -> [UInt8] {
    var builder = RecordBatchBuilder()
    builder.append(Record(timestamp: Timestamp(milliseconds: 5), key: nil, value: Array(text.utf8)))
    return try builder.build(using: Compressor()).copy()
  }

  /// The batch as the log keeps it: offset and epoch are the server's.
  static func stored(_ batch: [UInt8]) -> [UInt8] {
    [0, 0, 0, 0, 0, 0, 0, 9] + batch[8..<12] + [0, 0, 0, 3] + batch[16...]
  }

  // MARK: Lines

  mutating func add(_ line: String, thread: Int = 1) { lines.append("\(thread) 1700000000.000001 \(line)") }

  mutating func request(_ bytes: [UInt8]) {
    add("read(\(Self.socket), \"\(Self.hex(bytes))\", 65536) = \(bytes.count)")
  }

  mutating func produce(_ batch: [UInt8], correlation: Int32, acks: Int16 = -1) {
    let data = ProduceRequest.TopicData.PartitionData(index: 0, records: ByteSlice(copying: batch))
    let request = ProduceRequest(acks: acks, topicData: [.init(name: Self.topic, partitionData: [data])])
    self.request(Self.frame(.produce, request, Self.version, correlation))
  }

  /// A Produce whose body lacks its last byte.
  mutating func produceInPart(correlation: Int32) {
    var bytes = Self.frame(.produce, ProduceRequest(acks: -1), Self.version, correlation)
    bytes.removeLast()
    bytes[3] -= 1
    request(bytes)
  }

  mutating func write(_ bytes: [UInt8], at position: Int, flags: String? = nil) {
    let arguments = "\(Self.journal), [{iov_base=\"\(Self.hex(bytes))\", iov_len=\(bytes.count)}], 1, \(position)"
    add(
      flags.map { "pwritev2(\(arguments), \($0)) = \(bytes.count)" } ?? "pwritev(\(arguments)) = \(bytes.count)",
      thread: 2)
  }

  mutating func sync(result: String = "0") { add("fdatasync(\(Self.journal)) = \(result)", thread: 2) }
  mutating func syncBegins() { add("fdatasync(\(Self.journal) <unfinished ...>", thread: 2) }
  mutating func syncEnds() { add("<... fdatasync resumed>) = 0", thread: 2) }

  mutating func send(_ bytes: [UInt8], taken: Int? = nil) {
    add(
      "sendmsg(\(Self.socket), {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base=\"\(Self.hex(bytes))\", "
        + "iov_len=\(bytes.count)}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, MSG_NOSIGNAL) = \(taken ?? bytes.count)"
    )
  }

  mutating func acknowledge(correlation: Int32, errorCode: Int16 = 0) {
    send(Self.acknowledgement(correlation: correlation, errorCode: errorCode))
  }

  static func acknowledgement(correlation: Int32, errorCode: Int16 = 0) -> [UInt8] {
    let partition = ProduceResponse.Response.PartitionResponse(index: 0, errorCode: errorCode)
    let answer = ProduceResponse(responses: [.init(name: topic, partitionResponses: [partition])])
    return reply(.produce, answer, version, correlation)
  }

  /// The same, sent from the segment's file, into which `written` of the batch was seen to go.
  mutating func fetchFromFile(_ batch: [UInt8], written: [UInt8], correlation: Int32) {
    let segment = "9<\(Self.hex(Array("/data/data/1-0/00000000000000000000.log".utf8)))>"
    add(
      "pwritev(\(segment), [{iov_base=\"\(Self.hex(written))\", iov_len=\(written.count)}], 1, 100) = \(written.count)",
      thread: 2)
    request(Self.frame(.fetch, FetchRequest(), 12, correlation))
    let partition = FetchResponse.Response.Partition(partitionIndex: 0, records: ByteSlice(copying: batch))
    let reply = Self.reply(
      .fetch, FetchResponse(responses: [.init(topic: Self.topic, partitions: [partition])]), 12, correlation)
    // Batches end the partition's fields but for three counts of tagged fields.
    let (before, behind) = (reply.count - 3 - batch.count, reply.count - 3)
    send(Array(reply[..<before]))
    let half = batch.count / 2
    add("sendfile(\(Self.socket), \(segment), [100] => [\(100 + half)], \(batch.count)) = \(half)")
    add("sendfile(\(Self.socket), \(segment), [\(100 + half)] <unfinished ...>")
    add("<... sendfile resumed> => [\(100 + batch.count)], \(batch.count - half)) = \(batch.count - half)")
    send(Array(reply[behind...]))
  }

  /// A client asks for records and gets `batch`.
  mutating func fetch(_ batch: [UInt8], correlation: Int32) {
    request(Self.frame(.fetch, FetchRequest(), 12, correlation))
    let partition = FetchResponse.Response.Partition(
      partitionIndex: 0, records: ByteSlice(copying: batch))
    send(
      Self.reply(.fetch, FetchResponse(responses: [.init(topic: Self.topic, partitions: [partition])]), 12, correlation)
    )
  }

  private static func frame(_ api: APIKey, _ message: some WireMessage, _ version: Int16, _ correlation: Int32)
    -> [UInt8]
  {
    var writer = ByteWriter()
    RequestHeader(apiKey: api.rawValue, apiVersion: version, correlationId: correlation, clientId: "c")
      .encode(to: &writer)
    message.encode(to: &writer, version: version)
    return framed(writer.takeSlice())
  }

  private static func reply(_ api: APIKey, _ message: some WireMessage, _ version: Int16, _ correlation: Int32)
    -> [UInt8]
  {
    var writer = ByteWriter()
    ResponseHeader(correlationId: correlation)
      .encode(to: &writer, headerVersion: api.responseHeaderVersion(for: version))
    message.encode(to: &writer, version: version)
    return framed(writer.takeSlice())
  }

  private static func framed(_ content: ByteSlice) -> [UInt8] {
    var writer = ByteWriter()
    writer.writeInt32(Int32(truncatingIfNeeded: content.count))
    content.withUnsafeBytes { writer.writeBytes($0) }
    return writer.takeSlice().copy()
  }

  // MARK: Judgement

  var verdict: TraceJudge.Verdict {
    var judge = TraceJudge()
    for line in lines { judge.read(Array(line.utf8)[...]) }
    return judge.verdict
  }
}
