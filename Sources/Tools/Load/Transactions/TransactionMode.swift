import KafkaClient
import KafkaWire
import Measuring
import Terminal

/// Runs transactions as fast as the broker ends them.
struct TransactionMode: LoadMode {
  static let name = "transactions"
  static let summary = "transactions of so many records, as fast as the broker ends them"
  static let options =
    LoadTarget.options + [
      Option("producers", value: "N", "producers, each with one transaction open (16)"),
      Option("records", value: "N", "records of a transaction, all to one partition (1)"),
      Option("record", value: "BYTES", "bytes of a record's value (1000)"),
      Option("batch", value: "BYTES", "bytes of a batch, at most (16384)"),
      Option("transactions", value: "N", "transactions in all (10000)"),
      Option("id", value: "TEXT", "what transactional ids begin with (the topic's name)"),
    ]

  let target: LoadTarget
  let producers: Int
  let records: Int
  let recordBytes: Int
  let batchBytes: Int
  let transactions: Int
  let idPrefix: String

  init(_ arguments: Arguments) throws {
    target = try LoadTarget(arguments)
    producers = try arguments.integer("producers", in: 1...10_000) ?? 16
    records = try arguments.integer("records", in: 1...100_000) ?? 1
    recordBytes = try arguments.integer("record", in: 1...1_000_000) ?? 1_000
    batchBytes = try arguments.integer("batch", in: 100...100_000_000) ?? 16_384
    transactions = try arguments.integer("transactions", in: 1...1_000_000_000) ?? 10_000
    idPrefix = arguments.text("id") ?? target.topic
  }

  func run() throws -> LoadReport {
    let client = target.client()
    _ = try target.prepareTopic(client)
    let isImplicit = try Self.addsPartitionsImplicitly(client)
    let runners = try (0..<producers).map { number in
      let id = "\(idPrefix)-\(number)"
      try target.awaitCoordinator(of: id, .transaction, client)
      let request = InitProducerIdRequest(transactionalId: id, transactionTimeoutMs: 60_000)
      let answer = try client.retrying { () throws(ClientError) in
        let answer = try client.exchange(request, on: try client.anyBroker())
        guard answer.errorCode == 0 else { throw ClientError(ErrorCode(rawValue: answer.errorCode), id) }
        return answer
      }
      let identity = ProducerIdentity(id: answer.producerId, epoch: answer.producerEpoch, transactionalID: id)
      let share = transactions / producers + (number < transactions % producers ? 1 : 0)
      let plan = TransactionRunner.Plan(
        identity: identity, partition: Int32(number % target.partitions), count: share, isImplicit: isImplicit)
      return try TransactionRunner(self, plan)
    }
    let loop = LoadLoop()
    defer { loop.end() }
    let meter = ProcessorMeter(process: target.process)
    let began = nanoseconds()
    try loop.run(runners) { runners.allSatisfy(\.isDone) }
    let seconds = Double(nanoseconds() - began) / 1e9
    let used = meter.used()
    var latencies = Latencies()
    for runner in runners { latencies.add(runner.latencies) }
    var report = LoadReport()
    report.add("transactions", transactions)
    report.add("transactions_per_s", Double(transactions) / seconds, digits: 0)
    report.add("mb_per_s", Double(transactions * records * recordBytes) / seconds / 1e6, digits: 1)
    report.add("", latencies)
    report.add("tried_again", runners.reduce(0) { $0 + $1.triedAgain })
    report.add("partitions_added", isImplicit ? "by-produce" : "by-request")
    report.add(used, per: "thousand_transactions", Double(transactions), scale: 1e3)
    return report
  }

  /// Whether the cluster runs version 2 of transactions (KIP-890): a produce adds its partition, an end raises the epoch.
  private static func addsPartitionsImplicitly(_ client: KafkaClient) throws -> Bool {
    let answer = try client.exchange(
      ApiVersionsRequest(clientSoftwareName: LoadTarget.clientID, clientSoftwareVersion: "1"),
      on: try client.anyBroker())
    return answer.finalizedFeatures.contains { $0.name == "transaction.version" && $0.maxVersionLevel >= 2 }
  }
}
