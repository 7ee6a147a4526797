import ByteCodec
import Machine
import Reactor
import Units

/// A client's connection and the one to the server that stands for it. Loop thread only.
final class ProxiedConnection {
  /// One of the two ends, as the handler of its connection.
  private final class End: ConnectionHandler {
    let connection: Connection
    let isClient: Bool
    private let pair: ProxiedConnection

    init(_ connection: Connection, isClient: Bool, _ pair: ProxiedConnection) {
      self.connection = connection
      self.isClient = isClient
      self.pair = pair
    }

    func frameAnnounced(length: Int) -> FrameVerdict { .accept }
    func frameReceived(_ frame: ByteSlice) { pair.received(frame, from: self) }
    func outputDrained() { pair.drained(self) }
    func connectionClosed(_ reason: CloseReason) { pair.closed(self) }
  }

  /// Bytes that may wait in an end's output before the other end is read no more.
  private static let outputLimit = 16 << 20
  /// Requests whose answers are awaited; what comes beyond it is taken for one that changes nothing.
  private static let awaitedLimit = 10_000

  private unowned let proxy: FaultProxy
  private let client: Connection
  private let server: Connection
  private var plan: FramePlan
  private var requests = HeldFrames()
  private var responses = HeldFrames()
  /// Whether the requests whose answers are still to come change something, in their order.
  private var awaited: [Bool] = []
  private var timers: [TimerID?] = [nil, nil]
  private var isClientGone = false

  /// Stands between `client` and `server`, which are both to be started by `begin`.
  init(_ proxy: FaultProxy, client: Connection, server: Connection, plan: FramePlan) {
    self.proxy = proxy
    self.client = client
    self.server = server
    self.plan = plan
  }

  /// Starts the server's end; gives the handler of the client's.
  func begin() -> any ConnectionHandler {
    server.start(End(server, isClient: false, self))
    return End(client, isClient: true, self)
  }

  /// Ends both at once.
  func cut() {
    // The server's first: a client that is gone is no reason to deliver what is held.
    server.close(.handler("cut"))
    client.close(.handler("cut"))
  }

  private func received(_ frame: ByteSlice, from end: End) {
    proxy.count { $0.frames += 1 }
    var sight: FrameSight
    if end.isClient {
      sight = FrameSight(request: frame)
      if awaited.count < Self.awaitedLimit { awaited.append(sight.changes) }
    } else {
      let changes = awaited.isEmpty ? false : awaited.removeFirst()
      sight = FrameSight(size: frame.count + 4, changes: changes, mayArriveLate: false)
    }
    let fate = plan.fate(of: sight, in: proxy.weather)
    if case .hold = fate { proxy.count { $0.held += 1 } }
    let now = client.loop.now
    if end.isClient {
      requests.append(frame, sight, fate, now: now)
      if requests.isFull { client.pauseReading() }
    } else {
      responses.append(frame, sight, fate, now: now)
      if responses.isFull { server.pauseReading() }
    }
    deliver(toServer: end.isClient)
  }

  /// Sends what is due in one direction, and comes back when the next is.
  private func deliver(toServer: Bool) {
    let target = toServer ? server : client
    while let item = toServer ? requests.takeDue(at: client.loop.now) : responses.takeDue(at: client.loop.now) {
      guard target.isOpen else { return }
      if isClientGone { proxy.count { $0.late += 1 } }
      guard send(item, to: target) else { return }
    }
    if toServer, isClientGone, requests.isEmpty { return server.closeAfterFlush(.peerClosed) }
    let source = toServer ? client : server
    let isFull = toServer ? requests.isFull : responses.isFull
    if !isFull, target.queuedBytes < Self.outputLimit { source.resumeReading() } else { source.pauseReading() }
    arm(toServer: toServer)
  }

  /// False when the connection was cut with it.
  private func send(_ item: HeldFrames.Item, to target: Connection) -> Bool {
    let prefix = ByteSlice(copying: (0..<4).map { UInt8(truncatingIfNeeded: item.frame.count >> (24 - 8 * $0)) })
    guard let bytes = item.cutAfter else {
      target.send([prefix, item.frame])
      return true
    }
    target.send([prefix.part(from: 0, count: bytes), item.frame.part(from: 0, count: bytes - 4)])
    let isWhole = bytes == 0 || bytes >= item.frame.count + 4
    proxy.count { if isWhole { $0.cuts += 1 } else { $0.tears += 1 } }
    target.closeAfterFlush(.handler("cut"))
    let other = target === server ? client : server
    other.close(.handler("cut"))
    return false
  }

  private func arm(toServer: Bool) {
    let index = toServer ? 0 : 1
    guard timers[index] == nil, let due = toServer ? requests.due : responses.due else { return }
    timers[index] = client.loop.schedule(at: due) { [self] in
      timers[index] = nil
      deliver(toServer: toServer)
    }
  }

  private func drained(_ end: End) { if end.connection.isOpen { deliver(toServer: !end.isClient) } }

  private func closed(_ end: End) {
    if end.isClient {
      isClientGone = true
      guard server.isOpen else { return proxy.ended(self) }
      requests.senderLeft()
      _ = responses.takeAll()
      deliver(toServer: true)
    } else {
      guard client.isOpen else { return proxy.ended(self) }
      for item in responses.takeAll() where client.isOpen {
        guard send(item, to: client) else { break }
      }
      client.closeAfterFlush(.peerClosed)
    }
  }
}
