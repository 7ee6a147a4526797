import KafkaClient
import Terminal

extension Command {
  private static let options: [Option] =
    [
      Option("state", value: "STATE", isRepeatable: true, "only those in this state, such as Ongoing"),
      Option("json", "one JSON object a line"),
    ] + ClientConnection.options

  /// `millrace txn list`
  static let transactionList = Command(
    "txn list",
    summary: "list transactional ids",
    help: """
      usage: millrace txn list [options]

      Lists transactional ids with their producer and state.

      \(Option.list(options))

      examples
        millrace txn list
        millrace txn list --state Ongoing --json
      """
  ) { arguments in
    let given = try Arguments(arguments, options: options, environment: environment)
    _ = try given.words()
    let client = try ClientConnection.client(given)
    let found = try client.transactions(states: given.texts("state"))
    let output = Output()
    if given.has("json") {
      for entry in found {
        let json = JSONText.object([
          ("transactional_id", .string(entry.id)), ("producer_id", .number(entry.producerID)),
          ("state", .string(entry.state)), ("coordinator", .number(Int64(entry.coordinator))),
        ])
        output.write(json.line + "\n")
      }
    } else {
      var table = TextTable(["TRANSACTIONAL ID", "PRODUCER", "STATE", "COORDINATOR"], rightAligned: [1, 3])
      for entry in found { table.add([entry.id, "\(entry.producerID)", entry.state, "\(entry.coordinator)"]) }
      output.write(table.text)
    }
    output.flush()
    return .done
  }
}
