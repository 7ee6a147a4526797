import KafkaClient
import Terminal

/// A group as it is shown: itself, its members, its partitions.
struct GroupReport {
  private let view: GroupView
  private let lags: [PartitionLag]
  private let rebalance: GroupRebalance?
  /// Milliseconds since 1970.
  private let now: Int64

  init(_ view: GroupView, _ lags: [PartitionLag], _ rebalance: GroupRebalance?, now: Int64) {
    self.view = view
    self.lags = lags
    self.rebalance = rebalance
    self.now = now
  }

  /// For people.
  var text: String {
    let epoch = view.epoch >= 0 ? ", epoch \(view.epoch)" : ""
    let assignor = view.assignor.isEmpty ? "" : ", \(view.assignor) assignment"
    var text =
      "\(view.id)\n  \(view.state), \(view.type) group\(epoch)\(assignor), coordinator \(view.coordinator)\n"
    if let rebalance {
      text += "  last rebalance \(AgeText.short(max(now - rebalance.atMs, 0))) ago: \(rebalance.sentence)\n"
    }
    if view.members.isEmpty {
      text += "  no members\n"
    } else {
      var table = TextTable(["  MEMBER", "CLIENT", "HOST", "READS"])
      for member in view.members {
        let name = member.instance.map { "\(member.id) (\($0))" } ?? member.id
        table.add(["  " + name, member.clientID, member.host, Self.ranges(member.assignment)])
      }
      text += table.text
    }
    guard !lags.isEmpty else { return text }
    var table = TextTable(
      ["  TOPIC", "PARTITION", "COMMITTED", "END", "UNREAD", "NEXT IS", "MEMBER"], rightAligned: [1, 2, 3, 4, 5])
    for lag in lags {
      table.add([
        "  " + lag.place.topic, "\(lag.place.partition)", lag.committed.map { "\($0)" } ?? "-", "\(lag.end)",
        NumberText.grouped(lag.records), lag.records == 0 ? "-" : lag.age(now).map { AgeText.short($0) } ?? "-",
        lag.member ?? "-",
      ])
    }
    let total = lags.reduce(0) { $0 + $1.records }
    return text + table.text + "  \(NumberText.grouped(total)) unread in all\n"
  }

  /// For programs.
  var json: JSONText {
    .object([
      ("group", .string(view.id)), ("type", .string(view.type)), ("state", .string(view.state)),
      ("protocol_type", .string(view.protocolType)), ("assignor", .string(view.assignor)),
      ("epoch", view.epoch < 0 ? .null : .number(Int64(view.epoch))),
      ("coordinator", .number(Int64(view.coordinator))), ("last_rebalance", rebalance.map(Self.json) ?? .null),
      ("lag_records", .number(lags.reduce(0) { $0 + $1.records })),
      ("lag_seconds", lags.compactMap { $0.age(now) }.max().map { .number($0 / 1_000) } ?? .null),
      ("members", .array(view.members.map(Self.json))), ("partitions", .array(lags.map { $0.json(now) })),
    ])
  }

  private static func json(_ rebalance: GroupRebalance) -> JSONText {
    .object([
      ("reason", .string(rebalance.reason)), ("member", .string(rebalance.member)),
      ("instance", .optional(rebalance.instance)), ("client_id", .string(rebalance.clientID)),
      ("host", .string(rebalance.host)), ("said", .optional(rebalance.said)), ("at_ms", .number(rebalance.atMs)),
      ("rebalances", .number(rebalance.count)),
    ])
  }

  private static func json(_ member: GroupView.Member) -> JSONText {
    .object([
      ("member", .string(member.id)), ("instance", .optional(member.instance)), ("client_id", .string(member.clientID)),
      ("host", .string(member.host)), ("topics", .array(member.topics.map(JSONText.string))),
      ("pattern", .optional(member.pattern)),
      ("assignment", .array(member.assignment.map { .string($0.description) })),
      ("target", .array(member.target.map { .string($0.description) })),
    ])
  }

  /// "orders 0-3,7; clicks 1".
  static func ranges(_ places: [TopicPartition]) -> String {
    guard !places.isEmpty else { return "-" }
    let topics = Dictionary(grouping: places, by: \.topic).sorted { $0.key < $1.key }
    return topics.map { topic, places in
      var ranges: [ClosedRange<Int32>] = []
      for index in places.map(\.partition).sorted() {
        if let last = ranges.last, last.upperBound + 1 == index {
          ranges[ranges.count - 1] = last.lowerBound...index
        } else {
          ranges.append(index...index)
        }
      }
      return "\(topic) "
        + ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
        .joined(separator: ",")
    }.joined(separator: "; ")
  }
}

extension PartitionLag {
  /// How long the next unread record has been there, in milliseconds; nil where all is read or nobody looked.
  func age(_ now: Int64) -> Int64? {
    guard records > 0 else { return 0 }
    return nextTimestamp.flatMap { $0 < 0 ? nil : max(now - $0, 0) }
  }

  func json(_ now: Int64) -> JSONText {
    .object([
      ("topic", .string(place.topic)), ("partition", .number(Int64(place.partition))),
      ("committed", committed.map(JSONText.number) ?? .null), ("start_offset", .number(start)),
      ("end_offset", .number(end)), ("stable_end_offset", .number(stableEnd)), ("lag_records", .number(records)),
      ("lag_seconds", age(now).map { .number($0 / 1_000) } ?? .null), ("member", .optional(member)),
    ])
  }
}

/// How long something has been waiting, as people say it.
enum AgeText {
  /// "0.3 s", "42 s", "5 min", "3 h", "2 d" for milliseconds.
  static func short(_ milliseconds: Int64) -> String {
    switch milliseconds {
    case ..<1: "now"
    case ..<10_000: "\(NumberText.oneDecimal(Double(milliseconds) / 1_000)) s"
    case ..<120_000: "\(milliseconds / 1_000) s"
    case ..<7_200_000: "\(milliseconds / 60_000) min"
    case ..<172_800_000: "\(milliseconds / 3_600_000) h"
    default: "\(milliseconds / 86_400_000) d"
    }
  }
}
