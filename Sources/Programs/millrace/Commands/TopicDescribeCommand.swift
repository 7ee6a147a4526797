import KafkaClient
import KafkaWire
import Terminal
import Units

extension Command {
  private static let options: [Option] =
    [
      Option("all", "show all settings, also those at their defaults"),
      Option("internal", "where no NAME is given, describe also the server's own topics"),
      Option("json", "one JSON object a topic, each on a line"),
    ] + ClientConnection.options

  /// `millrace topic describe`
  static let topicDescribe = Command(
    "topic describe",
    summary: "show topics, their partitions and settings",
    help: """
      usage: millrace topic describe [NAME...] [options]

      Shows each topic's id, its partitions with leader, offsets and bytes on disk, and the settings that somebody has
      chosen, with where each was chosen. Without a NAME, all topics.

      \(Option.list(options))

      examples
        millrace topic describe orders.created
        millrace topic describe --json
      """
  ) { arguments in
    let given = try Arguments(arguments, options: options, environment: environment)
    let client = try ClientConnection.client(given)
    let topics = try wanted(given, client)
    let settings = try settings(of: topics, client)
    let facts = TopicFacts(client, topics)
    let output = Output()
    for topic in topics {
      let shown = (settings[topic.name] ?? []).filter { given.has("all") || $0.differsFromDefault }
      if given.has("json") {
        output.write(json(topic, facts, shown).line + "\n")
      } else {
        output.write(text(topic, facts, shown))
      }
    }
    output.flush()
    return .done
  }

  /// Settings by topic; none where the server cannot tell any, which costs only a notice.
  private static func settings(
    of topics: [ClusterView.Topic], _ client: KafkaClient
  ) throws(ClientError) -> [String: [TopicSetting]] {
    do {
      return try client.settings(of: topics.map { $0.name })
    } catch {
      guard error.kind == .unsupported else { throw error }
      ErrorOutput.say("\(error): settings are left out")
      return [:]
    }
  }

  private static func wanted(_ given: Arguments, _ client: KafkaClient) throws -> [ClusterView.Topic] {
    if given.words.isEmpty {
      try client.refreshMetadata(nil)
      return client.cluster.topics.values
        .filter { given.has("internal") || !$0.isInternal }
        .sorted { $0.name < $1.name }
    }
    let errors = try client.refreshMetadata(given.words)
    return try given.words.map { name in
      guard let topic = client.cluster.topics[name] else {
        throw ClientError(errors[name] ?? .unknownTopicOrPartition, "topic \(name)")
      }
      return topic
    }
  }

  private static func text(_ topic: ClusterView.Topic, _ facts: TopicFacts, _ settings: [TopicSetting]) -> String {
    var table = TextTable(
      ["  PARTITION", "LEADER", "REPLICAS", "IN SYNC", "START", "END", "ON DISK"], rightAligned: [0, 1, 4, 5, 6])
    for partition in topic.partitions {
      let size = facts.size(topic.name, partition.index)
      table.add([
        "\(partition.index)", partition.leader < 0 ? "none" : "\(partition.leader)", list(partition.replicas),
        list(partition.inSync), facts.start(topic.name, partition.index).map { "\($0)" } ?? "-",
        facts.end(topic.name, partition.index).map { "\($0)" } ?? "-", size.map { NumberText.bytes($0) } ?? "-",
      ])
    }
    var text = "\(topic.name)\n  id \(topic.id)\(topic.isInternal ? ", internal" : "")\n\(table.text)"
    if !settings.isEmpty {
      var rows = TextTable(["  SETTING", "VALUE", "CHOSEN BY"])
      for setting in settings { rows.add(["  " + setting.name, setting.value ?? "(secret)", setting.source]) }
      text += rows.text
    }
    return text
  }

  private static func json(_ topic: ClusterView.Topic, _ facts: TopicFacts, _ settings: [TopicSetting]) -> JSONText {
    let partitions = topic.partitions.map { partition in
      JSONText.object([
        ("partition", .number(Int64(partition.index))), ("leader", .number(Int64(partition.leader))),
        ("replicas", .array(partition.replicas.map { .number(Int64($0)) })),
        ("in_sync", .array(partition.inSync.map { .number(Int64($0)) })),
        ("start_offset", facts.start(topic.name, partition.index).map(JSONText.number) ?? .null),
        ("end_offset", facts.end(topic.name, partition.index).map(JSONText.number) ?? .null),
        ("bytes_on_disk", facts.size(topic.name, partition.index).map(JSONText.number) ?? .null),
      ])
    }
    let chosen = settings.map { setting in
      JSONText.object([
        ("name", .string(setting.name)), ("value", .optional(setting.value)), ("source", .string(setting.source)),
      ])
    }
    return .object([
      ("topic", .string(topic.name)), ("id", .string(topic.id.description)), ("internal", .bool(topic.isInternal)),
      ("partitions", .array(partitions)), ("settings", .array(chosen)),
    ])
  }

  private static func list(_ nodes: [Int32]) -> String { nodes.map { "\($0)" }.joined(separator: ",") }
}
