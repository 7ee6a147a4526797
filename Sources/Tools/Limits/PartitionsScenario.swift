import ByteCodec
import KafkaWire
import Measuring
import WireClient

extension Scenario {
  /// Many partitions: what they cost to make, to hold, to start with and to tell of, and what a producer notices.
  static let partitions = Scenario(
    name: "partitions", summary: "many partitions: creation, memory, restarts, Metadata, produce beside 12 partitions",
    defaults: ["PARTITIONS": 50_000, "PER_TOPIC": 100, "SECONDS": 15, "STEADY": 200]
  ) { run in
    try PartitionsTrial(run).play()
  }
}

private final class PartitionsTrial {
  private let run: LimitRun
  private let count: Int
  private let topics: Int
  private var server: ServerProcess
  private static let settings = ["max.partitions=200000"]

  init(_ run: LimitRun) throws {
    self.run = run
    topics = max(run["PARTITIONS"] / max(run["PER_TOPIC"], 1), 1)
    count = topics * run["PER_TOPIC"]
    server = try run.start(Self.settings)
  }

  func play() throws {
    let seconds = Double(run["SECONDS"])
    try Topics.make(SteadyClient.topic, at: server.address)
    try Topics.make("few", partitions: 12, at: server.address)
    let empty = try server.facts()
    let few = (0..<12).map { Load.Target(topic: "few", partition: Int32($0)) }
    let beside = try produce(few, "12 partitions", seconds)
    let creation = try create()
    let idle = try server.facts()
    let perPartition = Double(idle.resident - empty.resident) / Double(count)
    run.tell(
      "\(count) partitions in \(topics) topics made in \(Number.text(creation)) s; RSS "
        + "\(Number.text(Number.mebi(idle.resident))) MiB, before \(Number.text(Number.mebi(empty.resident))) MiB: \(Number.text(perPartition)) B a partition"
    )
    try metadata()
    let cleanStop = server.stop()
    server = try run.start(Self.settings)
    let clean = server.startMs
    let fresh = try server.facts()
    run.tell(
      "stopped in \(Number.text(cleanStop.ms)) ms, started again in \(Number.text(clean)) ms with "
        + "\(Number.text(Number.mebi(fresh.resident))) MiB")
    let all = (0..<topics).flatMap { topic in
      (0..<run["PER_TOPIC"]).map { Load.Target(topic: Self.name(topic), partition: Int32($0)) }
    }.shuffled()
    try produce(all, "all partitions, first time", seconds)
    let many = try produce(all, "all partitions", seconds)
    let used = try server.facts()
    server.killNow()
    server = try run.start(Self.settings)
    let killed = server.startMs
    let work = 1_000 * (try server.facts().processor)
    run.tell(
      "after kill -9: started in \(Number.text(killed)) ms, \(Number.text(work)) ms of processor time; "
        + logLine("partitions,"))
    let again = try produce(all, "all, after the kill", seconds)
    let end = server.stop()
    run.tell("stopped in \(Number.text(end.ms)) ms")
    let scale = Double(count) / 50_000
    run.bound("creation", creation, atMost: 10 * scale, "s")
    run.bound("memory of an idle partition", perPartition, atMost: 600, "B")
    run.bound("memory with all idle", Number.mebi(fresh.resident), atMost: 80, "MiB")
    run.bound("start after a stop in order", clean, atMost: 2_000 * scale, "ms")
    run.bound("start after a kill", killed, atMost: Double(max(700 * count / 10_000, 700)), "ms")
    run.bound("processor time of it", work, atMost: Double(max(1_000 * count / 10_000, 1_000)), "ms")
    run.bound("stop", max(cleanStop.ms, end.ms), atMost: 5_000, "ms")
    for stop in [cleanStop, end] { run.bound(exitCode: stop.code) }
    // Beyond 10,000 partitions most batches meet a segment that is not open, and the rest is a figure, not a promise.
    let areOpen = count <= 10_000
    let most = (areOpen ? 2 : 5) * beside.phase.p99 + 20
    run.bound(many.phase, p99: most)
    run.bound(again.phase, p99: most)
    run.bound("throughput against 12 partitions", many.rate / beside.rate, atLeast: areOpen ? 0.85 : 0.3)
    run.bound("memory with all written", Number.mebi(used.resident), atMost: 80 + 0.004 * Double(count), "MiB")
  }

  private static func name(_ topic: Int) -> String { "topic-\(topic)" }

  /// Makes the topics, ten a request, and answers what it took in seconds.
  private func create() throws -> Double {
    let client = try WireClient(server.address, patience: 120)
    let began = nanoseconds()
    for first in stride(from: 0, to: topics, by: 10) {
      let some = (first..<min(first + 10, topics)).map {
        CreateTopicsRequest.Topic(
          name: Self.name($0), numPartitions: Int32(run["PER_TOPIC"]), replicationFactor: 1)
      }
      let answer = try client.call(CreateTopicsRequest(topics: some), version: 5, as: CreateTopicsResponse.self)
      if let refused = answer.topics.first(where: { $0.errorCode != 0 }) {
        throw MeasuringFailure("topic \(refused.name) was refused: \(refused.errorMessage ?? "\(refused.errorCode)")")
      }
    }
    return Double(nanoseconds() - began) / 1e9
  }

  /// The full answer of Metadata: asked for the first time, and again.
  private func metadata() throws {
    let client = try WireClient(server.address, patience: 120)
    var times: [Double] = []
    var bytes = 0
    for _ in 0..<5 {
      let began = nanoseconds()
      try client.send(MetadataRequest(topics: nil), version: 12)
      bytes = try client.receive().count
      times.append(Double(nanoseconds() - began) / 1e6)
    }
    run.tell(
      "Metadata of all: \(bytes) bytes, \(Number.text(times[0])) ms at first, then "
        + "\(Number.text(times.dropFirst().min() ?? 0)) ms")
    run.bound("first Metadata of all", times[0], atMost: 100, "ms")
    run.bound("Metadata of all", times.dropFirst().min() ?? 0, atMost: 25, "ms")
  }

  private struct Figures {
    /// Batches a second.
    var rate: Double
    var phase: PhaseTable.Phase
  }

  /// Four producers of 1 KB records over `targets`, with the steady client beside them.
  @discardableResult
  private func produce(_ targets: [Load.Target], _ what: String, _ seconds: Double) throws -> Figures {
    let steady = try SteadyClient(server.address, rate: run["STEADY"])
    let load = try Load(server.address, targets: targets, connections: 4, window: 5, batchBytes: 1_100)
    let phase = try PhaseTable(server, steady).measure(what) { load.run(seconds: seconds) }
    steady.stop()
    load.close()
    let rate = Double(load.batches) / phase.seconds
    guard load.refusals.isEmpty, load.lost == 0 else {
      throw MeasuringFailure("\(what): refusals \(load.refusals), \(load.lost) connections lost")
    }
    let sight = phase.sight
    run.tell(
      "\(what): \(Number.text(rate)) batches/s, their p99 \(Number.text(load.latencies.milliseconds(below: 0.99))) ms; "
        + "steady p50 \(Number.text(sight.produced.milliseconds(below: 0.5))) p99 \(Number.text(phase.p99)) p99.9 "
        + "\(Number.text(sight.produced.milliseconds(below: 0.999))) ms, \(sight.failures) failed; CPU "
        + "\(Number.text(1e6 * phase.processor / Double(max(load.batches, 1)))) us a batch; RSS "
        + "\(Number.text(Number.mebi(phase.facts.resident))) MiB, \(phase.facts.descriptors) files")
    return Figures(rate: rate, phase: phase)
  }

  /// The last line of the server's log with `words` in it.
  private func logLine(_ words: String) -> String {
    ServerLog.lastLine(with: words, in: "\(run.folder)/log") ?? ""
  }
}
