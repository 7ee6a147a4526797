import ByteCodec
import Machine
import Reactor
import Testing
import Units

/// What a handler saw.
enum Sight: Equatable, Sendable {
  case announced(Int)
  case frame(Int)
  case drained
  case fileNotCached(Int64, Int)
  case closed(CloseReason)
}

/// Sends every frame back; `script` answers announcements and may do more.
final class EchoHandler: ConnectionHandler {
  let connection: Connection
  private let sights: Notes<Sight>
  private let verdict: (Connection, Int) -> FrameVerdict
  private let received: ((Connection, ByteSlice) -> Void)?
  private let missing: ((Connection, FileRange) -> Void)?

  init(_ connection: Connection, _ server: EchoServer) {
    self.connection = connection
    sights = server.sights
    verdict = server.verdict
    received = server.received
    missing = server.missing
  }

  func frameAnnounced(length: Int) -> FrameVerdict { verdict(connection, length) }

  func frameReceived(_ frame: ByteSlice) {
    if let received { return received(connection, frame) }
    connection.send([ByteSlice(copying: lengthPrefix(Int32(frame.count))), frame])
  }

  func fileNotCached(_ range: FileRange) {
    sights.put(.fileNotCached(range.position.value, range.count))
    missing?(connection, range)
  }

  func connectionClosed(_ reason: CloseReason) { sights.put(.closed(reason)) }
}

/// A loop with a listener on 127.0.0.1 (or `host`) whose connections echo.
final class EchoServer: @unchecked Sendable {
  let loop: EventLoop
  let sights = Notes<Sight>()
  let connections = Notes<Connection>()
  let events = Notes<ListenerEvent>()
  let verdict: @Sendable (Connection, Int) -> FrameVerdict
  let received: (@Sendable (Connection, ByteSlice) -> Void)?
  let missing: (@Sendable (Connection, FileRange) -> Void)?
  private(set) var address = SocketAddress.unset

  init(
    host: String = "127.0.0.1", clock: any Clock = SystemClock(),
    limits: ConnectionLimits = ConnectionLimits(maxFrameBytes: 8 << 20),
    census: ConnectionCensus = ConnectionCensus(.init(total: 10_000)), loops: [EventLoop] = [],
    verdict: @escaping @Sendable (Connection, Int) -> FrameVerdict = { _, _ in .accept },
    received: (@Sendable (Connection, ByteSlice) -> Void)? = nil,
    missing: (@Sendable (Connection, FileRange) -> Void)? = nil
  ) throws {
    loop = try EventLoop(name: "test-loop", clock: clock)
    self.verdict = verdict
    self.received = received
    self.missing = missing
    var settings = Listener.Settings(host: host, port: 0, limits: limits, census: census)
    settings.loops = loops
    let (events, connections) = (events, connections)
    let listener = try Listener(
      on: loop, settings, report: { events.put($0) },
      makeHandler: { [unowned self] connection in
        connections.put(connection)
        return EchoHandler(connection, self)
      })
    address = listener.address
    try loop.start()
  }

  func stop() {
    loop.stop()
    loop.join()
  }

  /// The next reason for which a connection ended.
  func closeReason() throws -> CloseReason {
    while true {
      if case .closed(let reason) = try sights.take() { return reason }
    }
  }
}
