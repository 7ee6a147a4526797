import ByteCodec
import KafkaWire
import Units

/// One kind of request, in each of its versions: what Millrace and Apache Kafka must answer alike.
struct Exchange: Sendable {
  /// What a request is made from: the same topics on both brokers, under different ids.
  struct Ground: Sendable {
    var ids: [String: UniqueID] = [:]
    /// A time that both brokers take, in milliseconds.
    var now: Int64 = 0

    /// The topic's id; one that no topic has, where there is none of that name.
    func id(_ name: String) -> UniqueID { ids[name] ?? UniqueID(high: 0x0123_4567, low: 0x89AB_CDEF) }
  }

  /// What is sent.
  enum Content: Sendable {
    case message(@Sendable (Ground, Int16) throws -> any WireMessage)
    /// A body that need not be a message's.
    case body(@Sendable (Ground, Int16) throws -> [UInt8])
    /// A whole frame with its length.
    case bytes([UInt8])
  }

  let name: String
  let api: APIKey
  /// The number in the header, where it is not the API's.
  var key: Int16?
  let versions: ClosedRange<Int16>
  let content: Content
  /// The version in which the answer is written, where it is not the request's.
  var answerVersion: Int16?
  /// Whether the broker may stay silent, so that another request must show that it goes on.
  var maySayNothing = false

  init(
    _ name: String, _ api: APIKey, _ versions: ClosedRange<Int16>? = nil, key: Int16? = nil,
    answerVersion: Int16? = nil, maySayNothing: Bool = false, sends content: Content
  ) {
    self.name = "\(api.name): \(name)"
    self.api = api
    self.key = key
    self.versions = versions ?? api.minimumVersion...api.stableVersion
    self.content = content
    self.answerVersion = answerVersion
    self.maySayNothing = maySayNothing
  }

  init(
    _ name: String, _ api: APIKey, _ versions: ClosedRange<Int16>? = nil, maySayNothing: Bool = false,
    _ message: @escaping @Sendable (Ground, Int16) throws -> any WireMessage
  ) {
    self.init(name, api, versions, maySayNothing: maySayNothing, sends: .message(message))
  }

  /// All of them, in the order in which they are played.
  static let all = produced + read + topics + settings + cluster + groups + transactions + malformed + strangers

  /// The bytes to send as `version`.
  func bytes(_ ground: Ground, version: Int16) throws -> [UInt8] {
    var writer = ByteWriter()
    RequestHeader(apiKey: key ?? api.rawValue, apiVersion: version, correlationId: 1, clientId: "differential")
      .encode(to: &writer)
    switch content {
    case .message(let make): try make(ground, version).encode(to: &writer, version: version)
    case .body(let make): writer.writeBytes(try make(ground, version))
    case .bytes(let frame): return frame
    }
    return framed(writer.takeArray())
  }
}

/// `body` behind its length.
func framed(_ body: [UInt8]) -> [UInt8] {
  withUnsafeBytes(of: UInt32(truncatingIfNeeded: body.count).bigEndian) { Array($0) } + body
}
