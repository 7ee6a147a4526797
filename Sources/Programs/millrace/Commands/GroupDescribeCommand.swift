import KafkaClient
import Machine
import Terminal
import Units

extension Command {
  private static let options: [Option] =
    [
      Option("no-age", "do not read the next record of each partition to tell how old it is"),
      Option("json", "one JSON object a group, each on a line"),
    ] + ClientConnection.options

  /// `millrace group describe`
  static let groupDescribe = Command(
    "group describe",
    summary: "show groups, their members and how far they are behind",
    help: """
      usage: millrace group describe GROUP... [options]

      Shows each group's state, why it last rebalanced and who made it do so, who its members are and what each reads,
      and per partition what is committed, how many records are unread, and how old the next unread record is.

      \(Option.list(options))

      examples
        millrace group describe billing
        millrace group describe billing --json | jq .lag_records
      """
  ) { arguments in
    let given = try Arguments(arguments, options: options, environment: environment)
    guard !given.words.isEmpty else { throw UsageError("GROUP is missing; `millrace group list` shows them") }
    let client = try ClientConnection.client(given)
    let output = Output()
    for name in given.words {
      let view = try client.group(name)
      let lags = try client.lag(of: name, view, withAges: !given.has("no-age"))
      let rebalance = try client.lastRebalance(of: name)
      let report = GroupReport(view, lags, rebalance, now: client.options.clock.wallClock().milliseconds)
      output.write(given.has("json") ? report.json.line + "\n" : report.text)
    }
    output.flush()
    return .done
  }
}
