package import Broker
import Compression
import LogStore
package import Machine
package import Reactor
package import Units

/// The Kafka protocol in front of the engine, on the engine's thread: connections, and one handler file per API.
package final class KafkaDoor: EngineObserver {
  package let engine: Engine
  let loop: EventLoop
  /// Where unusual things are told.
  let log: (String) -> Void
  /// Bytes of requests being read or executed.
  var memory: MemoryPool
  /// Scratch for walking compressed batches.
  let decompressor = Decompressor()
  let compressor = Compressor()
  /// For the metrics.
  package internal(set) var meters = KafkaMeters()

  private var connections: [ObjectIdentifier: KafkaConnection] = [:]
  private var waitingForDisk: [KafkaConnection] = []
  private var waitingForRoom: [KafkaConnection] = []
  private let failed: (DiskError) -> Void

  /// A door to `engine`. `failed` is called once when the disk ends the node.
  package init(
    engine: Engine, loop: EventLoop, memoryBytes: Int, log: @escaping (String) -> Void,
    failed: @escaping (DiskError) -> Void
  ) {
    self.engine = engine
    self.loop = loop
    self.log = log
    self.failed = failed
    memory = MemoryPool(limit: memoryBytes)
    engine.observer = self
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
    for connection in Array(connections.values) { connection.socket.closeAfterFlush(.handler("the server stops")) }
  }

  /// What a listener refused.
  package func listenerReported(_ event: ListenerEvent) { log("listener: \(event)") }

  // MARK: Room

  /// Whether a request of `length` bytes may be read now.
  func admits(_ length: Int, of connection: KafkaConnection) -> Bool {
    memory.hasRoom(for: length) && (length < 65_536 || engine.store.admits)
  }

  func waits(_ connection: KafkaConnection) {
    if !waitingForRoom.contains(where: { $0 === connection }) { waitingForRoom.append(connection) }
  }

  func waitsForDisk(_ connection: KafkaConnection) { waitingForDisk.append(connection) }

  /// At the end of a turn: what was decided goes to the disk, and those who waited for room try again.
  package func turnEnded() {
    engine.turnEnded()
    guard !waitingForRoom.isEmpty, memory.hasRoom(for: 0), engine.store.admits else { return }
    let waiting = waitingForRoom
    waitingForRoom = []
    for connection in waiting { connection.roomMade() }
  }

  func closed(_ connection: KafkaConnection, _ reason: CloseReason) {
    connections[ObjectIdentifier(connection)] = nil
    waitingForRoom.removeAll { $0 === connection }
    waitingForDisk.removeAll { $0 === connection }
    if reason != .peerClosed { log("connection from \(connection.socket.peer) closed: \(reason)") }
  }

  // MARK: Engine

  package func durableAdvanced(to sequence: JournalSequence) {
    let waiting = waitingForDisk
    waitingForDisk = []
    for connection in waiting { connection.diskAdvanced() }
  }

  package func engineFailed(_ error: DiskError) { failed(error) }
}
