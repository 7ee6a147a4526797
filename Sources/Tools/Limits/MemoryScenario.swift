import ByteCodec
import KafkaWire
import Measuring

extension Scenario {
  /// A server with little memory, and clients that want more of it than there is.
  static let memory = Scenario(
    name: "memory", summary: "a small memory limit under large requests, slow readers and readers that never read",
    defaults: [
      "MEBIBYTES": 256, "SECONDS": 30, "PRODUCERS": 1_000, "REQUEST": 1 << 20, "SLOW": 1_000, "UNREAD": 200,
      "IDEMPOTENT": 200_000, "STEADY": 100, "CAGE": 1,
    ]
  ) { run in
    try MemoryTrial(run).play()
  }
}

private final class MemoryTrial {
  private let run: LimitRun
  private let server: ServerProcess
  private let cage: MemoryCage?
  private let steady: SteadyClient
  private let table: PhaseTable
  private static let largeTopic = "large"

  init(_ run: LimitRun) throws {
    self.run = run
    server = try run.start(["memory.limit=\(run["MEBIBYTES"])m"])
    cage = run["CAGE"] == 0 ? nil : MemoryCage.around(server.process, bytes: run["MEBIBYTES"] << 20)
    run.tell(cage == nil ? "without a memory cgroup: by VmHWM alone" : "in a memory cgroup of the limit's size")
    try Topics.make(SteadyClient.topic, at: server.address)
    steady = try SteadyClient(server.address, rate: run["STEADY"])
    table = PhaseTable(server, steady)
  }

  func play() throws {
    let part = Double(run["SECONDS"])
    try table.rest("alone", seconds: 5)
    try Topics.make("in", partitions: 12, at: server.address)
    let targets = (0..<12).map { Load.Target(topic: "in", partition: Int32($0)) }
    let load = try largeRequests(to: targets)
    try table.measure("\(run["PRODUCERS"]) x \(run["REQUEST"] >> 10) KiB produce") { load.run(seconds: part) }
    load.close()
    try Load.fill(Self.largeTopic, bytes: 64 << 20, at: server.address)
    var read = 0
    try table.measure("\(run["SLOW"]) read slowly") { read = try readSlowly(seconds: part) }
    try table.measure("\(run["UNREAD"]) never read") { try readSlowly(run["UNREAD"], perSecond: 0, seconds: part) }
    let second = try largeRequests(to: targets)
    try table.measure("all of it") { try besideUnread(second, seconds: part) }
    second.close()
    var refused = 0
    try table.measure("\(run["IDEMPOTENT"]) producer ids") { refused = try numberedProducers() }
    let after = try table.rest("after", seconds: 5)
    steady.stop()
    run.tell(table.text)
    run.tell(
      "\(load.batches) and \(second.batches) requests of \(load.batchBytes) bytes acknowledged, refusals "
        + "\(load.refusals) and \(second.refusals), \(load.lost + second.lost) connections lost; "
        + "\(Number.text(Number.mebi(read))) MiB read slowly; \(refused) of \(run["IDEMPOTENT"]) producer ids refused")
    run.bound("memory at its peak", Number.mebi(after.facts.peak), atMost: Double(run["MEBIBYTES"]), "MiB")
    if let cage { run.bound("kills by the system", Double(cage.kills), atMost: 0) }
    for load in [load, second] {
      run.bound("large requests acknowledged", Double(load.batches), atLeast: 1)
      run.bound("large requests refused", Double(load.refusals.values.reduce(0, +) + load.lost), atMost: 0)
    }
    run.bound("bytes read slowly", Double(read), atLeast: 1)
    for phase in table.phases { run.bound(phase, p99: 2_000) }
    run.bound(exitCode: server.stop().code)
    cage?.remove()
  }

  private func largeRequests(to targets: [Load.Target]) throws -> Load {
    try Load(server.address, targets: targets, connections: run["PRODUCERS"], window: 1, batchBytes: run["REQUEST"])
  }

  private func readSlowly(seconds: Double) throws -> Int {
    try readSlowly(run["SLOW"], perSecond: 4_096, seconds: seconds)
  }

  /// Asks for all that there is.
  private static let largeFetch = RequestFrame.bytes(
    .fetch,
    FetchRequest(
      maxWaitMs: 100, minBytes: 1, maxBytes: 50 << 20,
      topics: [.init(topic: largeTopic, partitions: [.init(fetchOffset: 0, partitionMaxBytes: 50 << 20)])]),
    version: 12)

  /// Readers that ask for large answers and take `perSecond` bytes of them a second. Answers what they took together.
  @discardableResult
  private func readSlowly(_ readers: Int, perSecond: Int, seconds: Double) throws -> Int {
    let crowd = try Crowd(server.address)
    var open: [Int] = []
    for _ in 0..<readers {
      let id = try crowd.connect(reads: false, receiveBuffer: 4_096)
      for _ in 0..<4 { crowd.send(Self.largeFetch, on: id) }
      open.append(id)
    }
    let deadline = nanoseconds() + Int64(seconds * 1e9)
    while nanoseconds() < deadline {
      if perSecond > 0 { for id in open where crowd.isOpen(id) { _ = crowd.readSome(id, atMost: perSecond / 4) } }
      crowd.run(seconds: 0.25)
    }
    defer { crowd.closeAll() }
    return crowd.bytesReceived
  }

  /// Large requests beside readers that never read.
  private func besideUnread(_ load: Load, seconds: Double) throws {
    let crowd = try Crowd(server.address)
    for _ in 0..<(run["SLOW"] + run["UNREAD"]) {
      crowd.send(Self.largeFetch, on: try crowd.connect(reads: false, receiveBuffer: 4_096))
    }
    load.run(seconds: seconds)
    crowd.closeAll()
  }

  /// A batch each of many idempotent producers, whose state a partition keeps. Answers how many were told to come back
  /// later, since there is no room to remember more.
  private func numberedProducers() throws -> Int {
    let crowd = try Crowd(server.address)
    var (answered, refused) = (0, 0)
    var failure: Int16 = 0
    crowd.onFrame = { _, frame in
      answered += 1
      switch RequestFrame.errorCode(ofProduced: frame) {
      case 0: break
      case ErrorCode.notEnoughReplicas.rawValue: refused += 1
      case let code: failure = code
      }
    }
    let id = try crowd.connect()
    var sent = 0
    while answered < run["IDEMPOTENT"] {
      while sent < run["IDEMPOTENT"], sent - answered < 32 {
        let batch = try Load.batch(bytes: 100, producer: 1_000_000 + Int64(sent))
        crowd.send(
          RequestFrame.bytes(
            .produce,
            ProduceRequest(
              acks: -1, timeoutMs: 30_000,
              topicData: [.init(name: "in", partitionData: [.init(index: Int32(sent % 12), records: batch)])]),
            version: 12), on: id)
        sent += 1
      }
      crowd.poll(ms: 100)
      guard crowd.isOpen(id) else { throw MeasuringFailure("the connection of many producers was closed") }
      guard failure == 0 else { throw MeasuringFailure("one of many producers was refused: error \(failure)") }
    }
    return refused
  }
}
