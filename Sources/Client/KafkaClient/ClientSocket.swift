import ByteCodec
import CLinux
import Glibc
import Machine
import Units

/// A TCP connection whose calls wait, each until a deadline. Used by one thread.
final class ClientSocket {
  /// The file descriptor, for `poll`.
  let number: Int32
  private let peer: BrokerAddress
  private let options: ClientOptions

  private init(_ number: Int32, peer: BrokerAddress, options: ClientOptions) {
    self.number = number
    self.peer = peer
    self.options = options
  }

  deinit { close(number) }

  /// Connects to the first of the host's addresses that answers. Fails with `unreachable` and the last address's reason.
  static func connect(to peer: BrokerAddress, options: ClientOptions) throws(ClientError) -> ClientSocket {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(peer.host, String(peer.port), &hints, &found)
    guard code == 0 else {
      throw ClientError(.unreachable, "cannot reach \(peer): \(String(cString: gai_strerror(code)))")
    }
    defer { freeaddrinfo(found) }
    var reason = "no address"
    var next = found
    while let candidate = next {
      next = candidate.pointee.ai_next
      let type = candidate.pointee.ai_socktype | LINUX_SOCK_NONBLOCK | LINUX_SOCK_CLOEXEC
      let number = socket(candidate.pointee.ai_family, type, 0)
      guard number >= 0 else {
        reason = systemReason(errno)
        continue
      }
      let made = ClientSocket(number, peer: peer, options: options)
      let failure = try made.finishConnecting(candidate.pointee.ai_addr, candidate.pointee.ai_addrlen)
      guard let failure else {
        made.prepare()
        return made
      }
      reason = failure
    }
    throw ClientError(.unreachable, "cannot reach \(peer): \(reason)")
  }

  /// Nil once the connection stands, else why it does not.
  private func finishConnecting(_ address: UnsafeMutablePointer<sockaddr>?, _ length: socklen_t) throws(ClientError)
    -> String?
  {
    if Glibc.connect(number, address, length) == 0 { return nil }
    guard errno == EINPROGRESS || errno == EINTR else { return systemReason(errno) }
    let deadline = options.clock.now().advanced(byMs: options.connectTimeoutMs)
    guard try wait(for: POLLOUT, until: deadline) else { return "no answer in \(options.connectTimeoutMs) ms" }
    var code: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(number, SOL_SOCKET, SO_ERROR, &code, &size)
    return code == 0 ? nil : systemReason(code)
  }

  /// Small requests leave at once; a peer that vanished is noticed while we wait for it.
  private func prepare() {
    var on: Int32 = 1
    let size = socklen_t(MemoryLayout<Int32>.size)
    setsockopt(number, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size)
    setsockopt(number, SOL_SOCKET, SO_KEEPALIVE, &on, size)
  }

  /// Sends all of `slice`. Fails with `disconnected` or `timedOut`.
  func write(_ slice: ByteSlice, until deadline: Instant) throws(ClientError) {
    var sent = 0
    while sent < slice.count {
      let rest = slice.dropping(sent)
      let count = rest.withUnsafeBytes { send(number, $0.baseAddress, $0.count, LINUX_MSG_NOSIGNAL) }
      if count >= 0 {
        sent += count
      } else if errno == EAGAIN {
        guard try wait(for: POLLOUT, until: deadline) else { throw late }
      } else if errno != EINTR {
        throw broken(systemReason(errno))
      }
    }
  }

  /// Fills `target`. Fails with `disconnected` or `timedOut`.
  func read(into target: UnsafeMutableRawBufferPointer, until deadline: Instant) throws(ClientError) {
    var filled = 0
    while filled < target.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: target[filled...])
      let count = recv(number, rest.baseAddress, rest.count, 0)
      if count > 0 {
        filled += count
      } else if count == 0 {
        throw broken("the broker closed the connection")
      } else if errno == EAGAIN {
        guard try wait(for: POLLIN, until: deadline) else { throw late }
      } else if errno != EINTR {
        throw broken(systemReason(errno))
      }
    }
  }

  /// Whether the socket became ready before `deadline`.
  private func wait(for events: Int32, until deadline: Instant) throws(ClientError) -> Bool {
    var entry = pollfd(fd: number, events: Int16(events), revents: 0)
    while true {
      let left = options.clock.now().milliseconds(until: deadline)
      let ready = poll(&entry, 1, Int32(clamping: left))
      if ready > 0 { return true }
      if ready < 0, options.isInterrupted() { throw ClientError(.interrupted, "interrupted") }
      if ready == 0, left <= Int64(Int32.max) { return false }
    }
  }

  private var late: ClientError { ClientError(.timedOut, "\(peer) did not answer in time") }

  private func broken(_ reason: String) -> ClientError {
    ClientError(.disconnected, "connection to \(peer) lost: \(reason)")
  }
}

/// The system's words for an error number.
func systemReason(_ code: Int32) -> String {
  guard let text = strerror(code) else { return "error \(code)" }
  return String(cString: text)
}
