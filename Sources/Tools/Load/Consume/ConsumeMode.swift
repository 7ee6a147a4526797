import KafkaClient
import Measuring
import Terminal

/// Reads a topic from its beginning as fast as the broker sends.
struct ConsumeMode: LoadMode {
  static let name = "consume"
  static let summary = "a topic from its beginning to its end, as fast as the broker sends; offsets must have no gap"
  static let options =
    LoadTarget.options + [
      Option("connections", value: "N", "consumers, among which the partitions are divided (1)"),
      Option("partition-bytes", value: "BYTES", "most bytes of a partition in an answer (1048576)"),
      Option("fetch-bytes", value: "BYTES", "most bytes of an answer (52428800)"),
      Option("passes", value: "N", "how often all is read (1)"),
    ]

  let target: LoadTarget
  let connections: Int
  let partitionBytes: Int32
  let fetchBytes: Int32
  let passes: Int

  init(_ arguments: Arguments) throws {
    target = try LoadTarget(arguments)
    connections = try arguments.integer("connections", in: 1...10_000) ?? 1
    partitionBytes = try arguments.integer("partition-bytes", in: 1...100_000_000) ?? 1 << 20
    fetchBytes = try arguments.integer("fetch-bytes", in: 1...200_000_000) ?? 50 << 20
    passes = try arguments.integer("passes", in: 1...1_000_000) ?? 1
  }

  func run() throws -> LoadReport {
    let client = target.client()
    let partitions = try client.topic(target.topic).partitions.map(\.index)
    let starts = try client.offsets(.earliest, topic: target.topic, partitions: partitions)
    let ends = try client.offsets(.latest, topic: target.topic, partitions: partitions)
    let spans = partitions.map { Fetcher.Span(partition: $0, start: starts[$0] ?? 0, end: ends[$0] ?? 0) }
    let fetchers = try (0..<connections).compactMap { number -> Fetcher? in
      let own = stride(from: number, to: spans.count, by: connections).map { spans[$0] }.filter { $0.start < $0.end }
      return own.isEmpty ? nil : try Fetcher(self, own)
    }
    guard !fetchers.isEmpty else { throw LoadFailure(reason: "topic \(target.topic) is empty") }
    let loop = LoadLoop()
    defer { loop.end() }
    let meter = ProcessorMeter(process: target.process)
    let began = nanoseconds()
    try loop.run(fetchers) { fetchers.allSatisfy(\.isDone) }
    let seconds = Double(nanoseconds() - began) / 1e9
    let used = meter.used()
    let records = fetchers.reduce(0) { $0 + $1.records }
    let bytes = Double(fetchers.reduce(0) { $0 + $1.bytes })
    let expected = spans.reduce(0) { $0 + Int($1.end - $1.start) } * passes
    guard records >= expected else { throw LoadFailure(reason: "\(records) records came, \(expected) are there") }
    var report = LoadReport()
    report.add("records", records)
    report.add("records_per_s", Double(records) / seconds, digits: 0)
    report.add("mb_per_s", bytes / seconds / 1e6, digits: 1)
    report.add("answers", fetchers.reduce(0) { $0 + $1.answers })
    report.add(used, per: "gb", bytes / 1e9)
    return report
  }
}
