import Judge
import Testing

/// Groups' offsets over time.
@Suite struct OffsetTests {
  private var test = TestHistory()

  /// 12 is committed, and then somebody is told 9.
  private mutating func goBack() {
    test.add("reader offset ok in 0 12 - - readers")
    test.add("observer committed ok in 0 9 - - readers")
  }

  @Test mutating func anOffsetGoesBack() throws {
    test.add("observer committed ok in 0 9 - - readers")
    #expect(try test.verdict() == [.offsetRegress: 1])
  }

  @Test mutating func anOffsetIsGone() throws {
    test.add("observer committed ok in 0 - - - readers")
    #expect(try test.verdict() == [.offsetRegress: 1])
  }

  @Test mutating func aWriteOfUnknownOutcomeMayComeLast() throws {
    test.add("reader offset asked in 0 9 - - readers")
    test.add("observer committed ok in 0 9 - - readers")
    #expect(try test.verdict() == [:])
    #expect(Judge.judge(try test.history()).excused == 1)
    // No call lasts so long, and nothing is under way for so long.
    test.pass(91_000_000_000)
    goBack()
    #expect(try test.verdict() == [.offsetRegress: 1])
  }

  @Test mutating func aWriteThatWasGivenUpMayComeForHalfAMinute() throws {
    test.add("reader offset info in 0 9 - - readers", lasting: 10_000_000_000)
    test.pass(29_000_000_000)
    goBack()
    #expect(try test.verdict() == [:])
    test.pass(2_000_000_000)
    goBack()
    #expect(try test.verdict() == [.offsetRegress: 1])
  }

  /// The client lost its connection and committed again; the first request arrived when it had gone on.
  @Test mutating func aWriteThatTookLongMayComeOnceMore() throws {
    test.add("reader offset ok in 0 9 - - readers", lasting: 60_000_000)
    goBack()
    #expect(try test.verdict() == [:])
    test.pass(11_000_000_000)
    goBack()
    #expect(try test.verdict() == [.offsetRegress: 1])
  }

  @Test mutating func aWriteThatTookLongExcusesNoOther() throws {
    test.add("reader offset ok in 0 9 - - readers", lasting: 60_000_000)
    test.add("reader offset ok in 0 12 - - readers")
    test.add("observer committed ok in 0 10 - - readers")
    #expect(try test.verdict() == [.offsetRegress: 1, .offsetUnwritten: 1])
  }

  @Test mutating func aWriteThatFailedExcusesNothing() throws {
    test.add("reader offset fail in 0 9 - - readers")
    test.add("observer committed ok in 0 9 - - readers")
    #expect(try test.verdict() == [.offsetRegress: 1])
  }

  @Test mutating func anOffsetOfACommittedTransactionCountsForAMember() throws {
    test.add("successor assigned ok in 0 - - - movers")
    test.add("successor read ok in 0 9 118 1 movers")
    #expect(try test.verdict() == [.offsetRegress: 1])
  }

  @Test mutating func anOffsetOfACommittedTransactionMayBeToldLate() throws {
    test.add("observer committed ok in 0 9 - - movers")
    #expect(try test.verdict() == [:])
    test.add("observer committed ok in 0 12 - - movers")
    test.add("observer committed ok in 0 9 - - movers")
    #expect(try test.verdict() == [.offsetRegress: 1])
  }

  @Test mutating func anOffsetOfAnOpenTransactionIsNotTold() throws {
    test.change("mover offset asked in 0 12 - 1004 movers") { line in
      // Whoever is told before the commit is asked for must not be told this offset.
      line + "\n"
        + line.replacing("mover\toffset\tasked", with: "observer\tcommitted\tok").replacing("\t1004", with: "\t-")
    }
    #expect(try test.verdict() == [.offsetUnwritten: 1])
  }

  @Test mutating func anOffsetOfAnAbortedTransactionDoesNot() throws {
    test.remove("mover commit ok - - - - 1004", count: 1)
    test.remove("mover commit asked - - - - 1004", count: 1)
    test.add("successor assigned ok in 0 - - - movers")
    test.add("successor read ok in 0 9 118 1 movers")
    // The records of that transaction are another matter.
    #expect(try test.verdict() == [.abortedRead: 3])
  }

  @Test mutating func aMemberBeginsWhereTheGroupStands() throws {
    test.add("successor assigned ok in 1 - - - readers")
    test.add("successor read ok in 1 11 123 1 readers")
    #expect(try test.verdict() == [.offsetRegress: 1])
  }

  @Test mutating func aMemberMayBeginWhereALateCommitLeftTheGroup() throws {
    test.add("reader offset info in 1 11 - - readers")
    test.add("successor assigned ok in 1 - - - readers")
    test.add("successor read ok in 1 11 123 1 readers")
    #expect(try test.verdict() == [:])
  }

  @Test mutating func aGroupDoesNotStandBeyondTheEnd() throws {
    test.add("observer committed ok in 0 13 - - readers")
    #expect(try test.verdict() == [.beyondEnd: 1, .offsetUnwritten: 1])
  }
}
