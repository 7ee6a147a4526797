import ByteCodec
import Glibc
import Reactor
import Testing
import Units

@Suite struct ListenerTests {
  @Test(arguments: ["127.0.0.1", "::1", "0.0.0.0", "::", "localhost"])
  func bindsAndSaysWhereThePeerCame(host: String) throws {
    let server = try EchoServer(host: host)
    defer { server.stop() }
    #expect(server.address.port != 0)
    let wild = server.address.isWildcard
    #expect(wild == (host == "0.0.0.0" || host == "::"))
    let target =
      wild
      ? SocketAddress(
        high: 0, low: server.address.isIPv6 ? 1 : 0x7F00_0005, scope: 0, port: server.address.port,
        isIPv6: server.address.isIPv6) : server.address
    let client = try TestClient(target)
    let connection = try server.connections.take()
    #expect(connection.local == target)
    #expect(connection.peer == SocketAddress.of(client.descriptor))
    #expect(connection.peer.isLoopback)
    try client.write(frame([5]))
    #expect(try client.readFrame() == [5])
  }

  @Test func addressesAsText() {
    let v4 = SocketAddress(high: 0, low: 0x0A00_0102, scope: 0, port: 9092, isIPv6: false)
    #expect(v4.description == "10.0.1.2:9092")
    #expect(!v4.isLoopback)
    let v6 = SocketAddress(high: 0x2001_0db8_0000_0000, low: 0x1f, scope: 0, port: 1, isIPv6: true)
    #expect(v6.description == "[2001:db8::1f]:1")
    #expect(v6.host == "2001:db8::1f")
  }

  @Test func twoFamiliesShareAPort() throws {
    let loop = try EventLoop(name: "test-loop", clock: SystemClock())
    let census = ConnectionCensus(.init(total: 10))
    let settings = Listener.Settings(host: "0.0.0.0", port: 0, limits: .init(maxFrameBytes: 1), census: census)
    let first = try Listener(on: loop, settings) { QuietHandler($0) }
    var again = settings
    (again.host, again.port) = ("::", first.address.port)
    let second = try Listener(on: loop, again) { QuietHandler($0) }
    #expect(second.address.port == first.address.port)
    again.host = "0.0.0.0"
    let error = #expect(throws: SystemError.self) { _ = try Listener(on: loop, again) { QuietHandler($0) } }
    #expect(error?.code == EADDRINUSE)
    #expect(error?.description.contains("bind of 0.0.0.0 port \(first.address.port)") == true)
    loop.stop()
    loop.run()
  }

  @Test func acceptedSocketsCarryTheOptions() throws {
    let server = try EchoServer()
    defer { server.stop() }
    let client = try TestClient(server.address)
    let descriptor = try server.connections.take().descriptor
    func option(_ level: Int32, _ name: Int32) -> Int32 {
      var value: Int32 = -1
      var size = socklen_t(4)
      getsockopt(descriptor, level, name, &value, &size)
      return value
    }
    #expect(option(Int32(IPPROTO_TCP), TCP_NODELAY) == 1)
    #expect(option(SOL_SOCKET, SO_KEEPALIVE) == 1)
    #expect(option(Int32(IPPROTO_TCP), TCP_KEEPIDLE) == 120)
    #expect(fcntl(descriptor, F_GETFL) & O_NONBLOCK != 0)
    #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
    var name = [UInt8](repeating: 0, count: 16)
    var size = socklen_t(16)
    getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_CONGESTION, &name, &size)
    #expect(String(decoding: name.prefix { $0 != 0 }, as: UTF8.self) == "cubic")
    _ = client
  }

  @Test func beyondTheTotalConnectionsAreTurnedAway() throws {
    let census = ConnectionCensus(.init(total: 2))
    let server = try EchoServer(census: census)
    defer { server.stop() }
    let (first, second) = (try TestClient(server.address), try TestClient(server.address))
    for _ in 0..<2 { _ = try server.connections.take() }
    let third = try TestClient(server.address)
    #expect(try third.isClosedByPeer())
    guard case .refused(_, .tooMany) = try server.events.take() else {
      Issue.record("not refused for the total")
      return
    }
    first.close()
    #expect(try server.closeReason() == .peerClosed)
    let fourth = try TestClient(server.address)
    _ = try server.connections.take()
    try fourth.write(frame([4]))
    #expect(try fourth.readFrame() == [4])
    #expect(census.count == 2)
    _ = second
  }

  @Test func connectionsAreSharedAmongLoops() throws {
    let others = try (0..<2).map { try EventLoop(name: "other-\($0)", clock: SystemClock()) }
    for loop in others { try loop.start() }
    let census = ConnectionCensus(.init(total: 100))
    let server = try EchoServer(census: census, loops: others)
    let clients = try (0..<6).map { _ in try TestClient(server.address) }
    for (index, client) in clients.enumerated() {
      try client.write(frame([UInt8(index)]))
      #expect(try client.readFrame() == [UInt8(index)])
    }
    let served = try (0..<6).map { _ in try server.connections.take() }
    for loop in others { #expect(served.filter { $0.loop === loop }.count == 3) }
    server.stop()
    for loop in others {
      loop.stop()
      loop.join()
    }
    for _ in 0..<6 { #expect(try server.closeReason() == .loopStopped) }
    withExtendedLifetime(clients) {}  // a client that is let go of closes its end
    #expect(census.count == 0)
    // What comes for a loop that has ended is closed, not lost.
    let late = try EchoServer(census: census, loops: others)
    defer { late.stop() }
    let client = try TestClient(late.address)
    #expect(try client.isClosedByPeer())
    guard case .loopUnavailable = try late.events.take() else {
      Issue.record("not reported")
      return
    }
    #expect(census.count == 0)
  }

  @Test func withoutDescriptorsTheListenerRestsAndComesBack() async {
    await #expect(processExitsWith: .success) {
      let clock = HandClock()
      let server = try EchoServer(clock: clock)
      let early = try TestClient(server.address)
      _ = try server.connections.take()
      var limit = rlimit(rlim_cur: 200, rlim_max: 200)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      var fillers: [Int32] = []
      while case let made = open("/dev/null", O_RDONLY), made >= 0 { fillers.append(made) }
      try #require(errno == EMFILE)
      close(fillers.removeLast())
      // Takes the last descriptor, so that nothing is left for its accept.
      let refused = try TestClient(server.address)
      #expect(try server.events.take() == .outOfDescriptors)
      #expect(try refused.isClosedByPeer())
      // Those that are connected are served on.
      try early.write(frame([1]))
      #expect(try early.readFrame() == [1])
      for _ in 0..<4 { close(fillers.removeLast()) }
      let patient = try TestClient(server.address)
      try patient.write(frame([2]))
      try server.loop.letTurnsPass(5)
      #expect(server.connections.isEmpty)
      clock.move(byMs: ReactorLimits.acceptPauseMs)
      try server.loop.letTurnsPass()
      #expect(try patient.readFrame() == [2])
      server.stop()
    }
  }
}

@Suite struct ConnectionCensusTests {
  private func v4(_ last: UInt64, port: UInt16 = 1) -> SocketAddress {
    SocketAddress(high: 0, low: 0x0A00_0000 | last, scope: 0, port: port, isIPv6: false)
  }

  private func v6(_ high: UInt64, _ low: UInt64) -> SocketAddress {
    SocketAddress(high: high, low: low, scope: 0, port: 1, isIPv6: true)
  }

  private let start = Instant(nanoseconds: 5_000_000_000)

  @Test func anAddressHasItsOwnTotal() {
    let census = ConnectionCensus(.init(total: 100, perAddress: 2))
    #expect(census.arrived(v4(1, port: 1), now: start) == .welcome)
    #expect(census.arrived(v4(1, port: 2), now: start) == .welcome)
    #expect(census.arrived(v4(1, port: 3), now: start) == .tooManyOfAddress)
    #expect(census.arrived(v4(2), now: start) == .welcome)
    census.left(v4(1, port: 1))
    #expect(census.arrived(v4(1, port: 4), now: start.advanced(byMs: 5_000)) == .welcome)
    #expect(census.arrived(v4(1, port: 5), now: start.advanced(byMs: 5_000)) == .tooManyOfAddress)
    #expect(census.count == 3)
  }

  @Test func anAddressHasItsOwnPace() {
    let census = ConnectionCensus(.init(total: 1000, newPerSecond: 3))
    for _ in 0..<3 {
      #expect(census.arrived(v4(1), now: start) == .welcome)
      census.left(v4(1))
    }
    #expect(census.arrived(v4(1), now: start.advanced(byMs: 999)) == .tooFastOfAddress)
    #expect(census.arrived(v4(2), now: start.advanced(byMs: 999)) == .welcome)
    #expect(census.arrived(v4(1), now: start.advanced(byMs: 1_000)) == .welcome)
  }

  @Test func ipv6CountsByNetworkAndLoopbackNotAtAll() {
    let census = ConnectionCensus(.init(total: 1000, perAddress: 1, newPerSecond: 1))
    #expect(census.arrived(v6(7, 1), now: start) == .welcome)
    #expect(census.arrived(v6(7, 2), now: start) == .tooManyOfAddress)
    #expect(census.arrived(v6(8, 1), now: start) == .welcome)
    let loopback = SocketAddress(high: 0, low: 0x7F00_0001, scope: 0, port: 1, isIPv6: false)
    for _ in 0..<10 {
      #expect(census.arrived(loopback, now: start) == .welcome)
      #expect(census.arrived(v6(0, 1), now: start) == .welcome)
    }
    #expect(census.count == 22)
  }
}

/// Accepts and forgets.
final class QuietHandler: ConnectionHandler {
  init(_ connection: Connection) {}
  func frameAnnounced(length: Int) -> FrameVerdict { .accept }
  func frameReceived(_ frame: ByteSlice) {}
  func connectionClosed(_ reason: CloseReason) {}
}
