import KafkaClient
import Terminal

extension Command {
  private static let options: [Option] =
    [
      Option("state", value: "STATE", isRepeatable: true, "only groups in this state, such as Stable or Empty"),
      Option("type", value: "TYPE", isRepeatable: true, "only groups of this type: classic, consumer or share"),
      Option("json", "one JSON object a line"),
    ] + ClientConnection.options

  /// `millrace group list`
  static let groupList = Command(
    "group list",
    summary: "list groups",
    help: """
      usage: millrace group list [options]

      Lists consumer groups with their type, what protocol their members speak, and their state.

      \(Option.list(options))

      examples
        millrace group list
        millrace group list --state Empty --json
      """
  ) { arguments in
    let given = try Arguments(arguments, options: options, environment: environment)
    _ = try given.words()
    let client = try ClientConnection.client(given)
    let groups = try client.groups(states: given.texts("state"), types: given.texts("type"))
    let output = Output()
    if given.has("json") {
      for group in groups { output.write(json(group).line + "\n") }
    } else {
      var table = TextTable(["GROUP", "TYPE", "PROTOCOL", "STATE"])
      for group in groups { table.add([group.id, shown(group.type), shown(group.protocolType), shown(group.state)]) }
      output.write(table.text)
    }
    output.flush()
    return .done
  }

  private static func shown(_ text: String) -> String { text.isEmpty ? "-" : text }

  private static func json(_ group: GroupListing) -> JSONText {
    .object([
      ("group", .string(group.id)), ("type", .string(group.type)), ("protocol_type", .string(group.protocolType)),
      ("state", .string(group.state)),
    ])
  }
}
