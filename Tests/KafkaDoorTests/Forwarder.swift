import Glibc
import Testing

/// A port of its own behind which another stands: copies bytes both ways, as the networks of containers do.
final class Forwarder: @unchecked Sendable {
  let port: UInt16
  private let listening: Int32
  private var target = ""

  init() throws {
    listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | 0o2000000, 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let (number, size) = (listening, length)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(number, $0, size) == 0 && listen(number, 16) == 0 ? getsockname(number, $0, &length) : -1
      }
    }
    try #require(code == 0)
    port = UInt16(bigEndian: address.sin_port)
  }

  /// Accepts from now on, for `address`, until the test is over.
  func forward(to address: String) {
    target = address
    run { [self] in
      while true {
        let accepted = accept(listening, nil, nil)
        guard accepted >= 0 else { return }
        guard let client = try? Client(target) else {
          close(accepted)
          continue
        }
        run { Self.copy(accepted, client.descriptor) }
        run {
          Self.copy(client.descriptor, accepted)
          close(accepted)
        }
      }
    }
  }

  deinit { close(listening) }

  private static func copy(_ from: Int32, _ to: Int32) {
    var bytes = [UInt8](repeating: 0, count: 16_384)
    while true {
      let got = read(from, &bytes, bytes.count)
      guard got > 0, send(to, bytes, got, 0x4000) == got else { break }
    }
    shutdown(to, Int32(SHUT_RDWR))
  }
}

private final class Body {
  let work: () -> Void
  init(_ work: @escaping () -> Void) { self.work = work }
}

private func threadMain(_ raw: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let raw { Unmanaged<Body>.fromOpaque(raw).takeRetainedValue().work() }
  return nil
}

/// Runs `work` on a thread that nobody waits for.
private func run(_ work: @escaping () -> Void) {
  var thread = pthread_t()
  let body = Unmanaged.passRetained(Body(work)).toOpaque()
  if pthread_create(&thread, nil, threadMain, body) == 0 { pthread_detach(thread) }
}
