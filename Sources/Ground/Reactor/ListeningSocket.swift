import CLinux
import Glibc

/// A bound, listening, non-blocking socket at the first address of `host`. Accepted sockets inherit its options.
func listeningSocket(host: String, port: UInt16) throws(SystemError) -> Descriptor {
  var hints = addrinfo()
  hints.ai_family = AF_UNSPEC
  hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
  var list: UnsafeMutablePointer<addrinfo>?
  let code = getaddrinfo(host, String(port), &hints, &list)
  guard code == 0, let found = list?.pointee else {
    throw SystemError(call: "looking up '\(host)'", code: code == EAI_SYSTEM ? errno : code)
  }
  defer { freeaddrinfo(list) }

  let type = Int32(SOCK_STREAM.rawValue) | LINUX_SOCK_NONBLOCK | LINUX_SOCK_CLOEXEC
  let made = try Descriptor(of: "socket for \(host)", socket(found.ai_family, type, 0))
  setOption(made.number, SOL_SOCKET, SO_REUSEADDR, 1)
  // 0.0.0.0 and :: are listeners of their own, side by side.
  if found.ai_family == AF_INET6 { setOption(made.number, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
  tuneForReplies(made.number)
  guard bind(made.number, found.ai_addr, found.ai_addrlen) == 0 else {
    throw SystemError(call: "bind of \(host) port \(port)", code: errno)
  }
  guard listen(made.number, ReactorLimits.backlog) == 0 else {
    throw SystemError(call: "listen on \(host) port \(port)", code: errno)
  }
  return made
}

/// Options that accepted sockets inherit. None is worth failing for.
private func tuneForReplies(_ number: Int32) {
  let tcp = Int32(IPPROTO_TCP)
  setOption(number, tcp, TCP_NODELAY, 1)
  // Pacing congestion controls (bbr) double the cost of a local transfer.
  setsockopt(number, tcp, TCP_CONGESTION, "cubic", 5)
  setOption(number, tcp, TCP_NOTSENT_LOWAT, ReactorLimits.unsentBytes)
  // A peer whose machine vanished is noticed after about three minutes.
  setOption(number, SOL_SOCKET, SO_KEEPALIVE, 1)
  setOption(number, tcp, TCP_KEEPIDLE, 120)
  setOption(number, tcp, TCP_KEEPINTVL, 15)
  setOption(number, tcp, TCP_KEEPCNT, 4)
}

private func setOption(_ number: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
  var value = value
  setsockopt(number, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
}

/// A listening socket for somebody else's loop, such as the HTTP library's.
package final class BoundSocket {
  /// Where it listens; a port of 0 has become the one that was free.
  package let address: SocketAddress
  private let descriptor: Descriptor

  /// Listens on `host` and `port`.
  package init(host: String, port: UInt16) throws(SystemError) {
    descriptor = try listeningSocket(host: host, port: port)
    address = SocketAddress.of(descriptor.number) ?? .unset
  }

  /// A descriptor of the socket that the caller closes; -1 when the system has none left.
  package func takeDescriptor() -> Int32 { fcntl(descriptor.number, F_DUPFD_CLOEXEC, 0) }
}
