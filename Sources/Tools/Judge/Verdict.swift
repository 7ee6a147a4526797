/// What a history may be condemned for.
package enum Rule: String, CaseIterable, Sendable {
  /// An acknowledged record, or one of a transaction whose commit was acknowledged, that the last reading does not find.
  case lostWrite
  /// A record that a consumer was given and the last reading does not find at its offset, or one that the last reading of
  /// committed records finds and that of all does not.
  case vanished
  /// One value at two places.
  case duplicate
  /// Two values at one offset, to whomever and whenever.
  case inconsistentOffset
  /// A record of a send that failed, or of a transaction that was aborted or never asked to commit, was read (G1a).
  case abortedRead
  /// A record was read before the commit of its transaction was asked for.
  case precommittedRead
  /// One part of a transaction is there, another is not.
  case tornTransaction
  /// A value that nobody sent, or not to that partition, or one made from a record that nobody can read.
  case phantom
  /// Records left out, or given in the wrong order, within one poll.
  case skipInPoll, inversionInPoll
  /// The same between two polls of a consumer that kept the partition.
  case skipBetweenPolls, inversionBetweenPolls
  /// Acknowledged sends of one producer to one partition, out of their order.
  case disorderedSend
  /// A group's offset went back or is gone, and no client asked for it.
  case offsetRegress
  /// A group's offset that somebody was told and no client had asked for.
  case offsetUnwritten
  /// A record or a group's offset beyond the end of the partition.
  case beyondEnd
  /// The stable end stands before the end although no transaction should be open any more.
  case stuckStableEnd
  /// A record that no member of a group was ever given.
  case unseen
  /// An input that committed transactions have moved twice, or never.
  case inputTwice, inputNever
  /// The last reading did not come to the stable end, or is missing: nothing can be said.
  case incomplete
}

/// What was found: for each rule how often it was broken and some of the places.
package struct Verdict: Sendable {
  /// Examples that are kept for each rule.
  static let exampleLimit = 5

  package private(set) var counts: [Rule: Int] = [:]
  package private(set) var examples: [Rule: [String]] = [:]
  /// Answers about groups' offsets that went back and were excused.
  package internal(set) var excused = 0

  package init() {}

  package var isCondemned: Bool { !counts.isEmpty }
  package var broken: Set<Rule> { Set(counts.keys) }

  mutating func condemn(_ rule: Rule, _ text: @autoclosure () -> String) {
    counts[rule, default: 0] += 1
    guard examples[rule, default: []].count < Self.exampleLimit else { return }
    examples[rule, default: []].append(text())
  }
}
