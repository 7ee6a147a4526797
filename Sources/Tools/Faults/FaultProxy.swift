import ByteCodec
package import Machine
package import Reactor
import Units

/// A TCP proxy before a Kafka server: it cuts connections between frames and inside them, holds frames and so lets those of
/// other connections overtake them, all by a seed. Runs on a loop of its own; its methods may be called from any thread.
package final class FaultProxy: @unchecked Sendable {
  /// A frame of the protocol, as large as any client's.
  private static let frameLimit = 256 << 20
  /// Clients are a few dozen.
  private static let connectionLimit = 2_000

  /// Where clients come: the address for the server to advertise.
  package let address: SocketAddress

  private let loop: EventLoop
  private let seed: UInt64
  private let counted = Locked(ProxyCounts())
  private let orders = Locked(Orders())
  // The rest belongs to the loop's thread.
  private var number = 0
  private var pairs: [ObjectIdentifier: ProxiedConnection] = [:]

  /// What it is told from outside; it holds from the next frame and the next connection on.
  private struct Orders {
    var weather = Weather.of(.calm)
    var serverPort: UInt16 = 0
    var isRefusing = false
  }

  /// Listens on a free port of 127.0.0.1.
  package init(seed: UInt64, clock: any Clock) throws(SystemError) {
    self.seed = seed
    loop = try EventLoop(name: "proxy", clock: clock)
    let settings = Listener.Settings(
      host: "127.0.0.1", port: 0, limits: Self.limits, census: ConnectionCensus(.init(total: Self.connectionLimit)))
    let door = Door()
    let listener = try Listener(on: loop, settings) { connection in
      door.proxy?.arrived(connection) ?? Turned(connection)
    }
    address = listener.address
    door.proxy = self
    try loop.start()
  }

  /// Cuts all and ends.
  package func stop() {
    loop.stop()
    loop.join()
  }

  /// The server's port from now on; connections that stand stay.
  package func forward(to port: UInt16) { orders.withLock { $0.serverPort = port } }

  package func set(_ kind: Weather.Kind) { orders.withLock { $0.weather = .of(kind) } }

  /// Lets no connection in as long as `refusing`.
  package func refuse(_ refusing: Bool) { orders.withLock { $0.isRefusing = refusing } }

  /// Cuts every connection, in the loop's next turn.
  package func cutAll() {
    // Refused only when the loop has ended: then there is nothing to cut.
    _ = loop.post { [self] in
      for pair in Array(pairs.values) { pair.cut() }
    }
  }

  package var counts: ProxyCounts { counted.withLock { $0 } }

  private static var limits: ConnectionLimits {
    // A server that stands still keeps its clients.
    ConnectionLimits(maxFrameBytes: frameLimit, idleMs: nil, slowReaderMs: 120_000)
  }

  private func arrived(_ client: Connection) -> any ConnectionHandler {
    let (limits, orders) = (Self.limits, orders.withLock { $0 })
    guard !orders.isRefusing,
      let server = try? Connection.open(on: loop, toLoopbackPort: orders.serverPort, limits: limits)
    else { return Turned(client) }
    number += 1
    count { $0.connections += 1 }
    let pair = ProxiedConnection(self, client: client, server: server, plan: FramePlan(seed: seed, connection: number))
    pairs[ObjectIdentifier(pair)] = pair
    return pair.begin()
  }

  var weather: Weather { orders.withLock { $0.weather } }

  func count(_ change: (inout ProxyCounts) -> Void) { counted.withLock { change(&$0) } }

  func ended(_ pair: ProxiedConnection) { pairs[ObjectIdentifier(pair)] = nil }
}

/// Leads from the listener, which is made first, to the proxy.
private final class Door: @unchecked Sendable {
  weak var proxy: FaultProxy?
}

/// A client that is not let in.
private final class Turned: ConnectionHandler {
  init(_ connection: Connection) { connection.close(.handler("refused")) }

  func frameAnnounced(length: Int) -> FrameVerdict { .close(.handler("refused")) }
  func frameReceived(_ frame: ByteSlice) {}
  func connectionClosed(_ reason: CloseReason) {}
}
