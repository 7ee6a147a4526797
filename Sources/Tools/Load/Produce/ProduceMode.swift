import Compression
import KafkaClient
import KafkaWire
import Measuring
import Terminal

/// Produces as fast as the broker answers, from requests that were encoded before.
struct ProduceMode: LoadMode {
  static let name = "produce"
  static let summary = "as fast as the broker answers; times from a request to its answer (a closed loop)"
  static let options =
    LoadTarget.options + [
      Option("connections", value: "N", "producers (4)"),
      Option("in-flight", value: "N", "requests under way on each connection (5)"),
      Option("batch", value: "BYTES", "bytes of a batch, at most; a request holds one (16384)"),
      Option("record", value: "BYTES", "bytes of a record's value (1000)"),
      Option("acks", value: "all|1|0", "who must have a batch before it is acknowledged (all)"),
      Option("idempotent", "with a producer id and sequences"),
      Option("keys", value: "N", "records have keys, of so many (none)"),
      Option("megabytes", value: "N", "values to produce, over all connections (1000)"),
    ]

  let target: LoadTarget
  let connections: Int
  let inFlight: Int
  let batchBytes: Int
  let recordBytes: Int
  let acks: Int16
  let isIdempotent: Bool
  let keys: Int
  let megabytes: Int

  init(_ arguments: Arguments) throws {
    target = try LoadTarget(arguments)
    connections = try arguments.integer("connections", in: 1...10_000) ?? 4
    inFlight = try arguments.integer("in-flight", in: 1...1_000) ?? 5
    batchBytes = try arguments.integer("batch", in: 100...100_000_000) ?? 16_384
    recordBytes = try arguments.integer("record", in: 1...100_000_000) ?? 1_000
    acks = ["1": 1, "0": 0][try arguments.choice("acks", of: ["all", "1", "0"]) ?? "all"] ?? -1
    isIdempotent = arguments.has("idempotent")
    keys = try arguments.integer("keys", in: 1...1_000_000_000) ?? 0
    megabytes = try arguments.integer("megabytes", in: 1...1_000_000) ?? 1_000
    // A sequence must not be overtaken: what Kafka asks of its own producer.
    guard !isIdempotent || inFlight <= 5 && acks == -1 else {
      throw UsageError("--idempotent goes with --acks all and at most 5 requests in flight")
    }
    guard recordBytes <= batchBytes else { throw UsageError("a record is larger than --batch") }
  }

  func run() throws -> LoadReport {
    let producers = try prepare()
    let loop = LoadLoop()
    defer { loop.end() }
    let meter = ProcessorMeter(process: target.process)
    let began = nanoseconds()
    try loop.run(producers) { producers.allSatisfy(\.isDone) }
    let seconds = Double(nanoseconds() - began) / 1e9
    let used = meter.used()
    let records = producers.reduce(0) { $0 + $1.records }
    let bytes = Double(records * recordBytes)
    var latencies = Latencies()
    for producer in producers { latencies.add(producer.latencies) }
    var report = LoadReport()
    report.add("records", records)
    report.add("records_per_s", Double(records) / seconds, digits: 0)
    report.add("mb_per_s", bytes / seconds / 1e6, digits: 1)
    if acks != 0 { report.add("", latencies) }
    report.add(used, per: "gb", bytes / 1e9)
    return report
  }

  private func prepare() throws -> [Producer] {
    let client = target.client()
    _ = try target.prepareTopic(client)
    let inBatch = ProduceFrame.recordsFitting(batchBytes, recordBytes: recordBytes)
    let batches = (megabytes * 1_000_000 + recordBytes * inBatch - 1) / (recordBytes * inBatch)
    return try (0..<connections).map { number in
      var identity: ProducerIdentity?
      if isIdempotent {
        let answer = try client.exchange(InitProducerIdRequest(), on: try client.anyBroker())
        guard answer.errorCode == 0 else { throw LoadFailure(reason: "no producer id: error \(answer.errorCode)") }
        identity = ProducerIdentity(id: answer.producerId, epoch: answer.producerEpoch)
      }
      let content = ProduceFrame.Content(
        topic: target.topic, recordBytes: recordBytes, recordCount: inBatch, acks: acks, identity: identity,
        isKeyed: keys > 0)
      let own = stride(from: number, to: target.partitions, by: connections).map { Int32($0) }
      let share = batches / connections + (number < batches % connections ? 1 : 0)
      return try Producer(
        self, ProduceFrame(content), partitions: own.isEmpty ? [Int32(number % target.partitions)] : own,
        records: share * inBatch, seed: number + 1)
    }
  }
}
