import KafkaClient
import Terminal

extension Command {
  private static let options: [Option] =
    [
      Option("partition", letter: "p", value: "TOPIC/N", "abort what is open there though no coordinator knows it")
    ] + ClientConnection.options

  /// `millrace txn abort`
  static let transactionAbort = Command(
    "txn abort",
    summary: "abort an open transaction",
    help: """
      usage: millrace txn abort ID [options]
             millrace txn abort --partition TOPIC/N [options]

      Aborts the open transaction of a transactional id: its producer is fenced, its records stay unseen by readers of
      committed records. With --partition, writes an abort marker for each transaction that is open in a partition and
      that no coordinator remembers; those that one remembers are named instead.

      \(Option.list(options))

      examples
        millrace txn abort payments-1
        millrace txn abort --partition orders.created/3
      """
  ) { arguments in
    let given = try Arguments(arguments, options: options, environment: environment)
    let client = try ClientConnection.client(given)
    if let text = given.text("partition") {
      _ = try given.words()
      guard let place = place(text) else { throw UsageError("--partition takes TOPIC/N, not '\(text)'") }
      return try abortHanging(at: place, client)
    }
    let id = try given.words("ID")[0]
    let view = try client.transaction(id)
    guard view.state == "Ongoing" else {
      ErrorOutput.say("transaction \(id) is \(view.state): nothing is open")
      return .done
    }
    try client.fence(id)
    ErrorOutput.say(
      "transaction \(id) is aborted; its producer (\(view.producerID), epoch \(view.producerEpoch)) is fenced")
    return .done
  }

  private static func place(_ text: String) -> TopicPartition? {
    guard let slash = text.lastIndex(of: "/"), slash > text.startIndex,
      let index = Int32(text[text.index(after: slash)...]), index >= 0
    else { return nil }
    return TopicPartition(String(text[..<slash]), index)
  }

  private static func abortHanging(at place: TopicPartition, _ client: KafkaClient) throws -> ExitCode {
    _ = try client.topic(place.topic)
    let open = try client.producers(at: place).filter { $0.transactionStart != nil }
    if open.isEmpty { ErrorOutput.say("no transaction is open in \(place)") }
    var result = ExitCode.done
    for producer in open {
      if let known = try client.transactions(producerIDs: [producer.id]).first, known.state == "Ongoing" {
        ErrorOutput.say("'\(known.id)' is open there: `millrace txn abort \(known.id)` ends it")
        result = .badData
        continue
      }
      try client.abort(producer, at: place)
      ErrorOutput.say("the transaction of producer \(producer.id) in \(place) is aborted")
    }
    return result
  }
}
