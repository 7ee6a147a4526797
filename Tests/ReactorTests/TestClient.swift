import Glibc
import Reactor
import Testing

/// A blocking client socket.
final class TestClient: @unchecked Sendable {
  let descriptor: Int32
  private var isClosed = false

  /// Connects; a small `receiveBuffer` makes a peer that takes little.
  init(_ address: SocketAddress, receiveBuffer: Int32? = nil) throws {
    let family = address.isIPv6 ? AF_INET6 : AF_INET
    descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | 0o2000000, 0)
    try #require(descriptor >= 0)
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    if var size = receiveBuffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4) }
    try #require(connectSocket(address) == 0, "connect: \(SystemError.reason(errno))")
  }

  deinit { close() }

  private func connectSocket(_ address: SocketAddress) -> Int32 {
    if address.isIPv6 {
      var v6 = sockaddr_in6()
      v6.sin6_family = sa_family_t(AF_INET6)
      v6.sin6_port = address.port.bigEndian
      inet_pton(AF_INET6, address.host, &v6.sin6_addr)
      return withUnsafePointer(to: &v6) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
        }
      }
    }
    var v4 = sockaddr_in()
    v4.sin_family = sa_family_t(AF_INET)
    v4.sin_port = address.port.bigEndian
    inet_pton(AF_INET, address.host, &v4.sin_addr)
    return withUnsafePointer(to: &v4) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  /// Takes more from now on than a small receive buffer allowed.
  func widen() {
    var size: Int32 = 1 << 20
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4)
  }

  func close() {
    guard !isClosed else { return }
    isClosed = true
    _ = Glibc.close(descriptor)
  }

  /// Closes so that the peer gets a reset.
  func reset() {
    var hard = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
    close()
  }

  func write(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, 0x4000) }
      try #require(count > 0, "write: \(SystemError.reason(errno))")
      sent += count
    }
  }

  /// Exactly `count` bytes, or fewer when the peer closes first.
  func read(_ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var have = 0
    while have < count {
      let got = bytes[have...].withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if got < 0 { try #require(errno == ECONNRESET, "read: \(SystemError.reason(errno))") }
      if got <= 0 { break }
      have += got
    }
    return Array(bytes[..<have])
  }

  /// The body of the next frame.
  func readFrame() throws -> [UInt8] {
    let prefix = try read(4)
    try #require(prefix.count == 4, "closed instead of a frame")
    let length = prefix.reduce(0) { $0 << 8 | Int($1) }
    let body = try read(length)
    try #require(body.count == length)
    return body
  }

  /// Whether the peer has closed, waited for.
  func isClosedByPeer() throws -> Bool { try read(1).isEmpty }
}

/// A frame around `body`.
func frame(_ body: [UInt8]) -> [UInt8] { lengthPrefix(Int32(body.count)) + body }

func lengthPrefix(_ length: Int32) -> [UInt8] { withUnsafeBytes(of: length.bigEndian) { Array($0) } }

/// Bytes that differ from place to place and from seed to seed; they repeat after a prime number of bytes, so that no
/// misplaced buffer goes unnoticed.
func pattern(_ count: Int, seed: Int = 0) -> [UInt8] {
  let period = 65_521
  let unit = (0..<min(count, period)).map { UInt8(truncatingIfNeeded: ($0 &* 31) ^ ($0 >> 8) ^ (seed &* 17)) }
  guard count > period else { return unit }
  var bytes: [UInt8] = []
  bytes.reserveCapacity(count)
  while bytes.count + period <= count { bytes += unit }
  return bytes + unit[..<(count - bytes.count)]
}
