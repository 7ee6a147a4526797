import Judge
import Testing

/// The order in which consumers are given records.
@Suite struct ReadingTests {
  private var test = TestHistory()

  @Test mutating func aSkipInsideAPoll() throws {
    test.remove("tail read ok in 0 4 108")
    #expect(try test.verdict() == [.skipInPoll: 1])
  }

  @Test mutating func aSkipBetweenPolls() throws {
    test.remove("tail read ok in 0 3 106")
    #expect(try test.verdict() == [.skipBetweenPolls: 1])
  }

  @Test mutating func anInversionInsideAPoll() throws {
    test.add("tail read ok in 1 11 123 103 -")
    #expect(try test.verdict() == [.inversionInPoll: 1])
  }

  @Test mutating func anInversionBetweenPolls() throws {
    test.add("tail read ok in 1 10 121 104 -")
    test.add("tail read ok in 1 11 123 104 -")
    #expect(try test.verdict() == [.inversionBetweenPolls: 1])
  }

  @Test mutating func aNewAssignmentBeginsAnew() throws {
    test.add("tail assigned ok in 1 - - - -")
    test.add("tail read ok in 1 10 121 104 -")
    test.add("tail read ok in 1 11 123 104 -")
    #expect(try test.verdict() == [:])
  }

  @Test mutating func aKnownPositionIsWhereItGoesOn() throws {
    test.add("tail assigned ok in 1 10 - - -")
    test.add("tail read ok in 1 11 123 104 -")
    #expect(try test.verdict() == [.skipBetweenPolls: 1])
  }

  @Test mutating func markersAndAbortedRecordsAreNoGap() throws {
    // Offset 3 holds a marker, 4 to 6 aborted records, 7 their marker.
    test.add("late assigned ok out 0 0 - - -")
    for (offset, value) in [(0, 10000), (1, 10001), (2, 10002), (8, 10020)] {
      test.add("late read ok out 0 \(offset) \(value) 1 -")
    }
    #expect(try test.verdict() == [:])
  }
}
