import KafkaWire
import Measuring
import Terminal
import Units
import WireClient

extension Scenario {
  /// Hours of a mixed load, with kills.
  static let soak = Scenario(
    name: "soak", summary: "a mixed load for MINUTES, with a kill every KILL_SECONDS: what drifts",
    defaults: ["MINUTES": 10, "KILL_SECONDS": 300, "BATCHES": 200, "GROUPS": 20, "CHURN": 20, "STEADY": 200]
  ) { run in
    try SoakTrial(run).play()
  }
}

private final class SoakTrial {
  private let run: LimitRun
  private var server: ServerProcess
  private let steady: SteadyClient
  private let topicID: UniqueID
  /// Some of each period, whose end is a kill.
  private var phases: [PhaseTable.Phase] = []
  private var starts: [Double] = []
  /// Behind the last acknowledged record of each partition.
  private var acknowledged: [Int32: Int64] = [:]
  private var missing = 0
  private static let topic = "mixed"
  private static let partitions = 12
  private static let settings = ["log.retention.check.interval.ms=5000", "log.cleaner.backoff.ms=5000"]

  init(_ run: LimitRun) throws {
    self.run = run
    server = try run.start(Self.settings)
    try Topics.make(SteadyClient.topic, settings: Self.bounded, at: server.address)
    try Topics.make(Self.topic, partitions: Self.partitions, settings: Self.bounded, at: server.address)
    try Topics.make("keyed", settings: Self.bounded + [("cleanup.policy", "compact,delete")], at: server.address)
    try Topics.make("shared", partitions: 5, at: server.address)
    try Topics.makeCoordinator(at: server.address)
    topicID = try Topics.id(of: "shared", at: server.address)
    steady = try SteadyClient(server.address, rate: run["STEADY"])
  }

  /// A folder that does not grow for ever.
  private static let bounded = [
    ("segment.bytes", "16777216"), ("retention.bytes", "134217728"), ("min.cleanable.dirty.ratio", "0.1"),
  ]

  func play() throws {
    let periods = max(run["MINUTES"] * 60 / max(run["KILL_SECONDS"], 1), 1)
    let address = server.address
    for period in 0..<periods {
      let table = PhaseTable(server, steady)
      phases.append(try table.measure("\((period + 1) * run["KILL_SECONDS"] / 60) min") { try work() })
      try killUnderLoad()
      server = try run.start(Self.settings, kafka: address)
      starts.append(server.startMs)
      try countMissing()
      run.tell(text(of: period))
    }
    steady.stop()
    tellDrift()
    run.bound("acknowledged records missing after a kill", Double(missing), atMost: 0)
    run.bound("start after a kill", starts.max() ?? 0, atMost: 5_000, "ms")
    run.bound(exitCode: server.stop().code)
  }

  /// One period of producers, groups, a compacted topic, and connections that come and go.
  private func work() throws {
    let deadline = nanoseconds() + Int64(run["KILL_SECONDS"]) * 1_000_000_000
    let load = try mixedLoad()
    let keyed = try Load(
      server.address, targets: [.init(topic: "keyed", partition: 0)], connections: 1, window: 1, batchBytes: 16 << 10,
      keyed: true)
    let members = try GroupMembers(
      server.address, .consumer, groups: run["GROUPS"], membersEach: 5, topic: "shared", topicID: topicID,
      heartbeatMs: 1_000)
    while nanoseconds() < deadline {
      let next = nanoseconds() + 1_000_000_000
      load.run(seconds: 1, batches: load.batches + run["BATCHES"])
      keyed.run(seconds: 1, batches: keyed.batches + run["BATCHES"] / 10)
      for _ in 0..<run["CHURN"] {
        _ = try WireClient(server.address).call(
          MetadataRequest(topics: nil), version: 12, as: MetadataResponse.self)
      }
      members.isCommitting = true
      members.run(seconds: 0.1)
      members.isCommitting = false
      members.run(seconds: max(Double(min(next, deadline) - nanoseconds()) / 1e9, 0))
    }
    guard load.refusals.isEmpty, load.lost == 0 else {
      throw MeasuringFailure("refusals \(load.refusals), \(load.lost) connections lost")
    }
    guard members.areAllSettled, members.commits > 0, members.errors.isEmpty, members.lost == 0 else {
      throw MeasuringFailure(
        "\(members.settled) of \(members.members.count) members settled, \(members.commits) commits, errors "
          + "\(members.errors), \(members.lost) connections lost")
    }
    acknowledged.merge(load.ends, uniquingKeysWith: max)
    load.close()
    keyed.close()
    members.close()
  }

  private func mixedLoad() throws -> Load {
    let targets = (0..<Self.partitions).map { Load.Target(topic: Self.topic, partition: Int32($0)) }
    return try Load(server.address, targets: targets, connections: 4, window: 2, batchBytes: 16 << 10)
  }

  /// Kills the server with batches under way.
  private func killUnderLoad() throws {
    let load = try mixedLoad()
    load.run(seconds: 1) { server.killNow() }
    guard load.batches > 0, load.refusals.isEmpty else {
      throw MeasuringFailure("\(load.batches) batches acknowledged before a kill, refusals \(load.refusals)")
    }
    acknowledged.merge(load.ends, uniquingKeysWith: max)
    load.close()
  }

  /// Whether the partitions reach as far as the acknowledgements said.
  private func countMissing() throws {
    let answer = try WireClient(server.address).call(
      ListOffsetsRequest(
        replicaId: -1,
        topics: [
          .init(
            name: Self.topic, partitions: (0..<Int32(Self.partitions)).map { .init(partitionIndex: $0, timestamp: -1) })
        ]), version: 5, as: ListOffsetsResponse.self)
    let found = (answer.topics.first?.partitions ?? []).map { ($0.partitionIndex, $0.offset) }
    let ends = Dictionary(found, uniquingKeysWith: max)
    for (partition, end) in acknowledged { missing += Int(max(end - (ends[partition] ?? 0), 0)) }
  }

  private func text(of period: Int) -> String {
    let phase = phases[period]
    let resident = Number.text(Number.mebi(phase.facts.resident))
    return "\(phase.name): p99 \(Number.text(phase.p99)) ms, RSS \(resident) MiB, "
      + "\(phase.facts.descriptors) files, killed and started in \(Number.text(starts[period])) ms"
  }

  private func tellDrift() {
    var table = TextTable(
      [
        "until", "p50 ms", "p99 ms", "p99.9 ms", "read p99", "RSS MiB", "peak MiB", "files", "threads", "CPU %",
        "start ms",
      ], rightAligned: Set(1...10))
    for (phase, start) in zip(phases, starts) {
      let produced = phase.sight.produced
      table.add([
        phase.name, Number.text(produced.milliseconds(below: 0.5)), Number.text(phase.p99),
        Number.text(produced.milliseconds(below: 0.999)), Number.text(phase.sight.received.milliseconds(below: 0.99)),
        Number.text(Number.mebi(phase.facts.resident)), Number.text(Number.mebi(phase.facts.peak)),
        "\(phase.facts.descriptors)", "\(phase.facts.threads)", Number.text(100 * phase.processor / phase.seconds),
        Number.text(start),
      ])
    }
    run.tell(table.text)
    // The first period grows what the others have.
    let later = Array(phases.dropFirst())
    let perHour = 3_600 / Double(max(run["KILL_SECONDS"], 1))
    func drift(_ figure: (PhaseTable.Phase) -> Double) -> Double { perHour * Slope.perStep(of: later.map(figure)) }
    let (memory, files) = (drift { Number.mebi($0.facts.resident) }, drift { Double($0.facts.descriptors) })
    let (threads, p99) = (drift { Double($0.facts.threads) }, drift(\.p99))
    run.tell(
      "an hour: \(Number.text(memory)) MiB, \(Number.text(files)) files, \(Number.text(threads)) threads, "
        + "\(Number.text(p99)) ms of p99")
    for phase in phases { run.bound(phase, p99: 2_000) }
    guard later.count >= 6 else { return run.tell("too few periods for bounds on drift") }
    run.bound("drift of memory", memory, atMost: 10, "MiB an hour")
    run.bound("drift of descriptors", files, atMost: 20, "an hour")
    run.bound("drift of threads", threads, atMost: 0.5, "an hour")
    run.bound("drift of p99", p99, atMost: 10, "ms an hour")
  }
}
