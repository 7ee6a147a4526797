import KafkaClient
import KafkaWire
import Machine
import Terminal
import Units

extension Command {
  private static let options: [Option] =
    [
      Option("to", value: "PLACE", "where the group shall read on"),
      Option("topic", letter: "t", value: "TOPIC[:N,...]", isRepeatable: true, "only this topic, or these partitions"),
      Option("dry-run", letter: "n", "only show what would change"),
      Option("json", "one JSON object a partition, each on a line"),
    ] + ClientConnection.options

  /// `millrace group reset`
  static let groupReset = Command(
    "group reset",
    summary: "set where a group reads on",
    help: """
      usage: millrace group reset GROUP --to PLACE [options]

      Commits new offsets for a group, and shows for each partition what was committed before and what is after. Without
      --topic, in all partitions that the group has committed in. A group with members is refused: they would commit
      over it. A place outside a log is moved to its nearest end.

      \(Option.list(options))

      PLACE is one of: earliest, latest, \(StartPoint.forms).

      examples
        millrace group reset billing --to -1h --dry-run
        millrace group reset billing --to earliest --topic orders.created
        millrace group reset billing --to 4711 --topic orders.created:3
      """
  ) { arguments in
    let given = try Arguments(arguments, options: options, environment: environment)
    let group = try given.words("GROUP")[0]
    let client = try ClientConnection.client(given)
    let now = client.options.clock.wallClock().milliseconds
    guard let text = given.text("to") else { throw UsageError("--to PLACE is missing") }
    guard let point = StartPoint(text, now: now) else {
      throw UsageError("--to takes earliest, latest, \(StartPoint.forms), not '\(text)'")
    }
    let reset = GroupReset(client, group: group, to: point)
    try reset.refuseWhileActive()
    let places = try reset.places(given.texts("topic"))
    let changes = try reset.changes(at: places)
    if !given.has("dry-run") { try reset.commit(changes) }
    let output = Output()
    if given.has("json") {
      for change in changes { output.write(change.json.line + "\n") }
    } else {
      var table = TextTable(["TOPIC", "PARTITION", "BEFORE", "AFTER", "UNREAD AFTER"], rightAligned: [1, 2, 3, 4])
      for change in changes {
        table.add([
          change.place.topic, "\(change.place.partition)", change.before.map { "\($0)" } ?? "-", "\(change.after)",
          NumberText.grouped(max(change.end - change.after, 0)),
        ])
      }
      output.write(table.text)
    }
    output.flush()
    let done = given.has("dry-run") ? "would be set; nothing was changed" : "set"
    ErrorOutput.say("group \(group): \(NumberText.counted(changes.count, "offset")) \(done)")
    return .done
  }
}

/// New offsets for a group.
private struct GroupReset {
  struct Change {
    let place: TopicPartition
    let before: Int64?
    let after: Int64
    let end: Int64

    var json: JSONText {
      .object([
        ("topic", .string(place.topic)), ("partition", .number(Int64(place.partition))),
        ("before", before.map(JSONText.number) ?? .null), ("after", .number(after)), ("end_offset", .number(end)),
      ])
    }
  }

  private let client: KafkaClient
  private let group: String
  private let point: StartPoint

  init(_ client: KafkaClient, group: String, to point: StartPoint) {
    self.client = client
    self.group = group
    self.point = point
  }

  /// Members would commit over what is set here.
  func refuseWhileActive() throws {
    let view: GroupView
    do throws(ClientError) { view = try client.group(group) } catch {
      guard error.code == .groupIdNotFound else { throw error }
      return
    }
    guard view.isActive else { return }
    let names = view.members.prefix(3).map { "\($0.clientID) at \($0.host)" }.joined(separator: ", ")
    let more = view.members.count > 3 ? " and \(view.members.count - 3) more" : ""
    throw CommandFailure(
      .badData,
      "group \(group) is \(view.state) with \(NumberText.counted(view.members.count, "member")) (\(names)\(more)): "
        + "they would commit over new offsets",
      advice: "Stop its members and try again; a member that was killed counts until its session is over.")
  }

  /// The partitions that `asked` names ("orders", "orders:1,2"), or all that the group has committed in.
  func places(_ asked: [String]) throws -> [TopicPartition] {
    guard !asked.isEmpty else {
      let committed = try client.committedOffsets(of: group)
      guard !committed.isEmpty else {
        throw CommandFailure(
          .badData, "group \(group) has committed no offsets",
          advice: "--topic TOPIC says where it shall begin; `millrace group list` shows the groups there are.")
      }
      return committed.keys.sorted()
    }
    var places: Set<TopicPartition> = []
    for text in asked {
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts[0])
      let known = try client.topic(name).partitions.map(\.index)
      guard parts.count == 2 else {
        places.formUnion(known.map { TopicPartition(name, $0) })
        continue
      }
      for number in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
        guard let index = Int32(number), known.contains(index) else {
          throw UsageError("--topic takes TOPIC or TOPIC:N,..., and topic \(name) has no partition '\(number)'")
        }
        places.insert(TopicPartition(name, index))
      }
    }
    return places.sorted()
  }

  /// What would change, within what the logs hold.
  func changes(at places: [TopicPartition]) throws(ClientError) -> [Change] {
    let committed = try client.committedOffsets(of: group)
    var changes: [Change] = []
    for (topic, places) in Dictionary(grouping: places, by: \.topic).sorted(by: { $0.key < $1.key }) {
      let partitions = places.map(\.partition).sorted()
      try client.refreshMetadata([topic])
      let starts = try client.offsets(.earliest, topic: topic, partitions: partitions)
      let ends = try client.offsets(.latest, topic: topic, partitions: partitions)
      let timed: [Int32: Int64] =
        if case .time(let time) = point {
          try client.offsets(.time(time), topic: topic, partitions: partitions)
        } else { [:] }
      for index in partitions {
        let (start, end) = (starts[index] ?? 0, ends[index] ?? 0)
        let wanted =
          switch point {
          case .beginning: start
          case .end: end
          case .offset(let offset): offset
          case .last(let count): end - min(count, end)
          case .time: timed[index] ?? end
          }
        let place = TopicPartition(topic, index)
        changes.append(
          Change(place: place, before: committed[place]?.offset, after: min(max(wanted, start), end), end: end))
      }
    }
    return changes
  }

  func commit(_ changes: [Change]) throws(ClientError) {
    let offsets = changes.map { ($0.place, CommittedOffset(offset: $0.after)) }
    try client.commit(Dictionary(offsets) { $1 }, of: group)
  }
}
