import KafkaClient
import Terminal
import Units

extension Command {
  private static let options: [Option] =
    [
      Option("internal", "list also the topics in which the server keeps its own state"),
      Option("json", "one JSON object a line"),
    ] + ClientConnection.options

  /// `millrace topic list`
  static let topicList = Command(
    "topic list",
    summary: "list topics",
    help: """
      usage: millrace topic list [options]

      Lists topics with what they hold: offsets in use (an upper bound of records where compaction or transactions leave
      gaps) and bytes on the leaders' disks.

      \(Option.list(options))

      examples
        millrace topic list
        millrace topic list --json --bootstrap log.example:9092
      """
  ) { arguments in
    let given = try Arguments(arguments, options: options, environment: environment)
    _ = try given.words()
    let client = try ClientConnection.client(given)
    try client.refreshMetadata(nil)
    let topics = client.cluster.topics.values
      .filter { given.has("internal") || !$0.isInternal }
      .sorted { $0.name < $1.name }
    let facts = TopicFacts(client, topics)
    let output = Output()
    if given.has("json") {
      for topic in topics { output.write(facts.summary(topic).line + "\n") }
    } else {
      output.write(facts.table(topics))
    }
    output.flush()
    return .done
  }
}

/// What topics hold. A fact that a broker cannot tell now is left out, not an error.
struct TopicFacts {
  private var starts: [String: [Int32: Int64]] = [:]
  private var ends: [String: [Int32: Int64]] = [:]
  private var sizes: [String: [Int32: Int64]] = [:]

  /// Asks the leaders of `topics`.
  init(_ client: KafkaClient, _ topics: [ClusterView.Topic]) {
    for topic in topics {
      let partitions = topic.partitions.map(\.index)
      starts[topic.name] = Self.known { () throws(ClientError) in
        try client.offsets(.earliest, topic: topic.name, partitions: partitions)
      }
      ends[topic.name] = Self.known { () throws(ClientError) in
        try client.offsets(.latest, topic: topic.name, partitions: partitions)
      }
    }
    sizes = Self.known { () throws(ClientError) in try client.sizes(of: topics.map(\.name)) } ?? [:]
  }

  /// The first offset that is still there.
  func start(_ topic: String, _ partition: Int32) -> Int64? { starts[topic]?[partition] }
  /// The offset behind the last record.
  func end(_ topic: String, _ partition: Int32) -> Int64? { ends[topic]?[partition] }
  /// Bytes on disk.
  func size(_ topic: String, _ partition: Int32) -> Int64? { sizes[topic]?[partition] }

  private func records(_ topic: ClusterView.Topic) -> Int64? {
    guard let first = starts[topic.name], let last = ends[topic.name] else { return nil }
    return last.reduce(0) { $0 &+ $1.value &- (first[$1.key] ?? $1.value) }
  }

  private func bytes(_ topic: ClusterView.Topic) -> Int64? { sizes[topic.name]?.values.reduce(0, &+) }

  /// A topic as a JSON object.
  func summary(_ topic: ClusterView.Topic) -> JSONText {
    .object([
      ("topic", .string(topic.name)), ("id", .string(topic.id.description)),
      ("partitions", .number(Int64(topic.partitions.count))),
      ("replication_factor", .number(Int64(topic.partitions.first?.replicas.count ?? 0))),
      ("offsets_in_use", records(topic).map(JSONText.number) ?? .null),
      ("bytes_on_disk", bytes(topic).map(JSONText.number) ?? .null), ("internal", .bool(topic.isInternal)),
    ])
  }

  /// The topics as a table for people.
  func table(_ topics: [ClusterView.Topic]) -> String {
    var table = TextTable(["TOPIC", "PARTITIONS", "REPLICAS", "RECORDS", "ON DISK"], rightAligned: [1, 2, 3, 4])
    for topic in topics {
      table.add([
        topic.name, "\(topic.partitions.count)", "\(topic.partitions.first?.replicas.count ?? 0)",
        records(topic).map { NumberText.grouped($0) } ?? "-", bytes(topic).map { NumberText.bytes($0) } ?? "-",
      ])
    }
    return table.text
  }

  private static func known<Fact>(_ ask: () throws(ClientError) -> Fact) -> Fact? {
    do { return try ask() } catch { return nil }
  }
}
