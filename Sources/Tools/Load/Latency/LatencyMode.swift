import KafkaClient
import Measuring
import Terminal

/// Produces at a rate and reads what it produces.
struct LatencyMode: LoadMode {
  static let name = "latency"
  static let summary = "at a given rate, from the time when a record ought to be sent to its arrival at a consumer"
  static let options =
    LoadTarget.options + [
      Option("rate", value: "N", "records a second, over all producers (1000)"),
      Option("seconds", value: "N", "how long is measured (20)"),
      Option("warm-seconds", value: "N", "how long the same goes on before (3)"),
      Option("producers", value: "N", "producers, each with a partition of its own (4)"),
      Option("record", value: "BYTES", "bytes of a record's value (1000)"),
      Option("batch", value: "BYTES", "bytes of a batch, at most (16384)"),
      Option("acks", value: "all|1", "who must have a batch before it is acknowledged (all)"),
      Option("max-wait", value: "MS", "how long a fetch may wait for records (500)"),
    ]

  let target: LoadTarget
  let rate: Int
  let seconds: Int
  let warmSeconds: Int
  let recordBytes: Int
  let batchBytes: Int
  let acks: Int16
  let maxWaitMs: Int32

  init(_ arguments: Arguments) throws {
    var target = try LoadTarget(arguments)
    target.partitions = try arguments.integer("producers", in: 1...1_000) ?? 4
    self.target = target
    rate = try arguments.integer("rate", in: 1...10_000_000) ?? 1_000
    seconds = try arguments.integer("seconds", in: 1...100_000) ?? 20
    warmSeconds = try arguments.integer("warm-seconds", in: 0...100_000) ?? 3
    recordBytes = try arguments.integer("record", in: 1...1_000_000) ?? 1_000
    batchBytes = try arguments.integer("batch", in: 100...100_000_000) ?? 16_384
    acks = try arguments.choice("acks", of: ["all", "1"]) == "1" ? 1 : -1
    maxWaitMs = try arguments.integer("max-wait", in: 0...60_000) ?? 500
  }

  func run() throws -> LoadReport {
    let client = target.client()
    _ = try target.prepareTopic(client)
    let partitions = (0..<target.partitions).map { Int32($0) }
    let ends = try client.offsets(.latest, topic: target.topic, partitions: partitions)
    let start = nanoseconds() + 100_000_000
    var producers: [PacedProducer] = []
    var tails: [Int32: TailReader.Tail] = [:]
    for partition in partitions {
      let schedule = Schedule(
        start: start, rate: Double(rate), seconds: Double(seconds), warmingSeconds: Double(warmSeconds),
        number: Int(partition), producers: partitions.count)
      producers.append(try PacedProducer(self, schedule, partition: partition))
      let end = ends[partition] ?? 0
      tails[partition] = TailReader.Tail(base: end, schedule: schedule, next: end)
    }
    let reader = try TailReader(self, tails)
    let loop = LoadLoop()
    defer { loop.end() }
    let meter = ProcessorMeter(process: target.process)
    try loop.run([reader] + producers) { reader.isDone && producers.allSatisfy(\.isDone) }
    let used = meter.used()
    var acknowledged = Latencies()
    for producer in producers { acknowledged.add(producer.latencies) }
    var report = LoadReport()
    report.add("records", reader.latencies.count)
    report.add("", reader.latencies)
    report.add("ack_", acknowledged)
    let took = Double(nanoseconds() - start) / 1e9
    report.add("server_cpu_share", used.server / took, digits: 4)
    report.add(used, per: "million_records", Double((seconds + warmSeconds) * rate), scale: 1e6)
    return report
  }
}
