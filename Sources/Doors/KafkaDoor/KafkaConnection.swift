import Broker
import ByteCodec
import Coordination
import KafkaWire
import LogStore
import Machine
import Reactor
import Units

/// One client: frames become requests, answers leave in their order.
///
/// Produce, and nothing else, is executed ahead of unanswered requests before it; any other request starts when all
/// before it are answered. So an answer never shows less than an earlier one did, while producers keep several batches
/// under way. A client that does not take its answers is neither read nor served until it has.
final class KafkaConnection: ConnectionHandler {
  let door: KafkaDoor
  /// The socket; this connection owns it until `connectionClosed`.
  let socket: Connection
  private var replies = ReplyQueue()
  /// Frames that wait for their predecessors' answers, or for room in the store. Reading stops with the first.
  private var held: [ByteSlice] = []
  /// The memory of frames that are read or held, in their order.
  private var reservations: [(bytes: Int, lane: MemoryPool.Lane)] = []
  /// Bytes of `reservations`.
  private(set) var reserved = 0
  /// The next frame's memory has been granted while it waited.
  private var isGranted = false
  /// The door has this connection on its list for room.
  var isQueuedForRoom = false
  /// The door has this connection on its list for the store.
  var isQueuedForStore = false
  /// The door has this connection on its list for the memory of answers.
  var isQueuedForAnswers = false
  /// Nothing is read until `goOn` finds that it may be.
  private var isStopped = false
  /// A Produce waits for its batches to be prepared: nothing behind it starts, and its frame keeps its memory.
  private var isPreparing = false
  /// Not read for a moment, because the journal is nearly full.
  private var isSlowed = false
  private var isWaitingForDisk = false
  /// Bytes of answers counted with the door: made, and not yet taken by the client.
  private var answerBytes = 0
  /// Of that, the part of a range that had left the page cache.
  private var partInMemory = 0
  /// Whether it has taken answers before, and owes us nothing now.
  private(set) var takesItsAnswers = false
  /// Since when some of them were never all taken.
  private(set) var owesSince = Instant.distantFuture
  /// Some of its answers are on their way.
  var owesAnswers: Bool { owesSince != .distantFuture }
  /// Set while a fetch is parked, to forget it when the client goes.
  var parkedFetch: UInt64?
  /// Set while a coordinator keeps a request, for the same reason.
  var waiter: Waiter?
  /// What the client said of itself, for the log.
  private(set) var clientID = ""
  var software = ""

  init(door: KafkaDoor, socket: Connection) {
    self.door = door
    self.socket = socket
  }

  // MARK: Frames

  func frameAnnounced(length: Int) -> FrameVerdict {
    if isGranted {
      isGranted = false
      return .accept
    }
    guard mayRead, door.reserves(length, for: self) else {
      isStopped = true
      return .wait
    }
    return .accept
  }

  func frameReceived(_ frame: ByteSlice) {
    if held.isEmpty, mayStart(frame) { return start(frame) }
    held.append(frame)
    isStopped = true
    socket.pauseReading()
  }

  /// Whether another frame may be read.
  private var mayRead: Bool {
    held.isEmpty && !isQueuedForRoom && !isSlowed && replies.count < DoorLimits.requestsPerConnection
      && hasRoomForAnswers
  }

  private var hasRoomForAnswers: Bool {
    socket.queuedBytes + socket.queuedFileBytes <= DoorLimits.queuedBytesPerConnection
  }

  /// Whether a request may start now: a Produce when the store takes more, others when nothing before them is
  /// unanswered and there is memory for its answer; those of them that make records of their own, only when the store
  /// takes more.
  private func mayStart(_ frame: ByteSlice) -> Bool {
    if isPreparing { return false }
    var reader = ByteReader(frame)
    let api = try? reader.readInt16()
    if api != APIKey.produce.rawValue {
      guard replies.count == 0, hasRoomForAnswers else { return false }
      let served = api.flatMap(ServedAPI.served)
      let isLong = frame.count > MemoryPool.smallRequestBytes || served?.answersAtLength ?? false
      guard door.mayAnswer(self, atLength: isLong) else {
        door.waitsForAnswers(self)
        return false
      }
      guard served?.writesRecords ?? false else { return true }
    }
    let isSmall = frame.count <= MemoryPool.smallRequestBytes
    if isSmall ? door.engine.store.admitsSmall : door.engine.store.admits { return true }
    door.waitsForStore(self, isSmall: isSmall)
    return false
  }

  /// Starts what was held and reads on, as far as it may.
  func goOn() {
    while let next = held.first, socket.isOpen, mayStart(next) {
      held.removeFirst()
      start(next)
    }
    guard isStopped, socket.isOpen, mayRead else { return }
    isStopped = false
    socket.resumeReading()
  }

  private func start(_ frame: ByteSlice) {
    defer { if !isPreparing { release(at: 0) } }
    door.bytesStarted &+= UInt64(frame.count)
    var reader = ByteReader(frame)
    guard let header = try? RequestHeader(from: &reader) else {
      return socket.close(.handler("a request without a whole header"))
    }
    if clientID.isEmpty, let name = header.clientId, !name.isEmpty { clientID = LoggedText(name).description }
    let body = frame.dropping(reader.position)
    door.handle(header, body: body, from: self)
    if header.apiKey == APIKey.produce.rawValue { slowDown(after: frame.count) }
  }

  /// While the journal runs ahead of its checkpoint, a producer's next request is read a little later.
  private func slowDown(after bytes: Int) {
    let pause = door.engine.store.producerPauseMs(after: bytes)
    guard pause > 0, !isSlowed, socket.isOpen else { return }
    isSlowed = true
    door.meters.slowed()
    door.loop.schedule(at: door.loop.now.advanced(byMs: pause)) { [weak self] in
      self?.isSlowed = false
      self?.goOn()
    }
  }

  // MARK: Memory

  /// `bytes` are reserved for the frame that was announced.
  func took(_ bytes: Int, _ lane: MemoryPool.Lane) {
    reservations.append((bytes, lane))
    reserved += bytes
  }

  /// The room that a frame waited for is reserved.
  func roomGranted() {
    isQueuedForRoom = false
    isGranted = true
    goOn()
  }

  /// The request being started will be answered when its batches are prepared.
  func preparationBegan() { isPreparing = true }

  /// Its batches are prepared: it is executed now.
  func preparationEnded() {
    isPreparing = false
    release(at: 0)
  }

  private func release(at place: Int) {
    guard place < reservations.count else { return }
    let first = reservations.remove(at: place)
    reserved -= first.bytes
    door.released(first.bytes, first.lane, by: self)
  }

  // MARK: Answers

  /// Takes the next place in the order of replies.
  func openSlot(_ stamp: RequestStamp) -> ReplyQueue.Slot { replies.open(stamp) }

  /// Gives the reply to `request`, which leaves once `sequence` is durable and its predecessors have left.
  /// `ranges` go into the gaps that the message leaves, one by one.
  func answer(
    _ request: Request, _ message: some WireMessage, filling ranges: [FileRange] = [], after sequence: JournalSequence
  ) {
    if request.slot != nil { door.meters.answered(request.api, message) }
    answer(request, filling: ranges, after: sequence) { writer in
      message.encode(to: &writer, version: request.version)
    }
  }

  /// Gives a reply whose body is encoded already, for the request's version.
  func answer(_ request: Request, encoded body: ByteSlice, after sequence: JournalSequence) {
    answer(request, after: sequence) { writer in writer.splice(body) }
  }

  private func answer(
    _ request: Request, filling ranges: [FileRange] = [], after sequence: JournalSequence,
    _ write: (inout ByteWriter) -> Void
  ) {
    guard socket.isOpen, let slot = request.slot else { return }
    var writer = ByteWriter(capacity: 256)
    writer.writeInt32(0)
    let headerVersion = request.api.responseHeaderVersion(for: request.version)
    ResponseHeader(correlationId: request.header.correlationId).encode(to: &writer, headerVersion: headerVersion)
    write(&writer)
    let length = writer.count
    writer.overwriteInt32(Int32(truncatingIfNeeded: length - 4), at: 0)
    var parts: [OutputPart] = []
    parts.reserveCapacity(writer.mostPieces)
    var rest = ranges[...]
    var inMemory = 0
    writer.takePieces { piece in
      switch piece {
      case .bytes(let slice):
        parts.append(.bytes(slice))
        inMemory += slice.count
      case .gap(let count):
        // A range of a file takes no memory; the files that are lent are counted by the store.
        if let range = rest.popFirst(), range.count == count { parts.append(.file(range)) }
      }
    }
    guard parts.reduce(0, { $0 + $1.count }) == length else {
      return socket.close(.handler("an answer has gaps that nothing fills"))
    }
    count(answerBytes: inMemory)
    takesItsAnswers = false
    if owesSince == .distantFuture { owesSince = door.loop.now }
    replies.fill(slot, parts, after: sequence)
    sendReady()
  }

  private func count(answerBytes bytes: Int) {
    answerBytes += bytes
    door.answersQueued += bytes
  }

  /// The client has been so slow that a part of its answer has left the page cache.
  func fileNotCached(_ range: FileRange) {
    // One part at a time: the one before it has left.
    count(answerBytes: range.count - partInMemory)
    partInMemory = range.count
    door.engine.read(range) { [weak self] result in self?.socket.supply(result) }
  }

  /// A request that gets no reply (a Produce with acks 0) gives its place away.
  func leaveUnanswered(_ request: Request) {
    guard let slot = request.slot else { return }
    replies.fill(slot, [], after: .start)
    sendReady()
  }

  /// Sends what may leave; called when an answer was made and when more has become durable.
  func sendReady() {
    guard socket.isOpen else { return }
    let parts = replies.takeReady(durable: door.engine.store.durable) { door.replyLeft($0) }
    if !parts.isEmpty { socket.send(parts) }
    if replies.waitsForDisk, !isWaitingForDisk {
      isWaitingForDisk = true
      door.waitsForDisk(self)
    }
    goOn()
  }

  /// The disk has come further.
  func diskAdvanced() {
    isWaitingForDisk = false
    sendReady()
  }

  func outputDrained() {
    let left = replies.bytes
    partInMemory = 0
    door.answersQueued -= answerBytes - left
    answerBytes = left
    owesSince = left == 0 ? .distantFuture : door.loop.now
    takesItsAnswers = left == 0
    goOn()
  }

  func connectionClosed(_ reason: CloseReason) {
    // Memory that the codec lane still holds stays taken.
    let kept = isPreparing ? 1 : 0
    while reservations.count > kept { release(at: kept) }
    held = []
    door.answersQueued -= answerBytes
    answerBytes = 0
    if let parkedFetch { door.engine.cancelFetch(parkedFetch) }
    if let waiter { door.engine.callerGone(waiter) }
    door.closed(self, reason)
  }
}
