/// Judges a recorded history by the anomalies of Jepsen's Kafka tests and a few more: what a consumer, a producer or a
/// group could see and never may, whatever was killed, paused or cut off meanwhile.
///
/// Pure, and of the order n log n. An unknown outcome excuses both what happened and what did not.
package enum Judge {
  package static func judge(_ history: History) -> Verdict {
    let ledger = Ledger(history)
    var verdict = Verdict()
    completeness(ledger, &verdict)
    writes(ledger, &verdict)
    transactions(ledger, &verdict)
    places(ledger, &verdict)
    reading(ledger, &verdict)
    offsets(ledger, &verdict)
    deliveries(ledger, &verdict)
    return verdict
  }

  /// Every partition that was written or read has an end, and the last reading came as far as it could.
  private static func completeness(_ ledger: Ledger, _ verdict: inout Verdict) {
    var used = Set(ledger.logs.keys)
    for sent in ledger.sent.values { used.insert(sent.place) }
    if used.isEmpty { verdict.condemn(.incomplete, "nothing was sent and nothing was read") }
    for place in used.sorted() {
      let log = ledger.logs[place] ?? FinalLog()
      if log.end < 0 || log.reached < log.stableEnd {
        verdict.condemn(
          .incomplete,
          "\(ledger.name(place)) was read up to \(log.reached), its stable end is \(log.stableEnd), its end \(log.end)")
      }
      if log.stableEnd < log.end {
        verdict.condemn(
          .stuckStableEnd, "\(ledger.name(place)): the stable end is \(log.stableEnd), the end \(log.end)")
      }
    }
  }

  /// What was acknowledged is there, and one producer's records stand in the order of its sends.
  private static func writes(_ ledger: Ledger, _ verdict: inout Verdict) {
    struct Row: Hashable {
      let process: UInt32
      let place: Place
    }
    var last: [Row: (offset: Int64, value: Int64)] = [:]
    for value in ledger.sendOrder {
      guard let sent = ledger.sent[value], sent.outcome == .ok else { continue }
      let mustStay = sent.transaction < 0 || ledger.transactions[sent.transaction]?.committed != nil
      if mustStay, ledger.finalValues[sent.place.topic]?.contains(value) != true {
        verdict.condemn(
          .lostWrite, "\(ledger.name(value: value)) was acknowledged at \(ledger.name(sent.place)) \(sent.offset)")
      }
      guard sent.offset >= 0 else { continue }
      let row = Row(process: sent.process, place: sent.place)
      if let before = last[row], before.offset > sent.offset {
        verdict.condemn(
          .disorderedSend,
          "\(ledger.name(sent.place)): \(before.value) at \(before.offset), then \(value) at \(sent.offset)")
      }
      last[row] = (sent.offset, value)
    }
  }

  /// What was read as committed was to be, and a transaction of unknown outcome is there as a whole or not at all.
  private static func transactions(_ ledger: Ledger, _ verdict: inout Verdict) {
    for event in ledger.events where event.operation == .read || event.operation == .final {
      guard let sent = ledger.sent[event.value], sent.place == event.place else {
        verdict.condemn(
          .phantom,
          "\(ledger.name(event.place)) \(event.offset): \(ledger.name(value: event.value)) was never sent there")
        continue
      }
      let fate = ledger.transactions[sent.transaction]
      if sent.outcome == .fail || fate?.isNever == true {
        verdict.condemn(
          .abortedRead,
          "\(ledger.name(event.place)) \(event.offset): \(ledger.name(value: event.value)), \(ledger.source(event))")
      } else if event.operation == .read, let asked = fate?.commitAsked, event.ended < asked {
        verdict.condemn(
          .precommittedRead,
          "\(ledger.name(event.place)) \(event.offset): read \((asked - event.ended) / 1000) us before the commit")
      }
    }
    var parts: [Int64: (there: Int, missing: Int, example: Int64)] = [:]
    for value in ledger.sendOrder {
      guard let sent = ledger.sent[value], sent.outcome == .ok, let fate = ledger.transactions[sent.transaction],
        !fate.isNever, fate.committed == nil
      else { continue }
      let isThere = ledger.finalValues[sent.place.topic]?.contains(value) == true
      var part = parts[sent.transaction] ?? (0, 0, value)
      if isThere { part.there += 1 } else { (part.missing, part.example) = (part.missing + 1, value) }
      parts[sent.transaction] = part
    }
    for (transaction, part) in parts.sorted(by: { $0.key < $1.key }) where part.there > 0 && part.missing > 0 {
      verdict.condemn(
        .tornTransaction,
        "transaction \(transaction): \(part.there) there, \(part.missing) not, as \(ledger.name(value: part.example))")
    }
  }
}
