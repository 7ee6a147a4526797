package import ByteCodec
import Glibc
package import KafkaWire
import Units

/// Why a conversation with a broker could not go on; a reply that cannot be decoded fails with its `WireError`.
package enum WireClientError: Error, Equatable {
  /// The address is not `host:port` with a numeric IPv4 host.
  case address(String)
  /// Nothing came in time.
  case silence
  /// The system refused a call; its number.
  case system(call: String, code: Int32)
  /// The broker closed the connection instead of answering.
  case closed
  /// The reply answers another request.
  case correlation(expected: Int32, found: Int32)
  /// A message that no API has as its request.
  case noRequest
  /// A reply longer than any that is expected.
  case tooLong(Int)
}

/// A blocking connection that speaks the Kafka protocol in its generated messages: requests of any version, and bytes of
/// any kind. For tests and tools; one thread at a time.
package final class WireClient {
  /// Seconds a call waits before it fails, unless it is told otherwise.
  package static let patience = 30
  /// The longest reply taken: as much as a broker's largest answer.
  private static let longestReply = 128 << 20

  private let descriptor: Int32
  private var correlation: Int32 = 0
  /// What the client calls itself.
  package var clientID: String? = "wire-client"

  /// Connects to `address`, `host:port` with an IPv4 host; calls fail after `patience` seconds.
  package init(_ address: String, patience: Int = WireClient.patience) throws {
    let parts = address.split(separator: ":")
    var place = sockaddr_in()
    guard parts.count == 2, let port = UInt16(parts[1]), inet_pton(AF_INET, String(parts[0]), &place.sin_addr) == 1
    else { throw WireClientError.address(address) }
    place.sin_family = sa_family_t(AF_INET)
    place.sin_port = port.bigEndian
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw WireClientError.system(call: "socket", code: errno) }
    var limit = timeval(tv_sec: patience, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    let connected = withUnsafePointer(to: &place) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw WireClientError.system(call: "connect", code: errno) }
  }

  deinit { close(descriptor) }

  /// Sends `request` as `version` and waits for its reply, which may not have a byte too many.
  package func call<Request: WireMessage, Response: WireMessage>(
    _ request: Request, version: Int16, as response: Response.Type
  ) throws -> Response {
    let api = try send(request, version: version)
    let (found, message) = try Self.decode(Response.self, api, version, try receive())
    guard found == correlation else {
      throw WireClientError.correlation(expected: correlation, found: found)
    }
    return message
  }

  /// The correlation id and the body of a reply.
  private static func decode<Response: WireMessage>(
    _ response: Response.Type, _ api: APIKey, _ version: Int16, _ reply: ByteSlice
  ) throws(WireError) -> (Int32, Response) {
    var reader = ByteReader(reply)
    let header = try ResponseHeader(from: &reader, api: api, version: version)
    let message = try Response(from: &reader, version: version)
    try reader.finish()
    return (header.correlationId, message)
  }

  /// Sends `request` as `version` and waits for nothing. Answers the API it belongs to.
  @discardableResult
  package func send<Request: WireMessage>(_ request: Request, version: Int16) throws -> APIKey {
    guard let api = APIKey.allCases.first(where: { $0.requestType == Request.self }) else {
      throw WireClientError.noRequest
    }
    correlation &+= 1
    var writer = ByteWriter()
    RequestHeader(apiKey: api.rawValue, apiVersion: version, correlationId: correlation, clientId: clientID)
      .encode(to: &writer)
    request.encode(to: &writer, version: version)
    try send(frame: writer.takeArray())
    return api
  }

  /// Sends `body` as a frame, whatever it is.
  package func send(frame body: [UInt8]) throws {
    let length = UInt32(truncatingIfNeeded: body.count)
    try send(bytes: (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) } + body)
  }

  /// Sends bytes as they are.
  package func send(bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else {
        if errno == EPIPE || errno == ECONNRESET { throw WireClientError.closed }
        throw WireClientError.system(call: "send", code: errno)
      }
      sent += count
    }
  }

  /// The body of the next frame.
  package func receive() throws -> ByteSlice {
    let length = try read(4).reduce(0) { $0 << 8 | Int($1) }
    guard length <= Self.longestReply else { throw WireClientError.tooLong(length) }
    return ByteSlice(copying: try read(length))
  }

  /// Whether the broker closes the connection rather than send anything more; waits for either.
  package func isClosedByPeer() throws -> Bool {
    try readSome(1).isEmpty
  }

  private func read(_ count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let more = try readSome(count - bytes.count)
      if more.isEmpty { throw WireClientError.closed }
      bytes += more
    }
    return bytes
  }

  /// Up to `count` bytes; none once the broker has closed the connection.
  private func readSome(_ count: Int) throws -> [UInt8] {
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      let got = Glibc.read(descriptor, buffer.baseAddress, count)
      if got < 0, errno != ECONNRESET { failure = errno }
      filled = max(got, 0)
    }
    if failure == EAGAIN { throw WireClientError.silence }
    if failure != 0 { throw WireClientError.system(call: "read", code: failure) }
    return bytes
  }
}
