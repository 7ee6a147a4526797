import Faults
package import Judge

/// What a run was, for its last page.
package struct TortureReport {
  let options: TortureOptions
  let server: String
  let faults: [Nemesis.Kind: Int]
  let pausedMs: Int
  let longestStartMs: Int
  package let deaths: [Int32]
  let proxy: ProxyCounts
  let tallies: [Fleet.Kind: Crew.Tally]

  /// The tables of clients and faults.
  package func text(_ history: History) -> String {
    var rows = [
      [
        "clients", "sent", "acknowledged", "read", "commits", "aborts", "offsets", "starts", "killed", "gave up",
        "silent",
      ]
    ]
    let counts = Self.operations(history)
    for kind in Fleet.Kind.allCases {
      let (count, tally) = (counts[kind.rawValue] ?? Operations(), tallies[kind] ?? Crew.Tally())
      if tally.starts == 0 { continue }
      rows.append(
        [kind.rawValue]
          + [
            count.sent, count.acknowledged, count.read, count.commits, count.aborts, count.offsets, tally.starts,
            tally.killed, tally.gaveUp, tally.hung,
          ].map(String.init))
    }
    let listed = Nemesis.Kind.allCases.map { "\($0.rawValue) \(faults[$0] ?? 0)" }.joined(separator: ", ")
    var lines = ["\(server), \(options.seconds) s of faults, seed \(options.seed)", "", Self.table(rows), ""]
    lines.append("faults: \(listed); stood still for \(pausedMs / 1000) s, longest start \(longestStartMs) ms")
    lines.append(
      "proxy: \(proxy.connections) connections, \(proxy.frames) frames, \(proxy.held) held, \(proxy.late) late, "
        + "\(proxy.cuts) cuts between frames, \(proxy.tears) inside one")
    if options.classes.isEmpty { lines.append("left out: the Java clients. This was not a full run.") }
    for death in deaths { lines.append("CONDEMNED: the server ended by itself, with \(death)") }
    for name in idle(history) { lines.append("CONDEMNED: \(name) did not do all that it is there for") }
    return lines.joined(separator: "\n")
  }

  /// The workers that left one of their duties undone in all of their lives: what others did proves nothing about these
  /// clients. A run of less than a minute may leave one no time.
  package func idle(_ history: History) -> [String] { Self.idle(history, options) }

  package static func idle(_ history: History, _ options: TortureOptions) -> [String] {
    guard options.seconds >= 60 else { return [] }
    var done: [UInt32: Set<Event.Operation>] = [:]
    for event in history.events where event.outcome == .ok { done[event.process, default: []].insert(event.operation) }
    var doneByName: [Substring: Set<Event.Operation>] = [:]
    for (process, operations) in done {
      // A worker's name has the number of its start behind it.
      let name = history.names.name(Int64(process))
      doneByName[name[..<(name.lastIndex(of: "-") ?? name.endIndex)], default: []].formUnion(operations)
    }
    let members = Fleet.members(withJava: !options.classes.isEmpty, rate: options.rate)
    return members.filter { !(doneByName[$0.name[...]] ?? []).isSuperset(of: $0.duties) }.map(\.name)
  }

  private struct Operations {
    var (sent, acknowledged, read, commits, aborts, offsets) = (0, 0, 0, 0, 0, 0)
  }

  /// By the kind of client: the first part of a process's name.
  private static func operations(_ history: History) -> [String: Operations] {
    let kinds = history.names.names.map { String($0.prefix { $0 != "-" }) }
    var counts: [String: Operations] = [:]
    for event in history.events {
      let isOK = event.outcome == .ok
      let kind = kinds[Int(event.process)]
      switch event.operation {
      case .send where event.outcome == .asked: counts[kind, default: Operations()].sent += 1
      case .send where isOK: counts[kind, default: Operations()].acknowledged += 1
      case .read: counts[kind, default: Operations()].read += 1
      case .commit where isOK: counts[kind, default: Operations()].commits += 1
      case .abort where isOK: counts[kind, default: Operations()].aborts += 1
      case .offset where isOK: counts[kind, default: Operations()].offsets += 1
      default: break
      }
    }
    return counts
  }

  /// Each rule with how often it was broken, and examples.
  package static func text(_ verdict: Verdict) -> String {
    let rows = Rule.allCases.map { rule in
      let count = verdict.counts[rule] ?? 0
      return [rule.rawValue, String(count), count == 0 ? "ok" : "CONDEMNED"]
    }
    let examples = Rule.allCases.flatMap { rule in (verdict.examples[rule] ?? []).map { "\(rule.rawValue): \($0)" } }
    let excused =
      "\(verdict.excused) answers about offsets went back and are excused by a commit that may have come late"
    return ([table([["rule", "broken", "verdict"]] + rows), excused] + examples).joined(separator: "\n")
  }

  /// Columns as wide as they must be, two spaces apart; the first is flush left.
  private static func table(_ rows: [[String]]) -> String {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      row.enumerated().map { column, text in
        let padding = String(repeating: " ", count: widths[column] - text.count)
        return column == 0 ? text + padding : padding + text
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}
