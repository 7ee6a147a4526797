package import Broker
import Compression
import KafkaWire
package import LogStore
package import Machine
package import Reactor
import Settings
package import Units

/// The Kafka protocol in front of the engine, on the engine's thread: connections, and one handler file per API. Who
/// waits for room is in `KafkaDoor+Room.swift`.
package final class KafkaDoor: EngineObserver {
  package let engine: Engine
  let loop: EventLoop
  /// Where unusual things are told.
  private let log: (String) -> Void
  /// Scratch for batches that are seen to at once.
  let decompressor = Decompressor()
  let compressor = Compressor()
  /// What clients read, remembered between their fetches.
  var sessions: FetchSessions
  /// Answers that many clients get alike.
  var sharedAnswers = SharedAnswers()
  /// The topics that are produced to.
  var produceRoutes = ProduceRoutes()
  /// For the metrics.
  package internal(set) var meters = KafkaMeters()
  /// What was asked for in this turn.
  var turnRequests = RequestSet()

  /// Bytes of requests being read or executed, and who waits for room there.
  var room: RequestRoom
  /// Bytes of answers that clients have not taken yet.
  var answersQueued = 0
  /// How many they may be before fetches, and whatever may be answered at length, wait.
  let answersLimit: Int
  /// Connections whose next request waits for that.
  var waitingForAnswers: [KafkaConnection] = []
  /// What one request may take decoded.
  let decodedLimit: Int
  var lookups = LookupTurn()
  /// Requests that wait for indexes of segments.
  var indexWaits = 0
  var pressureTimer: TimerID?

  private(set) var connections: [ObjectIdentifier: KafkaConnection] = [:]
  private var waitingForDisk: [KafkaConnection] = []
  /// Bytes of requests that were ever started.
  var bytesStarted: UInt64 = 0
  /// Those whose next request waits until the store takes more: large ones, and small ones.
  var waitingForStore: [KafkaConnection] = []
  var waitingForStoreSmall: [KafkaConnection] = []
  private var ordinaryClosures = LogLimiter(perSecond: DoorLimits.ordinaryClosuresPerSecond)
  private var unusualClosures = LogLimiter(perSecond: DoorLimits.unusualClosuresPerSecond)
  private var slowTurns = LogLimiter(perSecond: DoorLimits.slowTurnsPerSecond)
  private var notices = LogLimiter(perSecond: DoorLimits.noticesPerSecond)
  private let failed: (DiskError) -> Void
  /// The server stops: what is not decided yet will not be.
  private(set) var isClosing = false

  /// A door to `engine`. Requests may take `memoryBytes` together, and so may answers. `failed` is called once when the
  /// disk ends the node.
  package init(
    engine: Engine, loop: EventLoop, memoryBytes: Int, log: @escaping (String) -> Void,
    failed: @escaping (DiskError) -> Void
  ) {
    self.engine = engine
    self.loop = loop
    self.log = log
    self.failed = failed
    room = RequestRoom(pool: MemoryPool(limit: memoryBytes))
    answersLimit = memoryBytes
    decodedLimit = max(memoryBytes / DoorLimits.decodedShare, DoorLimits.leastDecoded)
    sessions = FetchSessions(slots: Int(engine.settings.network.fetchSessionSlots))
    engine.observer = self
    loop.watchTurns { [unowned self] in turnEnded($0) }
    engine.limitReads { [unowned self] in readRoom(underWay: $0) }
  }

  /// The handler of a new connection; what a listener is given.
  package func accepted(_ socket: Connection) -> any ConnectionHandler {
    let connection = KafkaConnection(door: self, socket: socket)
    connections[ObjectIdentifier(connection)] = connection
    return connection
  }

  package var connectionCount: Int { connections.count }

  /// Ends all connections: replies that are made still leave.
  package func closeConnections() {
    isClosing = true
    for connection in Array(connections.values) { connection.socket.closeAfterFlush(.handler("the server stops")) }
  }

  /// At the end of a turn: those who waited for room try again, and what was decided goes to the disk.
  package func turnEnded() {
    goOnLookingUp()
    grantRoom()
    relieveAnswers()
    engine.turnEnded()
  }

  // MARK: Engine

  func waitsForDisk(_ connection: KafkaConnection) { waitingForDisk.append(connection) }

  package func durableAdvanced(to sequence: JournalSequence) {
    let waiting = waitingForDisk
    waitingForDisk = []
    for connection in waiting { connection.diskAdvanced() }
  }

  package func engineFailed(_ error: DiskError) { failed(error) }

  package func indexRebuilt(_ segment: SegmentKey, blocks: Int) {
    notice("\(segment.indexPath) lacked \(blocks) blocks: made again from \(segment.logPath)")
  }

  package func engineNoticed(_ notice: EngineNotice) {
    // A disk may be damaged in many places; the others come seldom.
    if case .damaged = notice { self.notice(notice.description) } else { log(notice.description) }
  }

  // MARK: Log

  func closed(_ connection: KafkaConnection, _ reason: CloseReason) {
    connections[ObjectIdentifier(connection)] = nil
    let admitted: (isAdmitted: Bool, suppressedBefore: Int)
    switch reason {
    case .peerClosed, .peerReset, .idle, .loopStopped: admitted = ordinaryClosures.admit(now: loop.now)
    default: admitted = unusualClosures.admit(now: loop.now)
    }
    guard admitted.isAdmitted else { return }
    let client = connection.clientID.isEmpty ? "" : ", client '\(connection.clientID)'"
    let software = connection.software.isEmpty ? "" : " (\(connection.software))"
    write("connection from \(connection.socket.peer)\(client)\(software) closed: \(reason)", admitted.suppressedBefore)
  }

  /// What a listener refused.
  package func listenerReported(_ event: ListenerEvent) { notice("listener: \(event)") }

  /// Tells something that clients can cause as often as they like.
  func notice(_ text: @autoclosure () -> String) {
    let admitted = notices.admit(now: loop.now)
    if admitted.isAdmitted { write(text(), admitted.suppressedBefore) }
  }

  /// Tells of a turn that held up everybody.
  func slowTurn(_ cost: TurnCost) {
    let admitted = slowTurns.admit(now: loop.now)
    guard admitted.isAdmitted else { return }
    let requests = turnRequests.names
    write(
      "one turn of the engine took \(cost.processor / 1_000_000) ms of its thread (\(cost.parts); requests: "
        + "\(requests.isEmpty ? "none" : requests))", admitted.suppressedBefore)
  }

  private func write(_ line: String, _ suppressed: Int) {
    log(suppressed == 0 ? line : "\(line) (\(suppressed) lines of this kind before were left out)")
  }
}
