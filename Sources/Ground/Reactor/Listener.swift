import CLinux
import Glibc
import Units

/// Where a listener tells what it refused, for log and metrics. Called on its loop's thread.
package enum ListenerEvent: Equatable, Sendable {
  /// A connection was closed at once because of a limit.
  case refused(SocketAddress, ConnectionCensus.Verdict)
  /// No descriptors are left: one waiting connection was turned away and accepting rests for a moment.
  case outOfDescriptors
  /// The loop the connection was meant for takes no more work; it was closed.
  case loopUnavailable(SocketAddress)
  /// Another failure of accepting, by error number; accepting rests for a moment.
  case acceptFailed(Int32)
}

/// A listening socket. Loop thread only, except that it may be made before the loop runs.
package final class Listener: @unchecked Sendable {
  package struct Settings: Sendable {
    /// An address or a name; the first of its addresses is taken.
    package var host: String
    /// 0 lets the system choose.
    package var port: UInt16
    package var limits: ConnectionLimits
    package var census: ConnectionCensus
    /// The loops that get the connections in turn; empty: the listener's own.
    package var loops: [EventLoop] = []

    package init(host: String, port: UInt16, limits: ConnectionLimits, census: ConnectionCensus) {
      self.host = host
      self.port = port
      self.limits = limits
      self.census = census
    }
  }

  /// The bound address, with the port that was chosen.
  package let address: SocketAddress

  private let loop: EventLoop
  private let settings: Settings
  private let makeHandler: @Sendable (Connection) -> any ConnectionHandler
  private let report: @Sendable (ListenerEvent) -> Void
  private var socket: Descriptor?
  private var spare: Descriptor?
  private var id: SourceID?
  private var pause: TimerID?
  private var nextLoop = 0

  /// Binds and listens. `makeHandler` is called for each connection on the thread of the connection's loop; the
  /// handler may keep the connection, both are let go of after `connectionClosed`.
  package init(
    on loop: EventLoop, _ settings: Settings, report: @escaping @Sendable (ListenerEvent) -> Void = { _ in },
    makeHandler: @escaping @Sendable (Connection) -> any ConnectionHandler
  ) throws(SystemError) {
    self.loop = loop
    self.settings = settings
    self.report = report
    self.makeHandler = makeHandler
    let made = try listeningSocket(host: settings.host, port: settings.port)
    let number = made.number
    guard let bound = SocketAddress.of(number) else {
      throw SystemError(call: "getsockname of \(settings.host)", code: errno)
    }
    address = bound
    socket = consume made
    spare = try Descriptor(of: "open of /dev/null", spareDescriptor())
    id = try loop.poller.add(number, interest: Poller.readable, self)
  }

  /// Accepts no more; connections stay. Closing twice is harmless.
  package func close() {
    assert(loop.isOnLoopThread)
    if let pause { loop.cancel(pause) }
    pause = nil
    if let id, let number { loop.poller.remove(number, id) }
    id = nil
    socket = nil
    spare = nil
  }

  private var number: Int32? {
    switch socket {
    case .some(let open): open.number
    case .none: nil
    }
  }

  // MARK: - Accepting

  private func acceptSome() {
    for _ in 0..<ReactorLimits.acceptsPerTurn {
      guard let number else { return }
      var storage = sockaddr_storage()
      let taken = acceptOne(number, &storage)
      if taken >= 0 {
        arrived(taken, SocketAddress(storage) ?? .unset)
        continue
      }
      switch errno {
      case EAGAIN: return
      // The peer, or its network, gave up before its turn came.
      case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENETUNREACH, EHOSTDOWN, EHOSTUNREACH, ETIMEDOUT: continue
      case EMFILE, ENFILE:
        turnOneAway(number)
        report(.outOfDescriptors)
        return rest(number)
      case let code:
        report(.acceptFailed(code))
        return rest(number)
      }
    }
  }

  private func arrived(_ taken: Int32, _ peer: SocketAddress) {
    let verdict = settings.census.arrived(peer, now: loop.now)
    guard verdict == .welcome else {
      _ = Glibc.close(taken)
      return report(.refused(peer, verdict))
    }
    let local = address.isWildcard ? SocketAddress.of(taken) ?? address : address
    let target = chooseLoop()
    let (settings, makeHandler) = (settings, makeHandler)
    let begin: @Sendable () -> Void = {
      let connection = Connection(
        loop: target, descriptor: taken, local: local, peer: peer, limits: settings.limits,
        onClose: { [census = settings.census] in census.left(peer) })
      connection.start(makeHandler(connection))
    }
    if target === loop { return begin() }
    guard target.post(begin) else {
      settings.census.left(peer)
      _ = Glibc.close(taken)
      return report(.loopUnavailable(peer))
    }
  }

  private func chooseLoop() -> EventLoop {
    guard !settings.loops.isEmpty else { return loop }
    nextLoop = (nextLoop + 1) % settings.loops.count
    return settings.loops[nextLoop]
  }

  /// With the spare descriptor's place, takes one waiting connection and closes it: its peer learns at once.
  private func turnOneAway(_ number: Int32) {
    spare = nil
    var storage = sockaddr_storage()
    let taken = acceptOne(number, &storage)
    if taken >= 0 { _ = Glibc.close(taken) }
    let again = spareDescriptor()
    if again >= 0 { spare = Descriptor(again) }
  }

  /// Looks away for a moment: the waiting connection would wake the loop in every turn.
  private func rest(_ number: Int32) {
    guard let id, pause == nil else { return }
    loop.poller.modify(number, interest: 0, id)
    pause = loop.schedule(at: loop.now.advanced(byMs: ReactorLimits.acceptPauseMs)) { [self] in
      pause = nil
      loop.poller.modify(number, interest: Poller.readable, id)
    }
  }
}

extension Listener: EventSource {
  func ready(_ events: UInt32) { acceptSome() }
  func loopStopped() { close() }
}

private func acceptOne(_ number: Int32, _ storage: inout sockaddr_storage) -> Int32 {
  var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
  return withUnsafeMutablePointer(to: &storage) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      linux_accept4(number, $0, &length, LINUX_SOCK_NONBLOCK | LINUX_SOCK_CLOEXEC)
    }
  }
}

private func spareDescriptor() -> Int32 { open("/dev/null", O_RDONLY | O_CLOEXEC) }
