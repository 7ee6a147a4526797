import CLinux
import Glibc

extension Connection {
  /// A connection that this side opens, to a port of 127.0.0.1. It may not stand yet when this returns: what is sent waits
  /// for it, and a refusal closes it with `readFailed`. `start` makes it live.
  package static func open(
    on loop: EventLoop, toLoopbackPort port: UInt16, limits: ConnectionLimits
  ) throws(SystemError) -> Connection {
    let type = Int32(SOCK_STREAM.rawValue) | LINUX_SOCK_NONBLOCK | LINUX_SOCK_CLOEXEC
    let made = try Descriptor(of: "socket for port \(port)", socket(AF_INET, type, 0))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let number = made.number
    let code = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 || errno == EINPROGRESS else {
      throw SystemError(call: "connect to port \(port)", code: errno)
    }
    var on: Int32 = 1
    setsockopt(number, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    return Connection(
      loop: loop, descriptor: made.take(), local: SocketAddress.of(number) ?? .unset,
      peer: SocketAddress(high: 0, low: 0x7f00_0001, scope: 0, port: port, isIPv6: false), limits: limits, onClose: {})
  }
}
