import Broker
import Glibc
import KafkaDoor
import LogStore
import Machine
import Reactor
import Settings
import SimMachine
import Testing
import Units

/// A door to an engine whose checkpoints come to no end until the test lets them.
final class StuckHost {
  private let loop: EventLoop
  private let door: KafkaDoor
  private let lanes: HeldLanes
  private let listener: Reactor.Listener

  init(journalCap: ByteCount) throws {
    let clock = SystemClock()
    let loop = try EventLoop(name: "stuck", clock: clock)
    var options = LogStore.Options()
    options.journalFileBytes = .mebi(2)
    options.checkpointBytes = .kibi(256)
    options.journalCap = journalCap
    var made: HeldLanes?
    let entropy = SeededEntropy(seed: 1)
    let store = try LogStore(
      disk: SimDisk(.memory(capacity: .mebi(64))), clock: clock, entropy: entropy, options: options
    ) {
      let lanes = HeldLanes(workshop: $0, loop: loop)
      made = lanes
      return lanes
    }
    let engine = try Engine(store: store, clock: clock, entropy: entropy, statics: StaticSettings())
    let door = KafkaDoor(engine: engine, loop: loop, memoryBytes: 1 << 24, log: { _ in }, failed: { _ in })
    lanes = try #require(made)
    lanes.engine = engine
    let mail = DoorMail(door)
    listener = try Reactor.Listener(
      on: loop,
      .init(
        host: "127.0.0.1", port: 0, limits: ConnectionLimits(maxFrameBytes: 1 << 20),
        census: ConnectionCensus(.init(total: 100))), makeHandler: { mail.door.accepted($0) })
    loop.atEndOfTurn { door.turnEnded() }
    self.loop = loop
    self.door = door
    try loop.start()
  }

  deinit {
    loop.stop()
    loop.join()
  }

  func client() throws -> Client { try Client(listener.address.description) }

  /// What the loop's thread sees of the engine and the door.
  func facts() -> (admits: Bool, pauses: UInt64) {
    let box = FactBox()
    let (door, mail) = (DoorMail(door), box)
    _ = loop.post { mail.set((door.door.engine.store.admits, door.door.meters.pauses)) }
    return box.wait()
  }

  /// Lets checkpoints be made from now on.
  func release() {
    let lanes = lanes
    _ = loop.post { lanes.release() }
  }
}

/// Jobs run on the loop's own thread in its next turn, checkpoints once they are released.
private final class HeldLanes: JobLanes, @unchecked Sendable {
  private let workshop: LogWorkshop
  private let loop: EventLoop
  private var held: [LogJob] = []
  private var isHolding = true
  weak var engine: Engine?

  init(workshop: LogWorkshop, loop: EventLoop) {
    self.workshop = workshop
    self.loop = loop
  }

  func submit(_ job: LogJob) {
    if case .checkpoint = job, isHolding { return held.append(job) }
    _ = loop.post { [self] in engine?.laneFinished(workshop.run(job)) }
  }

  func release() {
    isHolding = false
    let jobs = held
    held = []
    for job in jobs { submit(job) }
  }
}

private final class DoorMail: @unchecked Sendable {
  let door: KafkaDoor

  init(_ door: KafkaDoor) { self.door = door }
}

/// One answer from the loop's thread.
private final class FactBox: @unchecked Sendable {
  private let lines = Lines()
  private var facts: (admits: Bool, pauses: UInt64) = (false, 0)

  func set(_ facts: (admits: Bool, pauses: UInt64)) {
    self.facts = facts
    lines.add("set")
  }

  func wait() -> (admits: Bool, pauses: UInt64) {
    _ = lines.first(containing: "set")
    return facts
  }
}
