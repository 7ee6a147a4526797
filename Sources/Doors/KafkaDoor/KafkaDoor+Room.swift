import Broker
import LogStore
import Reactor
import Units

/// The memory of requests, and the connections that wait for some of it, first come first served.
struct RequestRoom {
  var pool: MemoryPool
  /// Bytes that addresses hold, loopback excepted.
  var byAddress: [SocketAddress.LimitKey: Int] = [:]
  /// Those who wait, with the length of the frame they wait for.
  var waiting: [(connection: KafkaConnection, length: Int)] = []
  /// Memory was given back, or the store takes more, since the last look at `waiting`.
  var mayHaveRoom = false
}

extension KafkaDoor {
  /// How long a client may owe us its attention while others wait for memory that its answers take.
  private static let patienceMs: Int64 = 2_000
  /// How often that is looked at while they wait.
  private static let pressureCheckMs: Int64 = 250

  // MARK: Requests

  /// Whether `length` bytes are reserved for a frame of `connection`; otherwise it hears of it when they are, or when
  /// an earlier request of its own is done.
  func reserves(_ length: Int, for connection: KafkaConnection) -> Bool {
    let isHere = connection.socket.announcedBytesHere >= length
    let mustQueue = length > MemoryPool.smallRequestBytes && (!room.waiting.isEmpty || !engine.store.admits)
    if !mustQueue {
      switch take(length, for: connection, isHere: isHere) {
      case .success: return true
      case .failure(.connectionFull): return false
      case .failure: break
      }
    }
    connection.isQueuedForRoom = true
    room.waiting.append((connection, length))
    room.mayHaveRoom = true
    return false
  }

  private func take(
    _ length: Int, for connection: KafkaConnection, isHere: Bool = false
  ) -> Result<Void, MemoryPool.Refusal> {
    let key = connection.socket.peer.isLoopback ? nil : connection.socket.peer.limitKey
    let byAddress = key.map { room.byAddress[$0] ?? 0 }
    switch room.pool.take(length, byConnection: connection.reserved, byAddress: byAddress, isHere: isHere) {
    case .failure(let refusal): return .failure(refusal)
    case .success(let lane):
      if let key { room.byAddress[key, default: 0] += length }
      connection.took(length, lane)
      return .success(())
    }
  }

  func released(_ bytes: Int, _ lane: MemoryPool.Lane, by connection: KafkaConnection) {
    room.pool.give(bytes, lane)
    room.mayHaveRoom = true
    let peer = connection.socket.peer
    guard !peer.isLoopback, let held = room.byAddress[peer.limitKey] else { return }
    room.byAddress[peer.limitKey] = held > bytes ? held - bytes : nil
  }

  func waitsForStore(_ connection: KafkaConnection, isSmall: Bool) {
    guard !connection.isQueuedForStore else { return }
    connection.isQueuedForStore = true
    if isSmall { waitingForStoreSmall.append(connection) } else { waitingForStore.append(connection) }
  }

  /// Lets those who waited for the store start what they hold: as much as a turn may take, the rest in the next one.
  /// Returns the rest.
  private func goOn(_ waiting: [KafkaConnection]) -> [KafkaConnection] {
    let before = bytesStarted
    for (place, connection) in waiting.enumerated() {
      guard bytesStarted &- before < DoorLimits.startedBytesPerTurn else {
        // Whatever else happens, there is a next turn.
        loop.schedule(at: loop.now) {}
        return Array(waiting[place...])
      }
      connection.isQueuedForStore = false
      connection.goOn()
    }
    return []
  }

  /// Goes through those who wait, once a turn and only when something has changed: grants what there is, in order. Who
  /// is kept back by its own address does not keep back others.
  func grantRoom() {
    let admits = engine.store.admits
    if !waitingForStoreSmall.isEmpty, engine.store.admitsSmall {
      let waiting = waitingForStoreSmall
      waitingForStoreSmall = []
      waitingForStoreSmall = goOn(waiting) + waitingForStoreSmall
    }
    if admits, !waitingForStore.isEmpty {
      let waiting = waitingForStore
      waitingForStore = []
      waitingForStore = goOn(waiting) + waitingForStore
    }
    guard !room.waiting.isEmpty, room.mayHaveRoom || admits else { return }
    room.mayHaveRoom = false
    var granted: [KafkaConnection] = []
    var isFull = false
    var rest: [(connection: KafkaConnection, length: Int)] = []
    for waiter in room.waiting where waiter.connection.socket.isOpen {
      let isSmall = waiter.length <= MemoryPool.smallRequestBytes
      guard isSmall || (admits && !isFull) else {
        rest.append(waiter)
        continue
      }
      switch take(waiter.length, for: waiter.connection) {
      case .success: granted.append(waiter.connection)
      case .failure(let refusal):
        if refusal == .poolFull, !isSmall { isFull = true }
        rest.append(waiter)
      }
    }
    room.waiting = rest
    for connection in granted { connection.roomGranted() }
  }

  // MARK: Answers

  /// What a fetch may read: all that it asks for while there is room; a little beyond that for those who have taken all
  /// their answers so far, so that readers who take none do not keep them from the records that have just come.
  func readRoom(underWay: Int) -> FetchRoom {
    let bytes = answersQueued + underWay
    if bytes < answersLimit { return .all }
    return bytes < answersLimit + answersLimit / DoorLimits.smallAnswersShare ? .little(DoorLimits.smallAnswer) : .none
  }

  /// Whether a request of `connection`, which may be answered `atLength`, may start as far as the memory for answers is
  /// concerned: as for fetches, those who take their answers are served a little longer. Beyond that, only short answers
  /// to those who have none under way.
  func mayAnswer(_ connection: KafkaConnection, atLength: Bool) -> Bool {
    switch readRoom(underWay: 0) {
    case .all: true
    case .little: !atLength || connection.takesItsAnswers
    case .none: !atLength && !connection.owesAnswers
    }
  }

  func waitsForAnswers(_ connection: KafkaConnection) {
    guard !connection.isQueuedForAnswers else { return }
    connection.isQueuedForAnswers = true
    waitingForAnswers.append(connection)
  }

  /// Starts requests that waited for memory for their answers, in order, as long as there is some.
  private func goOnAnswering() {
    guard !waitingForAnswers.isEmpty else { return }
    if case .none = readRoom(underWay: 0) { return }
    let waiting = waitingForAnswers
    waitingForAnswers = []
    for connection in waiting where connection.socket.isOpen {
      connection.isQueuedForAnswers = false
      connection.goOn()
    }
  }

  /// Runs what waited for the memory that answers take. While something does, clients that have long not taken their
  /// answers make room: closing the slowest is better than keeping everybody waiting for them.
  func relieveAnswers() {
    if engine.hasHeldFetches { engine.resumeFetches() }
    goOnAnswering()
    guard lacksAnswerRoom, pressureTimer == nil else { return }
    pressureTimer = loop.schedule(at: loop.now.advanced(byMs: Self.pressureCheckMs)) { [self] in
      pressureTimer = nil
      closeSlowest()
    }
  }

  /// Whether somebody waits for memory that answers take, or so much is taken that somebody soon will.
  private var lacksAnswerRoom: Bool {
    if engine.hasHeldFetches || !waitingForAnswers.isEmpty { return true }
    if case .none = readRoom(underWay: 0) { return true }
    return false
  }

  private func closeSlowest() {
    guard lacksAnswerRoom, answersQueued >= answersLimit else { return }
    let slow = connections.values.filter { $0.owesSince.advanced(byMs: Self.patienceMs) <= loop.now }
    for connection in slow.sorted(by: { $0.owesSince < $1.owesSince }) where answersQueued >= answersLimit {
      connection.socket.close(.handler("it left its answers untaken while others waited for the memory they hold"))
    }
  }
}
