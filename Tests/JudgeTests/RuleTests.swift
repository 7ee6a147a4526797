import Judge
import Testing

/// Each rule with a history that breaks it and one that comes near and does not.
@Suite struct RuleTests {
  private var test = TestHistory()

  @Test func aHistoryWithoutFaultIsClean() throws { #expect(try test.verdict() == [:]) }

  @Test mutating func aRecordThatIsGoneIsLost() throws {
    test.remove("out 0 1 10001 -", count: 2)
    #expect(try test.verdict() == [.lostWrite: 1, .inputNever: 1])
  }

  @Test mutating func aRecordOfUnknownOutcomeMayBeGone() throws {
    test.add("producer send asked in 0 - 900 - -")
    test.add("producer send info in 0 - 900 - -")
    #expect(try test.verdict() == [:])
  }

  @Test mutating func aRecordOfAnAbortedTransactionMayBeGone() throws {
    test.remove("dirty ok out 0 4 10010")
    #expect(try test.verdict() == [:])
  }

  @Test mutating func anAbortedRecordMustNotBeRead() throws {
    test.add("late read ok out 0 4 10010 1 -")
    #expect(try test.verdict() == [.abortedRead: 1, .vanished: 1])
  }

  @Test mutating func aTransactionThatNobodyAskedToCommitMustNotBeRead() throws {
    test.remove("mover commit ok - - - - 1000", count: 1)
    test.remove("mover commit asked - - - - 1000", count: 1)
    #expect(try test.verdict() == [.abortedRead: 3])
  }

  @Test mutating func aFailedSendMustNotBeRead() throws {
    test.change("send ok in 0 0 100") { $0.replacing("send\tok", with: "send\tfail") }
    // Every reader has it, and the last reading.
    #expect(try test.verdict() == [.abortedRead: 4])
  }

  @Test mutating func aTransactionIsThereAsAWholeOrNotAtAll() throws {
    test.remove("mover commit ok - - - - 1000")
    #expect(try test.verdict() == [:])
    test.remove("final ok out 0 1 10001")
    #expect(try test.verdict() == [.tornTransaction: 1, .inputNever: 1])
    test.remove("final ok out 0 0 10000")
    test.remove("final ok out 0 2 10002")
    #expect(try test.verdict() == [.inputNever: 3])
  }

  @Test mutating func nothingIsReadBeforeItsCommit() throws {
    test.remove("mover commit ok - - - - 1000")
    test.change("mover commit asked - - - - 1000") { line in
      var fields = line.split(separator: "\t").map(String.init)
      fields[0] = "1000000000"
      return fields.joined(separator: "\t")
    }
    test.add("early read ok out 0 0 10000 1 -")
    #expect(try test.verdict() == [.precommittedRead: 1])
  }

  @Test mutating func anAckAndAReadingMustAgree() throws {
    test.change("send ok in 0 3 106") { $0.replacing("\t3\t106", with: "\t2\t106") }
    #expect(try test.verdict() == [.inconsistentOffset: 1, .duplicate: 1])
  }

  @Test mutating func anAckWithoutAnOffsetSaysNothingOfIt() throws {
    test.change("send ok in 0 3 106") { $0.replacing("\t3\t106", with: "\t-\t106") }
    #expect(try test.verdict() == [:])
  }

  @Test mutating func aValueNobodySentIsAPhantom() throws {
    test.remove("send ok in 1 0 101")
    test.remove("send asked in 1 - 101")
    #expect(try test.verdict() == [.phantom: 4])
  }

  @Test mutating func anInputIsMovedOnce() throws {
    test.change("final ok out 1 0 11000") { $0.replacing("\t101", with: "\t103") }
    #expect(try test.verdict() == [.inputTwice: 1, .inputNever: 1])
  }

  @Test mutating func aGroupSeesEverything() throws {
    test.remove("reader read ok in 1 11 123")
    #expect(try test.verdict() == [.unseen: 1])
  }

  @Test mutating func theStableEndMustReachTheEnd() throws {
    test.change("end ok out 0 20") { $0.replacing("\t20\t20", with: "\t20\t15") }
    #expect(try test.verdict() == [.stuckStableEnd: 1])
  }

  @Test mutating func theLastReadingMustBeWhole() throws {
    test.change("reached ok out 0 20") { $0.replacing("\t20\t", with: "\t19\t") }
    #expect(try test.verdict() == [.incomplete: 1])
  }

  @Test func nothingIsNoProof() { #expect(Judge.judge(History()).broken == [.incomplete]) }

  @Test mutating func aReadBeyondTheEndIsTold() throws {
    test.add("producer send asked in 0 - 900 - -")
    test.add("late read ok in 0 12 900 1 -")
    #expect(try test.verdict() == [.beyondEnd: 1])
  }
}
