import ByteCodec
import Compression
import Glibc
import KafkaWire
import MillraceServer
import RecordFormat
import Testing
import Units

/// A blocking Kafka client over one socket, for tests that must see single frames.
final class Client {
  let descriptor: Int32
  private var nextCorrelation: Int32 = 1

  /// Connects to `host:port`; a small `receiveBuffer` makes a reader that takes little.
  init(_ address: String, receiveBuffer: Int32? = nil) throws {
    let colon = try #require(address.lastIndex(of: ":"))
    let host = address[..<colon].trimming("[]")
    let port = try #require(UInt16(address[address.index(after: colon)...]))
    let isIPv6 = host.contains(":")
    descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue) | 0o2000000, 0)
    try #require(descriptor >= 0)
    var limit = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    if var size = receiveBuffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4) }
    let code = isIPv6 ? connectIPv6(host, port) : connectIPv4(host, port)
    try #require(code == 0, "connect to \(address): \(errno)")
  }

  deinit { Glibc.close(descriptor) }

  private func connectIPv4(_ host: String, _ port: UInt16) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    inet_pton(AF_INET, host, &address.sin_addr)
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  private func connectIPv6(_ host: String, _ port: UInt16) -> Int32 {
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = port.bigEndian
    inet_pton(AF_INET6, host, &address.sin6_addr)
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
      }
    }
  }

  // MARK: Bytes

  /// Whether all of `bytes` could be sent.
  @discardableResult
  func write(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, 0x4000) }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  /// As many bytes as the system takes without waiting.
  func writeWithoutWaiting(_ bytes: [UInt8]) -> Int {
    bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, 0x4040) }
  }

  /// Whether there is something to read.
  var hasBytes: Bool {
    var byte: UInt8 = 0
    return recv(descriptor, &byte, 1, 0x42) > 0
  }

  /// Exactly `count` bytes, or fewer when the peer closes first.
  func read(_ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var have = 0
    while have < count {
      let got = bytes[have...].withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if got < 0 { try #require(errno == ECONNRESET, "read: error \(errno)") }
      if got <= 0 { break }
      have += got
    }
    return Array(bytes[..<have])
  }

  /// The next frame, or nil where the peer has closed.
  func readFrame() throws -> [UInt8]? {
    let prefix = try read(4)
    guard prefix.count == 4 else { return nil }
    let body = try read(prefix.reduce(0) { $0 << 8 | Int($1) })
    return body
  }

  /// Reads on to the end; whether the peer closed.
  func isClosedByPeer() throws -> Bool {
    while true {
      let got = try read(65_536)
      if got.count < 65_536 { return true }
    }
  }

  // MARK: Requests

  /// The frame of a request.
  static func frame(
    _ api: APIKey, _ message: some WireMessage, version: Int16, correlation: Int32 = 1, client: String? = "test"
  ) -> [UInt8] {
    var writer = ByteWriter()
    writer.writeInt32(0)
    RequestHeader(apiKey: api.rawValue, apiVersion: version, correlationId: correlation, clientId: client)
      .encode(to: &writer)
    message.encode(to: &writer, version: version)
    let length = Int32(writer.count - 4)
    var bytes = writer.takeSlice().copy()
    withUnsafeBytes(of: length.bigEndian) { prefix in
      for (place, byte) in prefix.enumerated() { bytes[place] = byte }
    }
    return bytes
  }

  /// Sends a request; answers its correlation id.
  @discardableResult
  func send(_ api: APIKey, _ message: some WireMessage, version: Int16) throws -> Int32 {
    let correlation = nextCorrelation
    nextCorrelation += 1
    try #require(write(Self.frame(api, message, version: version, correlation: correlation)))
    return correlation
  }

  /// The answer to the request with that correlation id, which must be the next to arrive.
  func receive<Response: WireMessage>(
    _ api: APIKey, version: Int16, _ correlation: Int32, as type: Response.Type = Response.self
  ) throws -> Response {
    let frame = ByteSlice(copying: try #require(try readFrame(), "closed instead of an answer"))
    var reader = ByteReader(frame)
    let header = try ResponseHeader(from: &reader, api: api, version: version)
    try #require(header.correlationId == correlation)
    let message = try Response(from: &reader, version: version)
    try reader.finish()
    return message
  }

  func ask<Response: WireMessage>(
    _ api: APIKey, _ message: some WireMessage, version: Int16, as type: Response.Type = Response.self
  ) throws -> Response {
    try receive(api, version: version, try send(api, message, version: version))
  }
}

extension StringProtocol {
  fileprivate func trimming(_ characters: String) -> String { String(filter { !characters.contains($0) }) }
}

/// One batch of `values`.
func batch(
  _ values: [String], codec: CompressionCodec = .none, timestamp: Int64 = -1,
  _ change: (
    inout RecordBatchBuilder.Properties
  ) -> Void = { _ in }
) throws -> ByteSlice {
  var properties = RecordBatchBuilder.Properties()
  properties.codec = codec
  change(&properties)
  var builder = RecordBatchBuilder(properties)
  for value in values {
    builder.append(Record(timestamp: Timestamp(milliseconds: timestamp), key: nil, value: Array(value.utf8)))
  }
  return try builder.build(using: Compressor())
}

/// A server in memory or on a folder, and the lines of its log.
final class Host {
  let server: Server
  let log = Lines()

  init(
    settings: [String: String] = [:], kafka: [(host: String, port: UInt16)] = [("127.0.0.1", 0)], folder: String? = nil
  ) throws {
    var configuration = Server.Configuration(folder: folder)
    configuration.settings = settings
    configuration.kafka = kafka
    let log = log
    configuration.log = { log.add($0) }
    server = try Server(configuration)
  }

  deinit { server.stop() }

  var address: String { server.kafkaAddresses[0] }

  func client() throws -> Client { try Client(address) }

  /// A topic made by naming it; its id.
  @discardableResult
  func makeTopic(_ name: String) throws -> UniqueID {
    let answer: MetadataResponse = try client().ask(
      .metadata, MetadataRequest(topics: [.init(name: name)]), version: 12)
    let topic = try #require(answer.topics.first)
    try #require(topic.errorCode == 0)
    return topic.topicId
  }
}
