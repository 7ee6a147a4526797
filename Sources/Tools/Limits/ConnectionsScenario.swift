import ByteCodec
import KafkaWire
import Measuring

extension Scenario {
  /// Connections that do nothing, come and go, do not read, hardly write, or write nonsense.
  static let connections = Scenario(
    name: "connections", summary: "idle, coming and going, unread, slow and hostile connections",
    defaults: [
      "SECONDS": 60, "IDLE": 10_000, "RATE": 1_000, "UNREAD": 200, "SLOW": 2_000, "HOSTILE": 200, "STEADY": 200,
    ]
  ) { run in
    try ConnectionsTrial(run).play()
  }
}

private final class ConnectionsTrial {
  private let run: LimitRun
  private let server: ServerProcess
  private let steady: SteadyClient
  private let table: PhaseTable
  private let idle: Crowd
  private let crowd: Crowd
  private static let hello = RequestFrame.bytes(
    .apiVersions, ApiVersionsRequest(clientSoftwareName: "limits", clientSoftwareVersion: "1"), version: 3)
  /// A topic whose records fill the largest answers.
  private static let largeTopic = "large"
  private static let largeBytes = 96 << 20

  init(_ run: LimitRun) throws {
    self.run = run
    server = try run.start()
    try Topics.make(SteadyClient.topic, at: server.address)
    steady = try SteadyClient(server.address, rate: run["STEADY"])
    table = PhaseTable(server, steady)
    idle = try Crowd(server.address)
    crowd = try Crowd(server.address)
  }

  func play() throws {
    let part = max(Double(run["SECONDS"]) / 4, 5)
    try table.rest("warm-up", seconds: 3)
    let alone = try table.rest("alone", seconds: part)
    let connecting = try table.measure("\(run["IDLE"]) connect") { try connectIdle() }
    let resting = try table.rest("\(run["IDLE"]) idle", seconds: part)
    var churned = Latencies()
    let churn = try table.measure("\(run["RATE"])/s come and go") {
      churned = try comeAndGo(seconds: Double(run["SECONDS"]))
    }
    try Load.fill(Self.largeTopic, bytes: Self.largeBytes, at: server.address)
    let unread = try table.measure("\(run["UNREAD"]) never read") { try leaveUnread(seconds: part) }
    let slow = try table.measure("\(run["SLOW"]) slow, half-open") { try creep(seconds: part) }
    let hostile = try table.measure("\(run["HOSTILE"])/s hostile") { try assault(seconds: part) }
    idle.closeAll()
    crowd.closeAll()
    let after = try table.rest("all gone", seconds: part)
    steady.stop()
    run.tell(table.text)
    run.tell(
      "connections that came and went: \(churned.count), of which 99 in 100 had their first answer within "
        + "\(Number.text(churned.milliseconds(below: 0.99))) ms")
    let perConnection = Double(resting.facts.resident - alone.facts.resident) / Double(max(run["IDLE"], 1)) / 1024
    run.bound("memory of an idle connection", perConnection, atMost: 20, "KiB")
    run.bound("connecting \(run["IDLE"])", connecting.seconds, atMost: 30, "s")
    run.bound(
      "connections served a second", Double(churned.count) / churn.seconds, atLeast: 0.95 * Double(run["RATE"]))
    run.bound(
      "growth in coming and going", Number.mebi(churn.facts.resident - resting.facts.resident), atMost: 32, "MiB")
    let most = 2 * alone.p99 + 20
    for phase in [resting, churn, unread, slow, hostile, after] { run.bound(phase, p99: most) }
    run.bound("memory at its peak", Number.mebi(after.facts.peak), atMost: 512, "MiB")
    run.bound("descriptors left over", Double(after.facts.descriptors - alone.facts.descriptors), atMost: 20)
    run.bound("threads left over", Double(after.facts.threads - alone.facts.threads), atMost: 0)
    run.bound(exitCode: server.stop().code)
  }

  /// Each says hello once, as clients do, and is silent from then on.
  private func connectIdle() throws {
    var answered = 0
    idle.onFrame = { _, _ in answered += 1 }
    for number in 0..<run["IDLE"] {
      idle.send(Self.hello, on: try idle.connect())
      if number % 256 == 255 { idle.poll(ms: 0) }
    }
    guard idle.run(seconds: 60, until: { answered == run["IDLE"] }) else {
      throw MeasuringFailure("only \(answered) of \(run["IDLE"]) idle connections were answered")
    }
  }

  /// Connections at a fixed rate, each closed when its first answer is there. Times count from the intended moment.
  private func comeAndGo(seconds: Double) throws -> Latencies {
    var latencies = Latencies()
    var intended: [Int: Int64] = [:]
    crowd.onFrame = { [crowd] id, _ in
      if let moment = intended.removeValue(forKey: id) { latencies.add(nanoseconds: nanoseconds() - moment) }
      crowd.close(id)
    }
    crowd.onClosed = { intended[$0] = nil }
    let step = 1_000_000_000 / Int64(max(run["RATE"], 1))
    let began = nanoseconds()
    var next = began
    while next < began + Int64(seconds * 1e9) {
      // Where the machine cannot keep up, connections are late rather than more than there are descriptors for.
      var left = 64
      while next <= nanoseconds(), left > 0, crowd.openCount < 4_000 {
        left -= 1
        let id = try crowd.connect()
        intended[id] = next
        crowd.send(Self.hello, on: id)
        next += step
      }
      crowd.poll(ms: 1)
    }
    crowd.run(seconds: 5, until: { intended.isEmpty })
    crowd.onFrame = { _, _ in }
    crowd.onClosed = { _ in }
    return latencies
  }

  /// Each asks for the largest answer over and over and takes none of them.
  private func leaveUnread(seconds: Double) throws {
    let fetch = RequestFrame.bytes(
      .fetch,
      FetchRequest(
        maxWaitMs: 100, minBytes: 1, maxBytes: 55 << 20,
        topics: [.init(topic: Self.largeTopic, partitions: [.init(fetchOffset: 0, partitionMaxBytes: 55 << 20)])]),
      version: 12)
    for _ in 0..<run["UNREAD"] {
      let id = try crowd.connect(reads: false, receiveBuffer: 4_096)
      for _ in 0..<16 { crowd.send(fetch, on: id) }
    }
    crowd.run(seconds: seconds)
    crowd.closeAll()
  }

  /// Half of them send a byte a second, half announce a frame and send nothing of it.
  private func creep(seconds: Double) throws {
    var slow: [Int] = []
    for number in 0..<run["SLOW"] {
      let id = try crowd.connect()
      if number % 2 == 0 {
        slow.append(id)
      } else {
        crowd.send(Self.length(number % 4 == 1 ? 50_000 : 1 << 20), on: id)
      }
      if number % 256 == 255 { crowd.poll(ms: 0) }
    }
    let deadline = nanoseconds() + Int64(seconds * 1e9)
    var place = 0
    while nanoseconds() < deadline {
      let byte = Self.hello[place % Self.hello.count]
      for id in slow where crowd.isOpen(id) { crowd.send([byte], on: id) }
      place += 1
      crowd.run(seconds: 1)
    }
    crowd.closeAll()
  }

  /// Garbage, lengths that are none, and requests cut short, at a fixed rate; the server ends these connections.
  private func assault(seconds: Double) throws {
    var random = SystemRandomNumberGenerator()
    let deadline = nanoseconds() + Int64(seconds * 1e9)
    var sent = 0
    let began = nanoseconds()
    while nanoseconds() < deadline {
      while Double(sent) < Double(nanoseconds() - began) / 1e9 * Double(run["HOSTILE"]) {
        let id = try crowd.connect()
        crowd.send(Self.nonsense(sent, &random), on: id)
        sent += 1
        // Some are left to the server, which has an end to its patience.
        if sent % 8 != 0 { crowd.poll(ms: 0) }
        if crowd.openCount > 2_000 { crowd.closeAll() }
      }
      crowd.poll(ms: 2)
    }
    crowd.closeAll()
  }

  private static func nonsense(_ number: Int, _ random: inout SystemRandomNumberGenerator) -> [UInt8] {
    switch number % 5 {
    case 0: return length(Int(Int32.max))
    case 1: return length(-1)
    case 2: return (0..<512).map { _ in UInt8.random(in: 0...255, using: &random) }
    case 3:
      var bytes = hello
      for _ in 0..<4 { bytes[Int.random(in: 4..<bytes.count, using: &random)] = .random(in: 0...255, using: &random) }
      return bytes
    default: return length(40) + (0..<40).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
  }

  private static func length(_ value: Int) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
  }
}
