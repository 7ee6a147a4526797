import Broker
import ByteCodec
import KafkaWire
import LogStore
import Reactor
import Units

/// One client: frames become requests, answers leave in their order.
///
/// Produce, and nothing else, is executed ahead of unanswered requests before it; any other request starts when all
/// before it are answered. So an answer never shows less than an earlier one did, while producers keep several batches
/// under way.
final class KafkaConnection: ConnectionHandler {
  /// Requests without an answer, beyond which the connection is not read.
  static let maximumRequests = 64

  let door: KafkaDoor
  /// The socket; this connection owns it until `connectionClosed`.
  let socket: Connection
  private var replies = ReplyQueue()
  /// Frames that wait for their predecessors' answers.
  private var held: [ByteSlice] = []
  private var reserved = 0
  private var isWaitingForDisk = false
  /// Set while a fetch is parked, to forget it when the client goes.
  var parkedFetch: UInt64?
  /// What the client said of itself in ApiVersions.
  var software = ""

  init(door: KafkaDoor, socket: Connection) {
    self.door = door
    self.socket = socket
  }

  // MARK: Frames

  func frameAnnounced(length: Int) -> FrameVerdict {
    guard held.isEmpty, replies.count < Self.maximumRequests, door.admits(length, of: self) else {
      door.waits(self)
      return .wait
    }
    reserved += length
    door.memory.take(length)
    return .accept
  }

  func frameReceived(_ frame: ByteSlice) {
    if held.isEmpty, mayStart(frame) { return start(frame) }
    held.append(frame)
    socket.pauseReading()
  }

  /// Whether a request may start now: a Produce always, others when nothing before them is unanswered.
  private func mayStart(_ frame: ByteSlice) -> Bool {
    if replies.count == 0 { return true }
    var reader = ByteReader(frame)
    return (try? reader.readInt16()) == APIKey.produce.rawValue
  }

  private func startHeld() {
    while let next = held.first, socket.isOpen, mayStart(next) {
      held.removeFirst()
      start(next)
    }
    if held.isEmpty, socket.isOpen { socket.resumeReading() }
  }

  private func start(_ frame: ByteSlice) {
    defer { release(frame.count) }
    var reader = ByteReader(frame)
    guard let header = try? RequestHeader(from: &reader) else {
      return socket.close(.handler("a request without a whole header"))
    }
    let body = frame.dropping(reader.position)
    door.handle(header, body: body, from: self)
  }

  private func release(_ bytes: Int) {
    reserved -= bytes
    door.memory.give(bytes)
  }

  // MARK: Answers

  /// Takes the next place in the order of replies.
  func openSlot(_ stamp: RequestStamp) -> ReplyQueue.Slot { replies.open(stamp) }

  /// Gives the reply to `request`, which leaves once `sequence` is durable and its predecessors have left.
  func answer(_ request: Request, _ message: any WireMessage, after sequence: JournalSequence) {
    guard socket.isOpen, let slot = request.slot else { return }
    var writer = ByteWriter()
    writer.writeInt32(0)
    let headerVersion = request.api.responseHeaderVersion(for: request.version)
    ResponseHeader(correlationId: request.header.correlationId).encode(to: &writer, headerVersion: headerVersion)
    message.encode(to: &writer, version: request.version)
    writer.overwriteInt32(Int32(truncatingIfNeeded: writer.count - 4), at: 0)
    replies.fill(slot, writer.takeParts(), after: sequence)
    sendReady()
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
    if !held.isEmpty { startHeld() }
  }

  /// The disk has come further.
  func diskAdvanced() {
    isWaitingForDisk = false
    sendReady()
  }

  /// There may be room again for a frame that had to wait.
  func roomMade() {
    if socket.isOpen { socket.resumeReading() }
  }

  func connectionClosed(_ reason: CloseReason) {
    release(reserved)
    held = []
    if let parkedFetch { door.engine.cancelFetch(parkedFetch) }
    door.closed(self, reason)
  }
}
