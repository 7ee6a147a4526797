import Broker
import Glibc
import KafkaDoor
import LogStore
import Machine
import Reactor
import Settings
import SimMachine
import Units

/// All that one client says to a fresh node and all that it hears: the bytes come through a real socket, the door and the
/// engine, the disk is in memory, time is moved by hand. Everything runs on the caller's thread, so that the same bytes
/// get the same answers.
package final class Conversation {
  /// What the client heard.
  package struct Hearing: Equatable, Sendable {
    /// The answers, with their lengths before them.
    package var bytes: [UInt8] = []
    /// The server hung up before the client did.
    package var wasClosed = false
    /// Everything was said and answered within the turns that a conversation may take.
    package var isComplete = false
  }

  /// More turns than a conversation of a few kilobytes takes: beyond, something goes round in circles.
  private static let turnLimit = 20_000
  /// How far the clock jumps when all is said, in milliseconds: what is parked gets its answer.
  private static let jumps: [Int64] = [100, 1_000, 10_000, 60_000]
  /// Turns without any movement after which nothing is under way.
  private static let quietTurns = 2
  private static let readSize = 65_536

  private let loop: EventLoop
  private let clock: ManualClock
  private let engine: Engine
  private let door: KafkaDoor
  private let lanes: InlineLanes
  /// The client's end of the connection.
  private let client: Int32
  private var unsaid: ArraySlice<[UInt8]>
  private var jumpsLeft = Conversation.jumps[...]
  private var quiet = 0
  private var turns = 0
  private var heard = Hearing()
  private var hasHungUp = false

  /// Says `pieces` one after the other, each when the server has nothing more to do, and then hangs up. Throws where the
  /// system has no sockets left.
  package static func hold(_ pieces: [[UInt8]]) throws -> Hearing { try Conversation(pieces).run() }

  private init(_ pieces: [[UInt8]]) throws {
    clock = ManualClock()
    let entropy = SeededEntropy(seed: 1)
    var options = LogStore.Options()
    options.journalFileBytes = .kibi(64)
    options.checkpointBytes = .kibi(96)
    options.journalCap = .kibi(512)
    options.leastRange = 64
    var made: InlineLanes?
    let store = try LogStore(
      disk: SimDisk(.memory(capacity: .mebi(16))), clock: clock, entropy: entropy, options: options
    ) {
      let lanes = InlineLanes(workshop: $0)
      made = lanes
      return lanes
    }
    engine = try Engine(store: store, clock: clock, entropy: entropy, statics: StaticSettings())
    loop = try EventLoop(name: "conversation", clock: clock)
    door = KafkaDoor(engine: engine, loop: loop, memoryBytes: 1 << 22, log: { _ in }, failed: { _ in })
    lanes = made ?? InlineLanes(workshop: nil)
    unsaid = pieces[...]
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw SystemError(call: "socketpair", code: errno) }
    client = ends[0]
    let here = SocketAddress(high: 0, low: 0x7f00_0001, scope: 0, port: 9092, isIPv6: false)
    let connection = Connection(
      loop: loop, descriptor: ends[1], local: here, peer: here, limits: ConnectionLimits(maxFrameBytes: 1 << 20),
      onClose: {})
    connection.start(door.accepted(connection))
  }

  deinit { close(client) }

  private func run() -> Hearing {
    loop.atEndOfTurn { [unowned self] in turnEnded() }
    keepAwake()
    loop.run()
    return heard
  }

  /// A loop with work posted to it does not wait for real time to pass.
  private func keepAwake() { _ = loop.post {} }

  private func turnEnded() {
    door.turnEnded()
    var hasMoved = lanes.runAll { [engine, door] event in
      engine.laneFinished(event)
      door.turnEnded()
    }
    if hear() { hasMoved = true }
    turns += 1
    quiet = hasMoved ? 0 : quiet + 1
    if turns >= Self.turnLimit { return loop.stop() }
    keepAwake()
    guard quiet >= Self.quietTurns else { return }
    quiet = 0
    goOn()
  }

  /// Nothing is under way: says the next piece, lets time pass, or hangs up.
  private func goOn() {
    if hasHungUp {
      heard.isComplete = true
      return loop.stop()
    }
    if let piece = unsaid.popFirst(), !heard.wasClosed { return say(piece) }
    if !heard.wasClosed, let jump = jumpsLeft.popFirst() {
      clock.advance(byMs: jump)
      engine.timePassed()
      return
    }
    hasHungUp = true
    shutdown(client, Int32(SHUT_RDWR))
  }

  /// The socket takes all that is said here: a conversation is shorter than its buffer.
  private func say(_ piece: [UInt8]) {
    let count = piece.withUnsafeBytes { send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    if count < piece.count { unsaid = [] }
  }

  /// Takes what has been answered; whether there was any.
  private func hear() -> Bool {
    guard !hasHungUp, !heard.wasClosed else { return false }
    let before = heard.bytes.count
    var buffer = [UInt8](repeating: 0, count: Self.readSize)
    while true {
      let count = buffer.withUnsafeMutableBytes { recv(client, $0.baseAddress, $0.count, 0) }
      if count > 0 {
        heard.bytes += buffer[..<count]
        continue
      }
      heard.wasClosed = count == 0 || errno != EAGAIN
      break
    }
    return heard.bytes.count > before || heard.wasClosed
  }
}
