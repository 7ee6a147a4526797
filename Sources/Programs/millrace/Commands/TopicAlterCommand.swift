import KafkaClient
import Terminal

extension Command {
  private static let options: [Option] =
    [
      Option("partitions", letter: "p", value: "N", "raise the number of partitions to N; keys then map anew"),
      Option("set", value: "NAME=VALUE", isRepeatable: true, "change a setting; may be repeated"),
      Option("unset", value: "NAME", isRepeatable: true, "give a setting back to its default; may be repeated"),
    ] + ClientConnection.options

  /// `millrace topic alter`
  static let topicAlter = Command(
    "topic alter",
    summary: "add partitions to a topic, change its settings",
    help: """
      usage: millrace topic alter NAME [--partitions N] [--set NAME=VALUE]... [--unset NAME]...

      Changes a topic. Settings change together or not at all, and before partitions are added.

      \(Option.list(options))

      examples
        millrace topic alter clicks --partitions 12
        millrace topic alter clicks --set retention.ms=86400000 --unset segment.bytes
      """
  ) { arguments in
    let given = try Arguments(arguments, options: options, environment: environment)
    let name = try given.words("NAME")[0]
    let partitions = try given.integer("partitions", in: 1...Int32.max)
    let changes: [(name: String, value: String?)] =
      try given.pairs("set").map { ($0.name, $0.value) } + given.texts("unset").map { ($0, nil) }
    guard partitions != nil || !changes.isEmpty else {
      throw UsageError("what to change is missing: --partitions, --set or --unset")
    }
    let client = try ClientConnection.client(given)
    if !changes.isEmpty {
      try client.changeSettings(of: name, changes)
      ErrorOutput.say("topic \(name): \(NumberText.counted(changes.count, "setting")) changed")
    }
    if let partitions {
      try client.raisePartitions(of: name, to: partitions)
      ErrorOutput.say("topic \(name) has \(NumberText.counted(Int(partitions), "partition")) now")
    }
    return .done
  }
}
