/// A write of a group's offset, in nanoseconds; `ended` is nil where nobody knows whether and when it happened.
struct OffsetWrite {
  let offset: Int64
  /// It cannot have counted before: when the client asked for it, or for the commit of its transaction.
  var began: Int64
  var ended: Int64?
  /// When a client stopped waiting that was not answered; nil where it was killed as it waited.
  var gaveUp: Int64?
  /// Whether it came with a transaction. Kafka acknowledges a commit before its markers are written, so that who only asks
  /// for an offset may still be told the one before; a member that begins to read waits for them.
  var isTransactional = false

  /// An answer that takes longer may be that of a second request: the client has lost the connection and come again.
  private static let answeredAtOnce: Int64 = 50_000_000
  /// So long after its answer the first of them may still arrive: longer than the proxy holds a frame.
  private static let latestArrival: Int64 = 10_000_000_000

  /// No client waits longer for the answer to a commit (the driver ends one that is silent for 40 s), and no pause of the
  /// server is longer (`Nemesis`).
  private static let longestCall: Int64 = 60_000_000_000
  private static let longestPause: Int64 = 20_000_000_000

  /// When it may have happened for the last time. No protocol tells a late commit of a member that lives from one it has
  /// just sent. A transaction whose end nobody knows may be ended by another try.
  var latest: Int64 {
    if let ended { return isTransactional || ended - began < Self.answeredAtOnce ? ended : ended + Self.latestArrival }
    return isTransactional ? .max : (gaveUp ?? began + Self.longestCall) + Self.latestArrival + Self.longestPause
  }

  /// Whether it was answered, and so quickly that no second request of it is under way.
  var isCertain: Bool { ended.map { latest == $0 } ?? false }
}

/// What somebody was told of a group's offset, or must have been told where a member began to read.
struct OffsetAnswer {
  let offset: Int64
  /// The lowest offset that comes to the same: no committed record stands between the two.
  let lowest: Int64
  let began: Int64
  let ended: Int64
  /// Where it stands in the history.
  let event: Int
  /// Whether the offset was told, and not concluded from a record.
  let isTold: Bool
}

/// The offsets of one group in one partition over time.
struct OffsetTimeline {
  /// Something that was true at `ended` at the latest and not before `began`.
  private struct Fact {
    let offset: Int64
    let began: Int64
    let ended: Int64
    var isTransactional = false
  }

  private let known: [Fact]
  /// For each offset its writes.
  private let writes: [Int64: [OffsetWrite]]

  init(_ writes: [OffsetWrite]) {
    known = writes.compactMap { write in
      write.ended.map {
        Fact(offset: write.offset, began: write.began, ended: $0, isTransactional: write.isTransactional)
      }
    }
    self.writes = Dictionary(grouping: writes, by: \.offset)
  }

  /// What the answers break.
  struct Findings {
    /// Answers that say less than was known before they were asked for, each with what was known.
    var regressed: [(answer: OffsetAnswer, least: Int64)] = []
    /// Answers with an offset that no client had asked for until then.
    var unwritten: [OffsetAnswer] = []
    /// How many said less and were excused by a write that may have come late.
    var excused = 0
  }

  func findings(in answers: [OffsetAnswer]) -> Findings {
    var findings = Findings()
    findings.unwritten = answers.filter { answer in
      answer.isTold && answer.offset > 0
        && !(writes[answer.offset] ?? []).contains { $0.began < answer.ended }
    }
    let told = answers.filter(\.isTold).map { Fact(offset: $0.offset, began: $0.began, ended: $0.ended) }
    let facts = (known + told).sorted { $0.ended < $1.ended }
    let none = Fact(offset: -1, began: 0, ended: 0)
    // What must have been told to everybody, and what a member must have waited for.
    var (next, plain, all) = (0, none, none)
    for answer in answers.sorted(by: { $0.began < $1.began }) {
      while next < facts.count, facts[next].ended < answer.began {
        if facts[next].offset >= all.offset { all = facts[next] }
        if !facts[next].isTransactional, facts[next].offset >= plain.offset { plain = facts[next] }
        next += 1
      }
      let least = answer.isTold ? plain : all
      guard answer.offset < least.offset else { continue }
      if isExcused(answer, after: least) {
        findings.excused += 1
      } else {
        findings.regressed.append((answer, least.offset))
      }
    }
    return findings
  }

  /// Whether a client's own write of that offset may have come after `least`, or once more.
  private func isExcused(_ answer: OffsetAnswer, after least: Fact) -> Bool {
    // Between the two stand markers and aborted records only, a handful.
    let lowest = max(answer.lowest, answer.offset - 10_000)
    guard lowest <= answer.offset else { return false }
    return (lowest...answer.offset).contains { offset in
      (writes[offset] ?? []).contains { $0.began < answer.ended && $0.latest >= least.began }
    }
  }
}
