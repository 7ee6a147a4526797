extension Judge {
  /// A group and a partition.
  struct GroupPlace: Hashable {
    let group: Int64
    let place: Place
  }

  /// A group's offsets never go back by themselves: who asks is told at least what was acknowledged or told before it
  /// asked, and a member that gets a partition begins no earlier. Another answer is excused by a write of that very
  /// offset that may have come last.
  static func offsets(_ ledger: Ledger, _ verdict: inout Verdict) {
    let answers = answers(ledger)
    let writes = writes(ledger)
    for (key, answers) in answers.sorted(by: { ($0.key.place, $0.key.group) < ($1.key.place, $1.key.group) }) {
      let findings = OffsetTimeline(writes[key] ?? []).findings(in: answers)
      let name = "group \(ledger.names.name(key.group)) in \(ledger.name(key.place))"
      for (answer, least) in findings.regressed {
        let began = answer.isTold ? "told" : "began at"
        verdict.condemn(
          .offsetRegress,
          "\(name): \(began) \(answer.offset), it was \(least); \(ledger.source(ledger.events[answer.event]))")
      }
      for answer in findings.unwritten {
        verdict.condemn(
          .offsetUnwritten, "\(name): told \(answer.offset); \(ledger.source(ledger.events[answer.event]))")
      }
      verdict.excused += findings.excused
    }
  }

  /// The writes of offsets, with what is known of their outcome. A line that was written before a call stands for a write
  /// of unknown outcome unless another line, which has the same beginning, tells it.
  static func writes(_ ledger: Ledger) -> [GroupPlace: [OffsetWrite]] {
    struct Call: Hashable {
      let process: UInt32
      let place: Place
      let began: Int64
    }
    let events = ledger.events.filter { $0.operation == .offset }
    let answered = Set(
      events.filter { $0.outcome != .asked }.map { Call(process: $0.process, place: $0.place, began: $0.began) })
    var writes: [GroupPlace: [OffsetWrite]] = [:]
    for event in events where event.outcome != .fail {
      var write = OffsetWrite(offset: event.offset, began: event.began, ended: nil)
      if event.transaction >= 0 {
        guard let fate = ledger.transactions[event.transaction], let asked = fate.commitAsked else { continue }
        (write.began, write.ended, write.isTransactional) = (asked, fate.committed, true)
      } else if event.outcome == .ok {
        write.ended = event.ended
      } else if event.outcome == .info {
        write.gaveUp = event.ended
      } else if event.outcome == .asked,
        answered.contains(Call(process: event.process, place: event.place, began: event.began))
      {
        continue
      }
      writes[GroupPlace(group: event.detail, place: event.place), default: []].append(write)
    }
    return writes
  }

  /// What groups were told of their offsets, and where members began to read that got a partition.
  private static func answers(_ ledger: Ledger) -> [GroupPlace: [OffsetAnswer]] {
    struct Row: Hashable {
      let process: UInt32
      let place: Place
    }
    var answers: [GroupPlace: [OffsetAnswer]] = [:]
    var assigned: [Row: Int64] = [:]
    for (index, event) in ledger.events.enumerated() {
      let (row, key) = (
        Row(process: event.process, place: event.place), GroupPlace(group: event.detail, place: event.place)
      )
      switch event.operation {
      case .committed:
        answers[key, default: []].append(
          OffsetAnswer(
            offset: event.offset, lowest: event.offset, began: event.began, ended: event.ended, event: index,
            isTold: true))
      case .assigned: assigned[row] = event.offset < 0 && event.detail >= 0 ? event.began : nil
      case .read:
        guard let began = assigned.removeValue(forKey: row), let log = ledger.logs[event.place] else { break }
        let rank = log.rank(of: event.offset)
        answers[key, default: []].append(
          OffsetAnswer(
            offset: event.offset, lowest: rank > 0 ? log.entries[rank - 1].offset + 1 : 0, began: began,
            ended: event.ended, event: index, isTold: false))
      default: break
      }
    }
    return answers
  }

  /// Everything was given to each group, and each input was moved once.
  static func deliveries(_ ledger: Ledger, _ verdict: inout Verdict) {
    for event in ledger.events {
      switch event.operation {
      case .subscribed: unseen(ledger, by: event.detail, in: event.place.topic, &verdict)
      case .moves: moved(ledger, from: event.place.topic, to: UInt32(clamping: event.detail), &verdict)
      default: break
      }
    }
  }

  private static func unseen(_ ledger: Ledger, by group: Int64, in topic: UInt32, _ verdict: inout Verdict) {
    var seen: Set<Int64> = []
    for event in ledger.events
    where event.operation == .read && event.detail == group && event.place.topic == topic {
      seen.insert(event.value)
    }
    for (place, log) in ledger.logs.sorted(by: { $0.key < $1.key }) where place.topic == topic {
      for entry in log.entries where !seen.contains(entry.value) {
        verdict.condemn(
          .unseen, "group \(ledger.names.name(group)): \(ledger.name(place)) \(entry.offset), value \(entry.value)")
      }
    }
  }

  private static func moved(_ ledger: Ledger, from input: UInt32, to output: UInt32, _ verdict: inout Verdict) {
    var outputs: [Int64: Int] = [:]
    let inputs = ledger.finalValues[input] ?? []
    for (place, log) in ledger.logs where place.topic == output {
      for entry in log.entries {
        outputs[entry.source, default: 0] += 1
        if !inputs.contains(entry.source) {
          verdict.condemn(
            .phantom,
            "\(ledger.name(place)) \(entry.offset) was made from \(entry.source), which nobody can read")
        }
      }
    }
    let topic = ledger.names.name(Int64(output))
    for value in inputs.sorted() {
      let count = outputs[value] ?? 0
      if count == 0 { verdict.condemn(.inputNever, "\(ledger.name(value: value)) is not in \(topic)") }
      if count > 1 { verdict.condemn(.inputTwice, "\(ledger.name(value: value)) is \(count) times in \(topic)") }
    }
  }
}
