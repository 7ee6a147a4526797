/// A defect put into a clean history afterwards, to prove that the judge sees it and names it.
package struct Mutation: Sendable {
  package let name: String
  /// What the changed history is to be condemned for: this, and nothing else.
  package let rules: Set<Rule>
  let change: @Sendable (inout History, Ledger) -> Bool

  /// The history with the defect; nil where it has nothing to put the defect on. `ledger` is the history's own.
  package func applied(to history: History, _ ledger: Ledger) -> History? {
    var changed = history
    return change(&changed, ledger) ? changed : nil
  }

  /// Each rule is broken by one at least.
  package static let all: [Mutation] = records + transactions + polls + groups

  private static let records: [Mutation] = [
    Mutation(name: "an acknowledged record is in no reading", rules: [.lostWrite, .inputNever]) { history, ledger in
      guard let value = ledger.committedOutput else { return false }
      history.events.removeAll { $0.value == value && [.read, .final, .dirty].contains($0.operation) }
      return true
    },
    Mutation(
      name: "a record that was read is not in the last reading", rules: [.lostWrite, .vanished, .phantom]
    ) { history, ledger in
      guard let value = ledger.readInput else { return false }
      history.events.removeAll { $0.value == value && [.final, .dirty].contains($0.operation) }
      return true
    },
    Mutation(name: "who reads all is not shown a committed record", rules: [.vanished]) { history, ledger in
      guard let value = ledger.committedOutput else { return false }
      history.events.removeAll { $0.operation == .dirty && $0.value == value }
      return true
    },
    Mutation(name: "a record stands in another partition", rules: [.phantom]) { history, ledger in
      guard let value = ledger.readInput else { return false }
      // Nobody told its sender where it stands: that would be another defect.
      history.events.removeAll { $0.operation == .send && $0.value == value && $0.outcome != .asked }
      guard let index = history.events.firstIndex(where: { $0.operation == .send && $0.value == value }) else {
        return false
      }
      history.events[index].place.partition = history.events[index].place.partition == 0 ? 1 : 0
      return true
    },
    Mutation(name: "a record is there twice", rules: [.duplicate]) { history, _ in
      guard var copy = history.events.last(where: { $0.operation == .dirty }) else { return false }
      copy.offset += 1_000_000
      history.events.append(copy)
      return true
    },
    Mutation(name: "an offset had another value", rules: [.inconsistentOffset]) { history, _ in
      guard var other = history.events.last(where: { $0.operation == .dirty }) else { return false }
      other.value = .max
      history.events.append(other)
      return true
    },
    Mutation(name: "two offsets are exchanged", rules: [.inconsistentOffset, .duplicate]) { history, ledger in
      let dirty = history.events.indices.filter { history.events[$0].operation == .dirty }
      let pair = zip(dirty, dirty.dropFirst()).first { a, b in
        history.events[a].place == history.events[b].place
          && [a, b].allSatisfy {
            ledger.finalValues[history.events[$0].place.topic]?.contains(history.events[$0].value) == true
          }
      }
      guard let (a, b) = pair else { return false }
      (history.events[a].value, history.events[b].value) = (history.events[b].value, history.events[a].value)
      return true
    },
    Mutation(name: "nobody sent a record", rules: [.phantom]) { history, ledger in
      guard let value = ledger.committedOutput else { return false }
      history.events.removeAll { $0.operation == .send && $0.value == value }
      return true
    },
    Mutation(name: "one producer's records changed their order", rules: [.disorderedSend]) { history, ledger in
      guard let (a, b) = history.neighbouringSends(ledger) else { return false }
      history.events.swapAt(a, b)
      return true
    },
    Mutation(name: "the stable end stands", rules: [.stuckStableEnd]) { history, _ in
      guard let index = history.events.firstIndex(where: { $0.operation == .end && $0.value > 0 }) else { return false }
      history.events[index].value -= 1
      return true
    },
    Mutation(name: "the last reading came not to the end", rules: [.incomplete]) { history, _ in
      guard let index = history.events.firstIndex(where: { $0.operation == .reached && $0.offset > 0 }) else {
        return false
      }
      history.events.remove(at: index)
      return true
    },
  ]

  private static let transactions: [Mutation] = [
    Mutation(name: "an aborted record is shown", rules: [.abortedRead, .vanished]) { history, ledger in
      let shown = history.events.first { event in
        guard event.operation == .dirty, let sent = ledger.sent[event.value] else { return false }
        return ledger.transactions[sent.transaction]?.isNever == true
      }
      guard let shown else { return false }
      history.addRead(of: shown.value, at: shown.place, shown.offset, time: shown.began)
      return true
    },
    Mutation(name: "a record is shown before its commit", rules: [.precommittedRead]) { history, ledger in
      guard let value = ledger.committedOutput, let sent = ledger.sent[value],
        let asked = ledger.transactions[sent.transaction]?.commitAsked
      else { return false }
      history.addRead(of: value, at: sent.place, sent.offset, time: asked - 1000)
      return true
    },
    Mutation(name: "half a transaction is there", rules: [.tornTransaction, .inputNever]) { history, ledger in
      var counts: [Int64: Int] = [:]
      for value in ledger.sendOrder where ledger.isCommittedOutput(value) {
        counts[ledger.sent[value]?.transaction ?? -1, default: 0] += 1
      }
      let victim = ledger.sendOrder.first { value in
        ledger.isCommittedOutput(value) && (ledger.sent[value].flatMap { counts[$0.transaction] } ?? 0) > 1
      }
      guard let victim, let transaction = ledger.sent[victim]?.transaction else { return false }
      history.events.removeAll { event in
        event.operation == .commit && event.transaction == transaction && event.outcome != .asked
          || event.value == victim && [.read, .final, .dirty].contains(event.operation)
      }
      return true
    },
    Mutation(name: "an input is moved twice, another never", rules: [.inputTwice, .inputNever]) { history, ledger in
      let moved = history.events.indices.filter {
        history.events[$0].operation == .final && history.events[$0].detail >= 0
      }
      guard let first = moved.first else { return false }
      let topic = history.events[first].place.topic
      guard let second = moved.dropFirst().first(where: { history.events[$0].place.topic == topic }) else {
        return false
      }
      history.events[first].detail = history.events[second].detail
      return true
    },
  ]
}

extension Ledger {
  /// Whether the value was made from another, and acknowledged in a transaction whose commit was acknowledged.
  func isCommittedOutput(_ value: Int64) -> Bool {
    guard let sent = sent[value], sent.outcome == .ok, sent.offset >= 0, sent.source >= 0 else { return false }
    return transactions[sent.transaction]?.committed != nil
  }

  fileprivate var committedOutput: Int64? { sendOrder.first(where: isCommittedOutput) }

  /// An acknowledged record, sent in no transaction, that somebody has read and moved.
  fileprivate var readInput: Int64? {
    let read = Set(events.filter { $0.operation == .read }.map(\.value))
    let moved = Set(events.filter { $0.operation == .final && $0.detail >= 0 }.map(\.detail))
    return sendOrder.first { value in
      guard let sent = sent[value] else { return false }
      return sent.outcome == .ok && sent.transaction < 0 && read.contains(value) && moved.contains(value)
    }
  }
}

extension History {
  /// A reading by a process that the history does not know.
  fileprivate mutating func addRead(of value: Int64, at place: Place, _ offset: Int64, time: Int64) {
    events.append(
      Event(
        began: time, ended: time, process: names.number(of: "nobody"), operation: .read, outcome: .ok, place: place,
        offset: offset, value: value, transaction: -1, detail: -1))
  }

  /// The lines that say what was sent by one producer to one partition, one after the other, both acknowledged.
  fileprivate func neighbouringSends(_ ledger: Ledger) -> (Int, Int)? {
    struct Row: Hashable {
      let process: UInt32
      let place: Place
    }
    var last: [Row: Int] = [:]
    for (index, event) in events.enumerated() where event.operation == .send && event.outcome == .asked {
      guard let sent = ledger.sent[event.value], sent.outcome == .ok, sent.offset >= 0 else { continue }
      let row = Row(process: event.process, place: event.place)
      if let before = last[row] { return (before, index) }
      last[row] = index
    }
    return nil
  }
}
