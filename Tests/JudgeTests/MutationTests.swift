import Judge
import Testing

/// The judge is proved by defects: each condemned for what it is and for nothing else.
@Suite struct MutationTests {
  @Test(arguments: Mutation.all) func eachDefectIsNamed(_ mutation: Mutation) throws {
    let history = try TestHistory().history()
    let changed = try #require(mutation.applied(to: history, Ledger(history)))
    #expect(Judge.judge(changed).broken == mutation.rules)
  }

  @Test func eachRuleIsProved() {
    #expect(Mutation.all.reduce(into: Set<Rule>()) { $0.formUnion($1.rules) } == Set(Rule.allCases))
  }
}

/// What recorders write, and what they leave when they are killed.
@Suite struct HistoryTests {
  @Test func aHalfLineAtTheEndIsDropped() throws {
    var history = History()
    try history.add(Array("1\t2\tp\tread\tok\tin\t0\t7\t9\t3\tg\n1\t2\tp\tread\tok\tin".utf8), file: "a")
    let event = try #require(history.events.first)
    #expect(history.events.count == 1)
    #expect((event.began, event.ended, event.offset, event.value, event.transaction) == (1, 2, 7, 9, 3))
    #expect(history.names.name(event.detail) == "g")
    #expect(history.names.name(Int64(event.place.topic)) == "in")
  }

  @Test(
    arguments: [
      "1\t2\tp\tread\tok\tin\t0\t7\t9\t3", "1\t2\tp\treads\tok\tin\t0\t7\t9\t3\tg",
      "x\t2\tp\tread\tok\tin\t0\t7\t9\t3\tg",
      "1\t2\tp\tread\tok\tin\t3000000000\t7\t9\t3\tg", "1\t2\tp\tread\tok\tin\t0\t9999999999999999999\t9\t3\tg", "",
    ])
  func aLineThatCannotBeReadIsAnError(_ line: String) {
    var history = History()
    #expect(throws: HistoryError(file: "a", line: 1)) { try history.add(Array((line + "\n").utf8), file: "a") }
  }
}
