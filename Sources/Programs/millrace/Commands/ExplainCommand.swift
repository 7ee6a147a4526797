import KafkaClient
import Terminal

extension Command {
  private static let options: [Option] =
    [
      Option("for", value: "DURATION", "how long to look, such as 30s; 5s if left out"),
      Option("json", "one JSON object"),
    ] + ClientConnection.options

  /// `millrace explain`
  static let explain = Command(
    "explain",
    summary: "say in a sentence why a group lags or stands still",
    help: """
      usage: millrace explain GROUP [options]

      Looks at a group for a few seconds and says why it lags or stands still, and which command helps: no members, more
      members than partitions, one hot partition, a member that never commits, a rebalance loop and who causes it, an
      open transaction, or simply too few hands. It speaks the Kafka protocol and works with any broker.

      \(Option.list(options))

      examples
        millrace explain billing
        millrace explain billing --for 30s --json
      """
  ) { arguments in
    let given = try Arguments(arguments, options: options, environment: environment)
    let group = try given.words("GROUP")[0]
    let text = given.text("for") ?? "5s"
    guard let span = TimeText.duration(text), span > 0 else {
      throw UsageError("--for takes a duration such as 5s or 1m, not '\(text)'")
    }
    let client = try ClientConnection.client(given) { Interruption.isWished }
    Interruption.watch()
    let seen = try GroupWatch(client, group: group).observe(spanMs: span)
    let diagnosis = GroupDiagnosis(seen)
    let output = Output()
    if given.has("json") {
      let json = JSONText.object([
        ("group", .string(group)), ("cause", .string(diagnosis.cause.rawValue)),
        ("sentence", .string(diagnosis.sentence)), ("command", .optional(diagnosis.command)),
        ("lag_records", .number(seen.unread)),
      ])
      output.write(json.line + "\n")
    } else {
      let first = diagnosis.sentence.prefix(1).uppercased() + diagnosis.sentence.dropFirst()
      output.write(first + ".\n" + (diagnosis.command.map { "  \($0)\n" } ?? ""))
    }
    output.flush()
    return .done
  }
}
