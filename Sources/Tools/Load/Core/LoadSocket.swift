import ByteCodec
import CLinux
import Glibc
import KafkaClient
import KafkaWire

/// A connection to a broker whose calls never wait: one frame at a time goes out, answers come in as whole frames.
final class LoadSocket {
  /// No answer may be longer; a longer one is no answer.
  private static let largestAnswer = 256 << 20

  let descriptor: Int32
  private let peer: BrokerAddress
  /// The frame on its way, and how much of it is sent.
  private var current: ByteSlice?
  private var written = 0
  private var input = ByteBlock(capacity: 1 << 16)
  private var filled = 0
  private var correlation: Int32 = 0

  /// Connects to a broker by its IPv4 address.
  init(to broker: BrokerAddress) throws(LoadFailure) {
    peer = broker
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | LINUX_SOCK_CLOEXEC, 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = broker.port.bigEndian
    guard inet_pton(AF_INET, broker.host, &address.sin_addr) == 1 else {
      throw LoadFailure(reason: "\(broker.host) is no IPv4 address")
    }
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeBytes(of: &address) { bytes in
      connect(descriptor, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, size)
    }
    guard code == 0 else { throw LoadFailure(reason: "cannot connect to \(broker): errno \(errno)") }
    var on: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  deinit { close(descriptor) }

  /// Whether the last frame has left as a whole, so that its bytes may be written over and another one be sent.
  var isFree: Bool { current == nil }

  /// Sends as much of `frame` as the socket takes; `flush` sends the rest. Only while `isFree`.
  func send(_ frame: ByteSlice) throws(LoadFailure) {
    current = frame
    written = 0
    try flush()
  }

  /// Sends on.
  func flush() throws(LoadFailure) {
    guard let frame = current else { return }
    let count = frame.withUnsafeBytes { bytes in
      Glibc.send(
        descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written,
        LINUX_MSG_NOSIGNAL | Int32(MSG_DONTWAIT))
    }
    if count < 0 {
      if errno == EAGAIN { return }
      throw LoadFailure(reason: "the connection to \(peer) broke: errno \(errno)")
    }
    written += count
    if written == frame.count { current = nil }
  }

  /// Reads what has come and hands each whole answer, without its length, to `take`, who must not keep it.
  func receive(_ take: (ByteSlice) throws(LoadFailure) -> Void) throws(LoadFailure) {
    let count = recv(descriptor, input.base + filled, input.capacity - filled, Int32(MSG_DONTWAIT))
    if count < 0, errno == EAGAIN { return }
    guard count > 0 else { throw LoadFailure(reason: "\(peer) closed the connection") }
    filled += count
    guard let first = Self.frameSize(input.slice(count: filled)) else { return }
    guard first <= Self.largestAnswer else { throw LoadFailure(reason: "an answer of \(first) bytes") }
    if filled < 4 + first {
      makeRoom(for: 4 + first)
      return
    }
    var rest = input.slice(count: filled)
    while let size = Self.frameSize(rest), rest.count >= 4 + size {
      try take(rest.part(from: 4, count: size))
      rest = rest.dropping(4 + size)
    }
    if rest.count > 0 { memmove(input.base, input.base + rest.start, rest.count) }
    filled = rest.count
  }

  private func makeRoom(for count: Int) {
    guard count > input.capacity else { return }
    let larger = ByteBlock(capacity: count + count / 4)
    memcpy(larger.base, input.base, filled)
    input = larger
  }

  private static func frameSize(_ bytes: ByteSlice) -> Int? {
    guard bytes.count >= 4 else { return nil }
    return bytes.withUnsafeBytes { Int(UInt32(bigEndian: $0.loadUnaligned(as: UInt32.self))) }
  }
}

extension LoadSocket {
  /// Encodes and sends `request`.
  func send<Request: ClientRequest>(_ request: Request, version: Int16) throws(LoadFailure) {
    correlation = (correlation &+ 1) & Int32.max
    try send(Self.frame(request, version: version, correlation: correlation))
  }

  /// A request as it goes over the wire, its length in front.
  static func frame<Request: ClientRequest>(_ request: Request, version: Int16, correlation: Int32 = 0) -> ByteSlice {
    var writer = ByteWriter()
    writer.writeInt32(0)
    RequestHeader(
      apiKey: Request.api.rawValue, apiVersion: version, correlationId: correlation, clientId: LoadTarget.clientID
    ).encode(to: &writer)
    request.encode(to: &writer, version: version)
    writer.overwriteInt32(Int32(clamping: writer.count - 4), at: 0)
    return writer.takeSlice()
  }

  /// The answer to a `Request` that `frame` holds.
  static func answer<Request: ClientRequest>(_ type: Request.Type, _ frame: ByteSlice, version: Int16)
    throws(LoadFailure) -> Request.Response
  {
    do throws(WireError) {
      var reader = ByteReader(frame)
      _ = try ResponseHeader(from: &reader, api: Request.api, version: version)
      return try Request.Response(from: &reader, version: version)
    } catch {
      throw LoadFailure(reason: "an answer to \(Request.api.name) that is none: \(error)")
    }
  }
}
