import Glibc
import Machine
import Synchronization
import Testing
import Units

/// A blocking socket of a test, with a deadline for each call.
final class TestSocket {
  let descriptor: Int32

  private init(_ descriptor: Int32) {
    self.descriptor = descriptor
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  /// Connects to a port of 127.0.0.1.
  convenience init(port: UInt16) throws {
    self.init(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
    var address = Self.loopback(port)
    let (number, size) = (descriptor, socklen_t(MemoryLayout<sockaddr_in>.size))
    let code = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(number, $0, size) }
    }
    try #require(code == 0)
  }

  /// Listens on a free port of 127.0.0.1.
  static func listening() throws -> (socket: TestSocket, port: UInt16) {
    let made = TestSocket(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
    var (address, size) = (loopback(0), socklen_t(MemoryLayout<sockaddr_in>.size))
    let number = made.descriptor
    let code = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(number, $0, size) == 0 && listen(number, 16) == 0 ? getsockname(number, $0, &size) : -1
      }
    }
    try #require(code == 0)
    return (made, UInt16(bigEndian: address.sin_port))
  }

  private static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
    return address
  }

  deinit { Glibc.close(descriptor) }

  /// The next connection.
  func accepted() throws -> TestSocket {
    let number = accept(descriptor, nil, nil)
    try #require(number >= 0)
    return TestSocket(number)
  }

  /// Sends a frame: its length and `body`.
  func send(_ body: [UInt8]) throws {
    let bytes = (0..<4).map { UInt8(truncatingIfNeeded: body.count >> (24 - 8 * $0)) } + body
    try #require(bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, 0x4000) } == bytes.count)
  }

  /// Up to `count` bytes: fewer where the peer closes first.
  func read(_ count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      var part = [UInt8](repeating: 0, count: count - bytes.count)
      let got = Glibc.read(descriptor, &part, part.count)
      try #require(got >= 0 || errno == ECONNRESET, "nothing came: \(errno)")
      if got <= 0 { break }
      bytes += part[..<got]
    }
    return bytes
  }

  /// The body of the next frame; nil where the connection ends before it is whole.
  func frame() throws -> [UInt8]? {
    let prefix = try read(4)
    guard prefix.count == 4 else { return nil }
    let length = prefix.reduce(0) { $0 << 8 | Int($1) }
    let body = try read(length)
    return body.count == length ? body : nil
  }
}

/// A clock that stands until it is moved.
final class HandClock: Clock {
  private let nanoseconds = Atomic<Int64>(1_000_000_000_000)

  func now() -> Instant { Instant(nanoseconds: nanoseconds.load(ordering: .acquiring)) }
  func wallClock() -> Timestamp { .none }
  func move(byMs milliseconds: Int64) { nanoseconds.add(milliseconds * 1_000_000, ordering: .acquiringAndReleasing) }
}
