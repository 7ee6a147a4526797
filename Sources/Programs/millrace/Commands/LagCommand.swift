import KafkaClient
import KafkaWire
import Machine
import Terminal
import Units

extension Command {
  private static let options: [Option] =
    [
      Option("eta", "measure for a moment, and say when all is read if it goes on like this"),
      Option("watch", letter: "w", "show it again and again, until interrupted"),
      Option("interval", value: "DURATION", "between two looks; 2s if left out"),
      Option("json", "one JSON object a group and topic, each on a line"),
    ] + ClientConnection.options

  /// `millrace lag`
  static let lag = Command(
    "lag",
    summary: "show how far groups are behind, in records and in time",
    help: """
      usage: millrace lag [GROUP...] [options]

      Shows for each group and topic how many records are unread and how old the oldest of them is. Without a GROUP, all
      groups. On a terminal, --watch draws the table anew in its place.

      \(Option.list(options))

      examples
        millrace lag
        millrace lag billing --eta
        millrace lag --watch
      """
  ) { arguments in
    let given = try Arguments(arguments, options: options, environment: environment)
    let text = given.text("interval") ?? "2s"
    guard let interval = TimeText.duration(text), interval > 0 else {
      throw UsageError("--interval takes a duration such as 2s or 500ms, not '\(text)'")
    }
    let client = try ClientConnection.client(given) { Interruption.isWished }
    Interruption.watch()
    var table = LagTable(client, groups: given.words, showsPace: given.has("eta") || given.has("watch"))
    let output = Output()
    try table.look()
    if given.has("eta") {
      try client.pause(interval)
      try table.look()
    }
    while true {
      if given.has("json") {
        for row in table.rows { output.write(row.json.line + "\n") }
      } else {
        output.write((given.has("watch") && Output.isTerminal ? "\u{1B}[H\u{1B}[J" : "") + table.text)
      }
      output.flush()
      guard given.has("watch"), !Interruption.isWished, !output.isBroken else { return .done }
      do throws(ClientError) { try client.pause(interval) } catch { return .done }
      try table.look()
    }
  }
}

/// What is unread of each group and topic, from look to look.
private struct LagTable {
  struct Row {
    var group: String
    var topic: String
    var partitions: Int
    var unread: Int64
    /// Milliseconds; nil where all is read or nobody can tell.
    var age: Int64?
    /// Records a second; nil after the first look.
    var pace: (written: Double, read: Double)?

    /// Milliseconds until all is read; nil where it never is, or nobody knows yet.
    var left: Int64? {
      guard unread > 0 else { return 0 }
      guard let pace, pace.read > pace.written else { return nil }
      return Int64(Double(unread) / (pace.read - pace.written) * 1_000)
    }

    var json: JSONText {
      .object([
        ("group", .string(group)), ("topic", .string(topic)), ("partitions", .number(Int64(partitions))),
        ("lag_records", .number(unread)), ("lag_seconds", age.map { .number($0 / 1_000) } ?? .null),
        ("read_per_second", pace.map { .number(Int64($0.read)) } ?? .null),
        ("written_per_second", pace.map { .number(Int64($0.written)) } ?? .null),
        ("eta_seconds", left.map { .number($0 / 1_000) } ?? .null),
      ])
    }
  }

  private struct Key: Hashable {
    var group: String
    var topic: String
  }

  private let client: KafkaClient
  private let wanted: [String]
  private let showsPace: Bool
  private(set) var rows: [Row] = []
  private var before: [Key: (at: Instant, end: Int64, committed: Int64)] = [:]

  init(_ client: KafkaClient, groups: [String], showsPace: Bool) {
    self.client = client
    self.showsPace = showsPace
    wanted = groups
  }

  /// Asks anew.
  mutating func look() throws(ClientError) {
    rows = []
    let names = wanted.isEmpty ? try client.groups().map(\.id) : wanted
    for name in names {
      let view: GroupView?
      do throws(ClientError) { view = try client.group(name) } catch {
        guard error.code == .groupIdNotFound else { throw error }
        view = nil
      }
      let lags = try client.lag(of: name, view, withAges: true)
      for (topic, lags) in Dictionary(grouping: lags, by: \.place.topic).sorted(by: { $0.key < $1.key }) {
        add(Key(group: name, topic: topic), lags)
      }
    }
  }

  private mutating func add(_ key: Key, _ lags: [PartitionLag]) {
    let now = client.options.clock.now()
    let wall = client.options.clock.wallClock().milliseconds
    let end = lags.reduce(0) { $0 + $1.end }
    let committed = lags.reduce(0) { $0 + ($1.committed ?? $1.start) }
    var row = Row(
      group: key.group, topic: key.topic, partitions: lags.count, unread: lags.reduce(0) { $0 + $1.records },
      age: lags.filter { $0.records > 0 }.compactMap { $0.age(wall) }.max())
    if let last = before[key] {
      let seconds = max(Double(last.at.milliseconds(until: now)), 1) / 1_000
      row.pace = (Double(max(end - last.end, 0)) / seconds, Double(max(committed - last.committed, 0)) / seconds)
    }
    before[key] = (now, end, committed)
    rows.append(row)
  }

  var text: String {
    let pace = showsPace ? ["READ/S", "WRITTEN/S", "ALL READ IN"] : []
    var table = TextTable(
      ["GROUP", "TOPIC", "PARTITIONS", "UNREAD", "OLDEST IS"] + pace, rightAligned: [2, 3, 4, 5, 6, 7])
    for row in rows {
      var cells = [
        row.group, row.topic, "\(row.partitions)", NumberText.grouped(row.unread),
        row.age.map { AgeText.short($0) } ?? "-",
      ]
      if showsPace {
        cells += [
          row.pace.map { NumberText.grouped(Int64($0.read.rounded())) } ?? "-",
          row.pace.map { NumberText.grouped(Int64($0.written.rounded())) } ?? "-", left(row),
        ]
      }
      table.add(cells)
    }
    return table.text
  }

  private func left(_ row: Row) -> String {
    if row.unread == 0 { return "all read" }
    if row.pace == nil { return "-" }
    return row.left.map { AgeText.short($0) } ?? "never"
  }
}
