/// A write of a group's offset, in nanoseconds; `ended` is nil where nobody knows whether and when it happened.
struct OffsetWrite {
  let offset: Int64
  let began: Int64
  var ended: Int64?
  /// Whether it came with a transaction. Kafka acknowledges a commit before its markers are written, so that who only asks
  /// for an offset may still be told the one before; a member that begins to read waits for them.
  var isTransactional = false

  /// An answer that takes longer may be that of a second request: the client has lost the connection and come again.
  private static let answeredAtOnce: Int64 = 50_000_000
  /// So long after its answer the first of them may still arrive: longer than the proxy holds a frame.
  private static let latestArrival: Int64 = 10_000_000_000

  /// When it may have happened for the last time; nil where nobody knows. No protocol tells a late commit of a member that
  /// lives from one it has just sent.
  var latest: Int64? {
    guard let ended else { return nil }
    return isTransactional || ended - began < Self.answeredAtOnce ? ended : ended + Self.latestArrival
  }
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

  /// The answers that say less than was known before they were asked for, each with what was known.
  func broken(by answers: [OffsetAnswer]) -> [(answer: OffsetAnswer, least: Int64)] {
    let told = answers.filter(\.isTold).map { Fact(offset: $0.offset, began: $0.began, ended: $0.ended) }
    let facts = (known + told).sorted { $0.ended < $1.ended }
    var broken: [(OffsetAnswer, Int64)] = []
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
      guard answer.offset < least.offset, !isExcused(answer, after: least) else { continue }
      broken.append((answer, least.offset))
    }
    return broken
  }

  /// Whether a client's own write of that offset may have come after `least`, or once more.
  private func isExcused(_ answer: OffsetAnswer, after least: Fact) -> Bool {
    // Between the two stand markers and aborted records only, a handful.
    let lowest = max(answer.lowest, answer.offset - 10_000)
    guard lowest <= answer.offset else { return false }
    return (lowest...answer.offset).contains { offset in
      (writes[offset] ?? []).contains { $0.began < answer.ended && ($0.latest ?? Int64.max) >= least.began }
    }
  }
}
