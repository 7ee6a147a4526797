import KafkaClient
import KafkaWire
import Machine
import Terminal
import Units

extension Command {
  private static let options: [Option] =
    [
      Option("from", letter: "o", value: "PLACE", "where to begin; beginning if left out, end with --follow"),
      Option("partition", letter: "p", value: "N", isRepeatable: true, "only this partition; may be repeated"),
      Option("count", letter: "n", value: "N", "end after so many records"),
      Option("follow", letter: "f", "go on when the end is reached, until interrupted"),
      Option("format", value: "text|json", "values as they are, one a line, or JSON objects with all there is"),
      Option("json", "the same as --format json"),
      Option("key-separator", letter: "k", value: "TEXT", "as text, write each key and TEXT before its value"),
      Option("group", letter: "g", value: "GROUP", "as a member of this group: it says where to read, and remembers"),
      Option("committed", "leave out what transactions have not committed"),
    ] + ClientConnection.options

  /// `millrace consume`
  static let consume = Command(
    "consume",
    summary: "read records of a topic",
    help: """
      usage: millrace consume TOPIC [options]

      Reads all partitions, each in order, up to the ends that they had at the start. Without --group it belongs to no
      group and commits nothing. With --group it shares the partitions with the group's other members, goes on where the
      group is, and commits once a second what is written; --from counts where nothing was committed before. When the
      server is restarted meanwhile, it goes on where it was.

      \(Option.list(options))

      PLACE is one of: \(StartPoint.forms).

      As JSON a record has topic, partition, offset, timestamp (UTC), key, value and headers. What is not UTF-8 stands
      in base64 under key_base64 or value_base64.

      examples
        millrace consume orders.created
        millrace consume orders.created --from -1h --json
        millrace consume clicks --follow
        millrace consume orders.created --group billing --follow
        millrace consume clicks --partition 2 --from 4711 --count 1 --json
      """
  ) { arguments in
    let given = try Arguments(arguments, options: options, environment: environment)
    let topic = try given.words("TOPIC")[0]
    let count = try given.integer("count", in: 0...Int.max)
    let format = try RecordFormatter(given, topic: topic)
    let client = try ClientConnection.client(given) { Interruption.isWished }
    let start = try startPoint(given, now: client.options.clock.wallClock().milliseconds)
    var choices = ConsumerOptions()
    choices.follows = given.has("follow")
    choices.isolation = given.has("committed") ? .readCommitted : .readUncommitted
    Interruption.watch()
    if let group = given.text("group") {
      let source = try member(of: group, topic, given, client, start, choices)
      return try ConsumeJob(.group(source), format, count: count, client.options).run()
    }
    let view = try client.topic(topic)
    let positions = try ReadingPlan.positions(
      client, view, partitions: try partitions(given, of: view), from: start, choices)
    let consumer = Consumer(client, topic: view, positions: positions, options: choices)
    return try ConsumeJob(.partitions(consumer), format, count: count, client.options).run()
  }

  private static func member(
    of group: String, _ topic: String, _ given: Arguments, _ client: KafkaClient, _ start: StartPoint,
    _ choices: ConsumerOptions
  ) throws -> GroupConsumer {
    guard !given.has("partition") else {
      throw UsageError("--partition and --group exclude each other: the group says who reads which partition")
    }
    let query: OffsetQuery =
      switch start {
      case .beginning: .earliest
      case .end: .latest
      case .time(let time): .time(time)
      case .offset, .last: throw UsageError("with --group, --from takes beginning, end, a time or an age")
      }
    let member = GroupMember(
      bootstrap: client.bootstrap, options: client.options, group: group, topic: try client.topic(topic).name)
    return GroupConsumer(client, member: member, from: query, options: choices)
  }

  private static func startPoint(_ given: Arguments, now: Int64) throws(UsageError) -> StartPoint {
    guard let text = given.text("from") else { return given.has("follow") ? .end : .beginning }
    guard let point = StartPoint(text, now: now) else {
      throw UsageError("--from takes \(StartPoint.forms), not '\(text)'")
    }
    return point
  }

  private static func partitions(_ given: Arguments, of topic: ClusterView.Topic) throws -> [Int32] {
    let all = topic.partitions.map(\.index)
    guard given.has("partition") else { return all }
    var chosen: [Int32] = []
    for text in given.texts("partition") {
      guard let index = Int32(text), index >= 0 else { throw UsageError("--partition takes a number, not '\(text)'") }
      guard all.contains(index) else {
        throw CommandFailure(
          .badData,
          "topic \(topic.name) has \(NumberText.counted(all.count, "partition")), and \(index) is none of them",
          advice: "`millrace topic describe \(topic.name)` shows them.")
      }
      if !chosen.contains(index) { chosen.append(index) }
    }
    return chosen
  }
}

/// Where a reader begins and ends.
enum ReadingPlan {
  /// The places in `partitions`, with the ends of now unless the consumer follows.
  static func positions(
    _ client: KafkaClient, _ topic: ClusterView.Topic, partitions: [Int32], from start: StartPoint,
    _ options: ConsumerOptions
  ) throws(ClientError) -> [Consumer.Position] {
    func look(_ query: OffsetQuery) throws(ClientError) -> [Int32: Int64] {
      try client.offsets(query, topic: topic.name, partitions: partitions, isolation: options.isolation)
    }
    let ends = try look(.latest)
    let begins = try look(.earliest)
    let timed: [Int32: Int64] = if case .time(let time) = start { try look(.time(time)) } else { [:] }
    return partitions.map { index in
      let (first, end) = (begins[index] ?? 0, ends[index] ?? 0)
      let next =
        switch start {
        case .beginning: first
        case .end: end
        case .offset(let offset): offset
        case .last(let count): max(end - min(count, end), first)
        case .time: timed[index] ?? end
        }
      return Consumer.Position(partition: index, next: next, end: options.follows ? nil : end)
    }
  }
}
