import KafkaClient
import Machine
import Terminal
import Units

extension Command {
  private static let options: [Option] =
    [Option("json", "one JSON object an id, each on a line")] + ClientConnection.options

  /// `millrace txn describe`
  static let transactionDescribe = Command(
    "txn describe",
    summary: "show what transactional ids do",
    help: """
      usage: millrace txn describe ID... [options]

      Shows state, producer, timeout, how long a transaction has been open, and the partitions in it.

      \(Option.list(options))

      examples
        millrace txn describe payments-1
      """
  ) { arguments in
    let given = try Arguments(arguments, options: options, environment: environment)
    guard !given.words.isEmpty else { throw UsageError("ID is missing; `millrace txn list` shows them") }
    let client = try ClientConnection.client(given)
    let output = Output()
    for name in given.words {
      let view = try client.transaction(name)
      let now = client.options.clock.wallClock().milliseconds
      output.write(given.has("json") ? json(view, now).line + "\n" : text(view, now))
    }
    output.flush()
    return .done
  }

  private static func text(_ view: TransactionView, _ now: Int64) -> String {
    let open = view.startMs.map { ", open for \(AgeText.short(max(now - $0, 0)))" } ?? ""
    return """
      \(view.id)
        \(view.state)\(open), coordinator \(view.coordinator)
        producer \(view.producerID), epoch \(view.producerEpoch), timeout \(AgeText.short(Int64(view.timeoutMs)))
        partitions \(GroupReport.ranges(view.partitions))

      """
  }

  private static func json(_ view: TransactionView, _ now: Int64) -> JSONText {
    .object([
      ("transactional_id", .string(view.id)), ("state", .string(view.state)), ("producer_id", .number(view.producerID)),
      ("producer_epoch", .number(Int64(view.producerEpoch))), ("timeout_ms", .number(Int64(view.timeoutMs))),
      ("open_ms", view.startMs.map { .number(max(now - $0, 0)) } ?? .null),
      ("partitions", .array(view.partitions.map { .string($0.description) })),
      ("coordinator", .number(Int64(view.coordinator))),
    ])
  }
}
