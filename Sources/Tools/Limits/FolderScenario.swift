import ByteCodec
import Glibc
import KafkaWire
import Measuring
import WireClient

extension Scenario {
  /// A large folder: starts after a kill and without indexes, retention and compaction beside a client that measures.
  static let folder = Scenario(
    name: "folder",
    summary: "a large folder: start after a kill, without indexes; retention and compaction beside a client",
    defaults: ["GIBIBYTES": 10, "PARTITIONS": 12, "KEYED": 1_024, "SECONDS": 60, "STEADY": 200]
  ) { run in
    try FolderTrial(run).play()
  }
}

private final class FolderTrial {
  private let run: LimitRun
  private var server: ServerProcess
  private static let settings = [
    "log.retention.check.interval.ms=1000", "log.cleaner.backoff.ms=1000", "log.segment.delete.delay.ms=1000",
  ]
  private static let topic = "big"
  private static let keyed = "keyed"

  init(_ run: LimitRun) throws {
    self.run = run
    server = try run.start(Self.settings)
  }

  func play() throws {
    let began = nanoseconds()
    let bytes = run["GIBIBYTES"] << 30
    try Load.fill(
      Self.topic, partitions: run["PARTITIONS"], bytes: bytes / run["PARTITIONS"],
      settings: [("segment.bytes", "67108864")], at: server.address)
    let filled = Double(nanoseconds() - began) / 1e9
    server.killNow()
    run.tell(
      "\(Number.text(Number.mebi(FolderTree.diskBytes(below: run.dataFolder)))) MiB on disk, written in "
        + "\(Number.text(filled)) s")
    server = try run.start(Self.settings)
    let killed = server.startMs
    let firstReads = try touchAll("after the kill")
    server.killNow()
    let removed = FolderTree.removeFiles(below: "\(run.dataFolder)/data", endingWith: ".blocks")
    server = try run.start(Self.settings)
    let bare = server.startMs
    let bareReads = try touchAll("with \(removed) indexes removed")
    run.tell(
      "start after kill -9 \(Number.text(killed)) ms, without indexes \(Number.text(bare)) ms: \(lastReport)")
    try beside()
    run.bound("start after a kill", killed, atMost: 10_000, "ms")
    run.bound("first records of all partitions after a kill", firstReads, atMost: 5, "s")
    run.bound("start without indexes", bare, atMost: 10_000, "ms")
    run.bound("first records of all partitions without indexes", bareReads, atMost: 60, "s")
    run.bound(exitCode: server.stop().code)
  }

  private var lastReport: String { ServerLog.lastLine(with: "journal frames replayed", in: "\(run.folder)/log") ?? "" }

  /// Reads the first records, the middle and the last of each partition, and appends to it; answers what it took.
  private func touchAll(_ what: String) throws -> Double {
    let began = nanoseconds()
    let client = try WireClient(server.address, patience: 300)
    for partition in 0..<Int32(run["PARTITIONS"]) {
      let ends = try client.call(
        ListOffsetsRequest(
          replicaId: -1,
          topics: [.init(name: Self.topic, partitions: [.init(partitionIndex: partition, timestamp: -1)])]),
        version: 5, as: ListOffsetsResponse.self)
      let end = ends.topics.first?.partitions.first?.offset ?? 0
      for offset in [0, end / 2, end - 1] {
        let answer = try client.call(
          FetchRequest(
            maxWaitMs: 1_000, minBytes: 1, maxBytes: 1 << 20,
            topics: [
              .init(
                topic: Self.topic,
                partitions: [.init(partition: partition, fetchOffset: offset, partitionMaxBytes: 1 << 20)])
            ]), version: 12, as: FetchResponse.self)
        let part = answer.responses.first?.partitions.first
        guard part?.errorCode == 0, part?.records?.isEmpty == false else {
          throw MeasuringFailure("\(what): nothing at offset \(offset) of partition \(partition)")
        }
      }
      let answer = try client.call(
        ProduceRequest(
          acks: -1, timeoutMs: 30_000,
          topicData: [
            .init(
              name: Self.topic, partitionData: [.init(index: partition, records: try Load.batch(bytes: 1_100))])
          ]), version: 12, as: ProduceResponse.self)
      guard answer.responses.first?.partitionResponses.first?.errorCode == 0 else {
        throw MeasuringFailure("\(what): partition \(partition) takes no records")
      }
    }
    let seconds = Double(nanoseconds() - began) / 1e9
    run.tell("\(what): all partitions read at three places and written to in \(Number.text(seconds)) s")
    return seconds
  }

  /// Retention and compaction, with a client that measures.
  private func beside() throws {
    try Topics.make(SteadyClient.topic, at: server.address)
    let steady = try SteadyClient(server.address, rate: run["STEADY"])
    let table = PhaseTable(server, steady)
    try table.rest("warm-up", seconds: 3)
    let alone = try table.rest("alone", seconds: 15)
    let before = FolderTree.diskBytes(below: "\(run.dataFolder)/data")
    let retention = try table.measure("retention") {
      try Topics.set("retention.bytes", to: "1048576", of: Self.topic, at: server.address)
      try waitUntil(Double(run["SECONDS"])) {
        FolderTree.diskBytes(below: "\(run.dataFolder)/data") < before / 2
      }
    }
    steady.stop()
    try Load.fill(
      Self.keyed, bytes: run["KEYED"] << 20,
      settings: [
        ("cleanup.policy", "compact"), ("segment.bytes", "67108864"), ("min.cleanable.dirty.ratio", "0.99"),
      ], keyed: true, at: server.address)
    let second = try SteadyClient(server.address, rate: run["STEADY"])
    let rest = PhaseTable(server, second)
    try rest.rest("alone again", seconds: 10)
    let filled = FolderTree.diskBytes(below: "\(run.dataFolder)/data")
    let compaction = try rest.measure("compaction") {
      try Topics.set("min.cleanable.dirty.ratio", to: "0.01", of: Self.keyed, at: server.address)
      try waitUntil(Double(run["SECONDS"])) {
        FolderTree.diskBytes(below: "\(run.dataFolder)/data") < filled - (run["KEYED"] << 20) / 2
      }
    }
    second.stop()
    run.tell(table.text + rest.text)
    run.tell(
      "compaction: \(run["KEYED"]) MiB, \(Number.text(Double(run["KEYED"]) / compaction.seconds)) MiB/s at least")
    let most = 2 * alone.p99 + 20
    run.bound(retention, p99: most)
    run.bound(compaction, p99: most)
  }

  private func waitUntil(_ seconds: Double, _ isDone: () -> Bool) throws {
    let deadline = nanoseconds() + Int64(seconds * 1e9)
    while !isDone() {
      guard nanoseconds() < deadline else { throw MeasuringFailure("not done in \(Number.text(seconds)) s") }
      wait(until: nanoseconds() + 500_000_000)
    }
  }
}
