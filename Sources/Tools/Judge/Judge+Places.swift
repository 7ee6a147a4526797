extension Judge {
  /// Somebody saw a value at an offset: as an acknowledgement or as a record.
  private struct Sight {
    let place: Place
    let offset: Int64
    let value: Int64
    let source: Source

    /// Who saw it: somebody while the run lasted, or one of the last readings.
    enum Source { case live, final, dirty }

    func comesBefore(_ other: Sight) -> Bool {
      if offset != other.offset { return offset < other.offset }
      return place != other.place ? place < other.place : value < other.value
    }

    func isLess(_ other: Sight) -> Bool {
      if value != other.value { return value < other.value }
      return place != other.place ? place < other.place : offset < other.offset
    }
  }

  /// An offset has one value, a value one place, and nothing that was seen is gone or beyond the end.
  static func places(_ ledger: Ledger, _ verdict: inout Verdict) {
    var sights: [Sight] = []
    for event in ledger.events {
      let source: Sight.Source
      switch event.operation {
      case .read: source = .live
      case .final: source = .final
      case .dirty: source = .dirty
      case .send where event.outcome == .ok && event.offset >= 0: source = .live
      default: continue
      }
      sights.append(Sight(place: event.place, offset: event.offset, value: event.value, source: source))
    }
    sights.sort { $0.comesBefore($1) }
    for (a, b) in zip(sights, sights.dropFirst()) where a.place == b.place && a.offset == b.offset {
      guard a.value != b.value else { continue }
      verdict.condemn(
        .inconsistentOffset,
        "\(ledger.name(a.place)) \(a.offset): \(ledger.name(value: a.value)) and \(ledger.name(value: b.value))")
    }
    sights.sort { $0.isLess($1) }
    for (a, b) in zip(sights, sights.dropFirst()) where a.place.topic == b.place.topic && a.value == b.value {
      guard a.place != b.place || a.offset != b.offset else { continue }
      verdict.condemn(
        .duplicate,
        "\(ledger.name(value: a.value)): \(ledger.name(a.place)) \(a.offset), \(ledger.name(b.place)) \(b.offset)")
    }
    bothReadings(sights, ledger, &verdict)
    bounds(ledger, &verdict)
  }

  /// Who reads all is shown all that is committed. `sights` are in the order of values.
  private static func bothReadings(_ sights: [Sight], _ ledger: Ledger, _ verdict: inout Verdict) {
    var first = sights.startIndex
    while first < sights.endIndex {
      let next = sights[first...].firstIndex { $0.value != sights[first].value } ?? sights.endIndex
      let same = sights[first..<next]
      if let final = same.first(where: { $0.source == .final }), !same.contains(where: { $0.source == .dirty }) {
        verdict.condemn(
          .vanished,
          "\(ledger.name(final.place)) \(final.offset): \(ledger.name(value: final.value)) is not in the reading of all"
        )
      }
      first = next
    }
  }

  private static func bounds(_ ledger: Ledger, _ verdict: inout Verdict) {
    for event in ledger.events {
      guard let log = ledger.logs[event.place], log.end >= 0 else { continue }
      switch event.operation {
      case .read:
        if event.offset >= log.end {
          verdict.condemn(
            .beyondEnd,
            "\(ledger.name(event.place)) \(event.offset) was read, the end is \(log.end); \(ledger.source(event))")
        } else if !log.holds(event.value, at: event.offset), event.offset < log.reached {
          verdict.condemn(
            .vanished,
            "\(ledger.name(event.place)) \(event.offset): \(ledger.name(value: event.value)), \(ledger.source(event))")
        }
      case .committed where event.offset > log.end:
        verdict.condemn(
          .beyondEnd,
          "group \(ledger.names.name(event.detail)) at \(event.offset), the end of \(ledger.name(event.place)) is \(log.end)"
        )
      default: break
      }
    }
  }

  /// Where a consumer stands in a partition.
  private struct Standing {
    /// The rank of the next committed record; nil until it is known.
    var next: Int?
    var poll: Int64 = -1
    var offset: Int64 = -1
  }

  /// A consumer gets the committed records of a partition one by one as long as it keeps the partition.
  static func reading(_ ledger: Ledger, _ verdict: inout Verdict) {
    struct Row: Hashable {
      let process: UInt32
      let place: Place
    }
    var standings: [Row: Standing] = [:]
    for event in ledger.events where event.operation == .read || event.operation == .assigned {
      guard let log = ledger.logs[event.place] else { continue }
      let row = Row(process: event.process, place: event.place)
      guard event.operation == .read else {
        standings[row] = Standing(next: event.offset < 0 ? nil : log.rank(of: event.offset))
        continue
      }
      // A record that is not in the log is the matter of another rule, and says nothing about the order.
      guard log.holds(event.value, at: event.offset) else { continue }
      let rank = log.rank(of: event.offset)
      let before = standings[row] ?? Standing()
      let isInside = before.poll == event.transaction
      if let next = before.next, next != rank {
        let rule: Rule =
          rank > next
          ? (isInside ? .skipInPoll : .skipBetweenPolls) : (isInside ? .inversionInPoll : .inversionBetweenPolls)
        verdict.condemn(
          rule,
          "\(ledger.name(event.place)): \(before.offset), then \(event.offset) (\(rank - next) from the next); "
            + ledger.source(event))
      }
      standings[row] = Standing(next: rank + 1, poll: event.transaction, offset: event.offset)
    }
  }
}
