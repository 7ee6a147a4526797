import ByteCodec
import KafkaWire
import RecordFormat

/// What one client has sent and what has left for it, cut into frames.
struct ClientStream {
  /// A request that is to be answered.
  struct Request {
    let correlation: Int32
    let api: APIKey
    let version: Int16
    /// The batches of a Produce, by topic and partition.
    var batches: [Place: [[UInt8]]] = [:]
    /// Whether its body was understood, as far as it must be.
    var isReadable = true
  }

  struct Place: Hashable {
    let topic: String
    let partition: Int32
  }

  /// A reply, and when its first byte left.
  struct Reply {
    let body: ByteSlice
    let request: Request
    let leftAt: Int
  }

  private var received: [UInt8] = []
  private var sent: [UInt8] = []
  /// When the first of the bytes in `sent` left.
  private var sentSince: Int?
  private var open: [Request] = []

  /// Takes what was read from the socket; the requests that are whole now.
  mutating func received(_ bytes: ArraySlice<UInt8>) -> [Request] {
    received += bytes
    var requests: [Request] = []
    while let frame = Self.frame(&received) {
      guard let request = Self.request(frame) else { continue }
      requests.append(request)
      open.append(request)
    }
    return requests
  }

  /// Takes what was written to the socket by a call that began at `moment`; the replies that are whole now.
  mutating func sent(_ bytes: ArraySlice<UInt8>, at moment: Int) -> [Reply] {
    var replies: [Reply] = []
    var rest = bytes
    while !rest.isEmpty {
      if sent.isEmpty { sentSince = moment }
      // Frame by frame: each has its own moment.
      let wanted = Self.missing(sent)
      sent += rest.prefix(wanted)
      rest = rest.dropFirst(wanted)
      guard Self.missing(sent) == 0, let frame = Self.frame(&sent) else { continue }
      if let reply = reply(frame, sentSince ?? moment) { replies.append(reply) }
    }
    return replies
  }

  /// How many bytes the frame that `bytes` begin lacks, as far as that is known.
  private static func missing(_ bytes: [UInt8]) -> Int {
    guard bytes.count >= 4 else { return 4 - bytes.count }
    return max(4 + length(bytes) - bytes.count, 0)
  }

  private static func length(_ bytes: [UInt8]) -> Int { bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) } }

  private static func frame(_ bytes: inout [UInt8]) -> ByteSlice? {
    guard bytes.count >= 4, missing(bytes) == 0 else { return nil }
    let end = 4 + length(bytes)
    let frame = ByteSlice(copying: Array(bytes[4..<end]))
    bytes.removeFirst(end)
    return frame
  }

  /// Nil where no reply is to be expected, or none that can be understood.
  private static func request(_ frame: ByteSlice) -> Request? {
    var reader = ByteReader(frame)
    guard let header = try? RequestHeader(from: &reader), let api = header.api else { return nil }
    var request = Request(correlation: header.correlationId, api: api, version: header.apiVersion)
    guard api == .produce else { return request }
    guard let produce = try? ProduceRequest(from: &reader, version: header.apiVersion) else {
      request.isReadable = false
      return request
    }
    if produce.acks == 0 { return nil }
    for topic in produce.topicData {
      for partition in topic.partitionData {
        let place = Place(topic: name(topic.name, "\(topic.topicId)"), partition: partition.index)
        request.batches[place, default: []] += partition.records.map { contents($0) } ?? []
      }
    }
    return request
  }

  private static func name(_ name: String, _ id: String) -> String { name.isEmpty ? id : name }

  private mutating func reply(_ frame: ByteSlice, _ moment: Int) -> Reply? {
    var reader = ByteReader(frame)
    guard let correlation = try? reader.readInt32(),
      let place = open.firstIndex(where: { $0.correlation == correlation })
    else { return nil }
    return Reply(body: frame, request: open.remove(at: place), leftAt: moment)
  }

  /// The batches in `records`, each from its magic number on; what is cut off at the end is none.
  static func contents(_ records: ByteSlice) -> [[UInt8]] {
    var found: [[UInt8]] = []
    var rest = records
    while let header = try? RecordBatchHeader(rest.bytes), header.totalSize <= rest.count, header.totalSize > 0 {
      if !header.isControl {
        found.append(rest.part(from: RecordBatchHeader.Layout.magic, count: header.totalSize - 16).copy())
      }
      rest = rest.dropping(header.totalSize)
    }
    return found
  }

  /// The places of a Produce reply that acknowledge, and those of its request they speak of.
  static func acknowledged(_ reply: Reply) -> [Place]? {
    var reader = ByteReader(reply.body)
    guard (try? ResponseHeader(from: &reader, api: .produce, version: reply.request.version)) != nil,
      let answer = try? ProduceResponse(from: &reader, version: reply.request.version)
    else { return nil }
    return answer.responses.flatMap { topic in
      topic.partitionResponses.filter { $0.errorCode == 0 }.map {
        Place(topic: name(topic.name, "\(topic.topicId)"), partition: $0.index)
      }
    }
  }

  /// The batches that a Fetch reply shows.
  static func shown(_ reply: Reply) -> [[UInt8]]? {
    var reader = ByteReader(reply.body)
    guard (try? ResponseHeader(from: &reader, api: .fetch, version: reply.request.version)) != nil,
      let answer = try? FetchResponse(from: &reader, version: reply.request.version)
    else { return nil }
    return answer.responses.flatMap { $0.partitions.flatMap { $0.records.map { contents($0) } ?? [] } }
  }
}
