import CLinux
import Glibc

/// An address and port of IPv4 or IPv6, kept small: one per connection, turned into text when somebody asks.
package struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
  /// The address as a number; an IPv4 address fills the low 32 bits of `low`.
  let high: UInt64
  let low: UInt64
  /// The interface of a link-local IPv6 address.
  let scope: UInt32
  package let port: UInt16
  package let isIPv6: Bool

  /// 0.0.0.0, port 0: stands where no address is known.
  package static let unset = SocketAddress(high: 0, low: 0, scope: 0, port: 0, isIPv6: false)

  package init(high: UInt64, low: UInt64, scope: UInt32, port: UInt16, isIPv6: Bool) {
    self.high = high
    self.low = low
    self.scope = scope
    self.port = port
    self.isIPv6 = isIPv6
  }

  /// Reads what the system filled in; nil for other families.
  init?(_ storage: sockaddr_storage) {
    var storage = storage
    switch Int32(storage.ss_family) {
    case AF_INET:
      self = withUnsafeBytes(of: &storage) { bytes in
        let v4 = bytes.loadUnaligned(as: sockaddr_in.self)
        return SocketAddress(
          high: 0, low: UInt64(UInt32(bigEndian: v4.sin_addr.s_addr)), scope: 0, port: UInt16(bigEndian: v4.sin_port),
          isIPv6: false)
      }
    case AF_INET6:
      self = withUnsafeBytes(of: &storage) { bytes in
        let v6 = bytes.loadUnaligned(as: sockaddr_in6.self)
        return withUnsafeBytes(of: v6.sin6_addr) { address in
          SocketAddress(
            high: UInt64(bigEndian: address.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: address.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
            scope: v6.sin6_scope_id, port: UInt16(bigEndian: v6.sin6_port), isIPv6: true)
        }
      }
    default: return nil
    }
  }

  /// The address a socket is bound to, or that of its peer.
  package static func of(_ descriptor: Int32, peer: Bool = false) -> SocketAddress? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let code = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        peer ? getpeername(descriptor, $0, &length) : getsockname(descriptor, $0, &length)
      }
    }
    return code == 0 ? SocketAddress(storage) : nil
  }

  /// Whether only this machine can be behind it: 127.0.0.0/8, ::1, or the former within IPv6.
  package var isLoopback: Bool {
    guard isIPv6 else { return low >> 24 == 127 }
    return high == 0 && (low == 1 || low >> 24 == 0xFFFF_7F)
  }

  /// Whether it stands for every address of the machine.
  package var isWildcard: Bool { high == 0 && low == 0 }

  /// The address as text, without port or brackets: "127.0.0.1", "::1".
  package var host: String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    if isIPv6 {
      var bytes = (high.bigEndian, low.bigEndian)
      _ = inet_ntop(AF_INET6, &bytes, &text, socklen_t(text.count))
    } else {
      var address = UInt32(truncatingIfNeeded: low).bigEndian
      _ = inet_ntop(AF_INET, &address, &text, socklen_t(text.count))
    }
    let end = text.firstIndex(of: 0) ?? text.endIndex
    return String(decoding: text[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  package var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// Whom limits per address count together: an IPv4 address, or the /64 network that one IPv6 customer has.
  package var limitKey: LimitKey {
    if isIPv6, high != 0 || low >> 32 != 0xFFFF { return LimitKey(high: high, low: high == 0 ? low : 0) }
    return LimitKey(high: 0, low: low & 0xFFFF_FFFF | 0xFFFF_0000_0000)
  }

  /// An address as far as limits tell addresses apart.
  package struct LimitKey: Hashable, Sendable {
    let high: UInt64
    let low: UInt64
  }
}
