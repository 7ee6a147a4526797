/// A record that was given to a producer, and what became of it.
struct Sent: Sendable {
  let process: UInt32
  let place: Place
  let transaction: Int64
  /// The value it was made from; -1 where it was not made from one.
  let source: Int64
  var outcome: Event.Outcome
  /// Where the acknowledgement said that it stands; -1 where none did.
  var offset: Int64
}

/// What is known of a transaction.
struct TransactionFate: Sendable {
  /// When its commit was first asked for; nil where it never was, or has definitely failed.
  var commitAsked: Int64?
  /// When its commit was known; nil where it never was.
  var committed: Int64?

  /// Its records must never be read as committed. An abort that came after a commit of unknown outcome proves nothing.
  var isNever: Bool { commitAsked == nil }
}

/// What the last readings found in a partition.
struct FinalLog: Sendable {
  struct Entry: Sendable {
    let offset: Int64
    let value: Int64
    let source: Int64
  }

  /// The committed records, by offset.
  var entries: [Entry] = []
  /// Where the reading of committed records ended, and the end and the stable end of the partition; -1: nobody said.
  var (reached, end, stableEnd) = (Int64(-1), Int64(-1), Int64(-1))

  /// How many committed records stand before `offset`.
  func rank(of offset: Int64) -> Int {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].offset < offset { low = middle + 1 } else { high = middle }
    }
    return low
  }

  func holds(_ value: Int64, at offset: Int64) -> Bool {
    let rank = rank(of: offset)
    return rank < entries.count && entries[rank].offset == offset && entries[rank].value == value
  }
}

/// A history put in order for the rules.
package struct Ledger: Sendable {
  let events: [Event]
  let names: NameTable
  /// By value, in the order of sending.
  private(set) var sent: [Int64: Sent] = [:]
  private(set) var sendOrder: [Int64] = []
  private(set) var transactions: [Int64: TransactionFate] = [:]
  private(set) var logs: [Place: FinalLog] = [:]
  /// The values of the last reading of committed records, by topic.
  private(set) var finalValues: [UInt32: Set<Int64>] = [:]

  package init(_ history: History) {
    events = history.events
    names = history.names
    for event in events { take(event) }
    for place in logs.keys {
      logs[place]?.entries.sort { ($0.offset, $0.value) < ($1.offset, $1.value) }
    }
  }

  private mutating func take(_ event: Event) {
    switch event.operation {
    case .send: takeSend(event)
    case .commit:
      var fate = transactions[event.transaction] ?? TransactionFate()
      fate.commitAsked = min(fate.commitAsked ?? event.began, event.began)
      if event.outcome == .ok { fate.committed = event.ended }
      if event.outcome == .fail { fate.commitAsked = nil }
      transactions[event.transaction] = fate
    case .final:
      logs[event.place, default: FinalLog()].entries.append(
        FinalLog.Entry(offset: event.offset, value: event.value, source: event.detail))
      finalValues[event.place.topic, default: []].insert(event.value)
    case .reached: logs[event.place, default: FinalLog()].reached = event.offset
    case .end:
      logs[event.place, default: FinalLog()].end = event.offset
      logs[event.place, default: FinalLog()].stableEnd = event.value
    case .abort, .assigned, .read, .offset, .committed, .dirty, .subscribed, .moves: break
    }
  }

  private mutating func takeSend(_ event: Event) {
    if event.transaction >= 0, transactions[event.transaction] == nil {
      transactions[event.transaction] = TransactionFate()
    }
    guard sent[event.value] != nil else {
      sendOrder.append(event.value)
      sent[event.value] = Sent(
        process: event.process, place: event.place, transaction: event.transaction, source: event.detail,
        outcome: event.outcome, offset: event.outcome == .ok ? event.offset : -1)
      return
    }
    guard event.outcome != .asked else { return }
    sent[event.value]?.outcome = event.outcome
    if event.outcome == .ok { sent[event.value]?.offset = event.offset }
  }

  /// "topic-3", for a text.
  func name(_ place: Place) -> String { "\(names.name(Int64(place.topic)))-\(place.partition)" }

  /// "value 17 (4:17)": a value with its worker and number.
  func name(value: Int64) -> String { "value \(value) (\(value >> 40):\(value & 0xff_ffff_ffff))" }

  /// Who wrote an event, and in which of its own seconds since the machine started.
  func source(_ event: Event) -> String {
    "\(names.name(Int64(event.process))) at \(event.began / 1_000_000) ms"
  }
}
