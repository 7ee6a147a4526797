import KafkaDoor
import KafkaWire
import Testing
import Units

/// Fetch sessions as events and actions (KIP-227).
struct FetchSessionTests {
  private typealias Sessions = FetchSessions

  private func wish(_ index: Int32, at offset: Int64 = 0, topic: String = "t") -> Sessions.Partition {
    Sessions.Partition(.init(topic: topic, index: index), .init(offset: offset))
  }

  private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

  /// A session over `indices`, none of which had records.
  private func begun(_ sessions: inout Sessions, _ indices: [Int32], now: Int64 = 0, random: UInt64 = 7) throws -> Int32
  {
    let visit = try sessions.requested(
      id: 0, epoch: 0, partitions: indices.map { wish($0) }, forgotten: [], usesIDs: false, now: at(now)
    ).get()
    let shown = indices.map { _ in Sessions.Shown(highWatermark: 0, logStart: 0) }
    guard case .all(let id) = sessions.answered(visit, shown, now: at(now), random: random) else { return -1 }
    return id
  }

  private func next(
    _ sessions: inout Sessions, _ id: Int32, _ epoch: Int32, _ partitions: [Sessions.Partition] = [],
    forgotten: [Sessions.Key] = [], usesIDs: Bool = false, now: Int64 = 0
  ) -> Result<Sessions.Visit, SessionError> {
    sessions.requested(
      id: id, epoch: epoch, partitions: partitions, forgotten: forgotten, usesIDs: usesIDs, now: at(now))
  }

  private let nothing = Sessions.Shown(highWatermark: 0, logStart: 0)

  @Test func aSessionlessFetchLeavesNothingBehind() throws {
    var sessions = Sessions(slots: 2)
    let visit = try next(&sessions, 0, -1, [wish(0)]).get()
    #expect(visit.kind == .sessionless)
    #expect(sessions.answered(visit, [nothing], now: at(0), random: 1) == .all(sessionID: 0))
    #expect(sessions.count == 0)
  }

  @Test func anIncrementalAnswerHoldsWhatChanged() throws {
    var sessions = Sessions(slots: 2)
    let id = try begun(&sessions, [0, 1, 2, 3, 4])
    #expect(id == 7)
    let visit = try next(&sessions, id, 1).get()
    #expect(visit.kind == .incremental(id: id, epoch: 2))
    let shown = [
      nothing, Sessions.Shown(hasRecords: true, highWatermark: 0, logStart: 0),
      Sessions.Shown(hasNews: true, highWatermark: -1, logStart: -1), Sessions.Shown(highWatermark: 5, logStart: 0),
      Sessions.Shown(highWatermark: 0, logStart: 3),
    ]
    #expect(sessions.answered(visit, shown, now: at(0), random: 1) == .some(sessionID: id, [1, 2, 3, 4]))
    // The partition with records is last now, and the end of the error is news.
    let later = try next(&sessions, id, 2).get()
    #expect(later.partitions.map(\.key.index) == [0, 2, 3, 4, 1])
    let same = [
      nothing, nothing, Sessions.Shown(highWatermark: 5, logStart: 0), Sessions.Shown(highWatermark: 0, logStart: 3),
      nothing,
    ]
    #expect(sessions.answered(later, same, now: at(0), random: 1) == .some(sessionID: id, [1]))
  }

  @Test func aRequestAddsChangesAndForgets() throws {
    var sessions = Sessions(slots: 2)
    let id = try begun(&sessions, [0, 1])
    let visit = try next(
      &sessions, id, 1, [wish(1, at: 40), wish(2, at: 9)], forgotten: [.init(topic: "t", index: 0)]
    ).get()
    #expect(visit.partitions.map(\.key.index) == [1, 2])
    #expect(visit.partitions.map(\.wish.offset) == [40, 9])
    #expect(sessions.partitionCount == 2)
    // Added and forgotten at once: forgotten.
    let after = try next(&sessions, id, 2, [wish(3)], forgotten: [.init(topic: "t", index: 3)]).get()
    #expect(after.partitions.map(\.key.index) == [1, 2])
  }

  @Test func aSessionThatForgetsEverythingEnds() throws {
    var sessions = Sessions(slots: 2)
    let id = try begun(&sessions, [0])
    let visit = try next(&sessions, id, 1, forgotten: [.init(topic: "t", index: 0)]).get()
    #expect(visit.kind == .sessionless)
    #expect(visit.partitions.isEmpty)
    #expect(sessions.count == 0 && sessions.partitionCount == 0)
  }

  @Test(arguments: [
    (Int32(0), Int32(-1), SessionError?.none), (1, 1, .unknownSession), (7, 2, .wrongEpoch), (7, -2, .wrongEpoch),
    (0, 5, .unknownSession),
  ])
  func aSessionIsRefused(id: Int32, epoch: Int32, expected: SessionError?) throws {
    var sessions = Sessions(slots: 2)
    _ = try begun(&sessions, [0])
    switch next(&sessions, id, epoch) {
    case .success: #expect(expected == nil)
    case .failure(let error): #expect(error == expected)
    }
    #expect(sessions.count == 1)
  }

  @Test func theErrorsAreThoseOfTheProtocol() {
    #expect(SessionError.unknownSession.code.rawValue == 70)
    #expect(SessionError.wrongEpoch.code.rawValue == 71)
    #expect(SessionError.wrongTopicNaming.code.rawValue == 106)
  }

  @Test func topicsAreNamedTheSameWayThroughout() throws {
    var sessions = Sessions(slots: 2)
    let id = try begun(&sessions, [0])
    #expect(next(&sessions, id, 1, usesIDs: true) == .failure(.wrongTopicNaming))
    #expect(throws: Never.self) { try next(&sessions, id, 1).get() }
  }

  @Test func theFinalEpochAndAFullFetchEndASession() throws {
    var sessions = Sessions(slots: 2)
    let first = try begun(&sessions, [0])
    #expect(try next(&sessions, first, -1).get().kind == .sessionless)
    #expect(sessions.count == 0)
    let second = try begun(&sessions, [0])
    #expect(try next(&sessions, second, 0, [wish(0)]).get().kind == .full)
    #expect(sessions.count == 0 && sessions.partitionCount == 0)
  }

  @Test func theEpochWrapsToOne() throws {
    var sessions = Sessions(slots: 1)
    #expect(FetchSessions.epoch(after: Int32.max) == 1)
    #expect(FetchSessions.epoch(after: 1) == 2)
    let id = try begun(&sessions, [0])
    #expect(try next(&sessions, id, 1).get().kind == .incremental(id: id, epoch: 2))
  }

  @Test func anAnswerThatWasOvertakenIsRefused() throws {
    var sessions = Sessions(slots: 2)
    let id = try begun(&sessions, [0])
    let slow = try next(&sessions, id, 1).get()
    let quick = try next(&sessions, id, 2).get()
    #expect(sessions.answered(slow, [nothing], now: at(0), random: 1) == .refused(.invalidFetchSessionEpoch))
    #expect(sessions.answered(quick, [nothing], now: at(0), random: 1) == .some(sessionID: id, []))
    _ = next(&sessions, id, -1)
    #expect(sessions.answered(quick, [nothing], now: at(0), random: 1) == .refused(.fetchSessionIdNotFound))
  }

  @Test func slotsAreGivenToTheYoungAndTheLarge() throws {
    var sessions = Sessions(slots: 2)
    let small = try begun(&sessions, [0], random: 1)
    let large = try begun(&sessions, [0, 1, 2], random: 2)
    #expect(small == 1 && large == 2)
    // Both are in use: nobody gives way, the newcomer goes without.
    #expect(try begun(&sessions, [0, 1], now: 1_000, random: 3) == 0)
    // After two minutes the smaller one gives way to a larger newcomer, although it is in use.
    _ = next(&sessions, small, 1, now: 119_000)
    _ = next(&sessions, large, 1, now: 119_000)
    #expect(try begun(&sessions, [0], now: 121_000, random: 4) == 0)
    #expect(try begun(&sessions, [0, 1], now: 121_000, random: 5) == 5)
    #expect(next(&sessions, small, 2) == .failure(.unknownSession))
    // And one that has rested for two minutes gives way to anybody.
    #expect(try begun(&sessions, [0], now: 240_000, random: 6) == 6)
    #expect(next(&sessions, large, 2) == .failure(.unknownSession))
    #expect(sessions.count == 2)
  }

  @Test func idsAreNeitherZeroNorTaken() throws {
    var sessions = Sessions(slots: 4)
    #expect(try begun(&sessions, [0], random: 0) == 1)
    #expect(try begun(&sessions, [0], random: 1) == 2)
    #expect(try begun(&sessions, [0], random: UInt64.max) == Int32.max)
    #expect(try begun(&sessions, [0], random: 0x7FFF_FFFF) == 3)
  }

  @Test func aPartitionNamedTwiceIsKeptOnce() throws {
    var sessions = Sessions(slots: 1)
    let visit = try next(&sessions, 0, 0, [wish(0, at: 1), wish(0, at: 2)]).get()
    guard case .all(let id) = sessions.answered(visit, [nothing, nothing], now: at(0), random: 9) else {
      Issue.record("a full fetch is answered whole")
      return
    }
    #expect(try next(&sessions, id, 1).get().partitions.map(\.wish.offset) == [2])
  }

  @Test func theCacheIsBoundedByPartitions() throws {
    var sessions = Sessions(slots: 10)
    let most = Int32(FetchSessions.maximumPartitions)
    let id = try begun(&sessions, Array(0..<most - 1))
    #expect(id == 7)
    #expect(try begun(&sessions, [0, 1]) == 0)
    let visit = try next(&sessions, id, 1, [wish(most), wish(most + 1)]).get()
    #expect(visit.partitions.count == Int(most))
    #expect(sessions.partitionCount == Int(most))
  }

  /// A name that no topic can have is answered when it is named, and never kept: requests may hold very long ones.
  @Test func impossibleNamesAreNotKept() throws {
    var sessions = Sessions(slots: 2)
    let long = String(repeating: "n", count: 250)
    let unknown = Sessions.Shown(hasNews: true, highWatermark: -1, logStart: -1)
    let first = try next(&sessions, 0, 0, [wish(0, topic: long), wish(1)]).get()
    #expect(first.partitions.count == 2)
    guard case .all(let id) = sessions.answered(first, [unknown, nothing], now: at(0), random: 9) else {
      Issue.record("a full fetch is answered whole")
      return
    }
    #expect(sessions.partitionCount == 1)
    let second = try next(&sessions, id, 1, [wish(2, topic: long), wish(3)]).get()
    #expect(second.partitions.map(\.key.index) == [1, 3, 2])
    let records = Sessions.Shown(hasRecords: true, highWatermark: 4, logStart: 0)
    #expect(
      sessions.answered(second, [records, nothing, unknown], now: at(0), random: 1) == .some(sessionID: id, [0, 1, 2]))
    #expect(sessions.partitionCount == 2)
    #expect(try next(&sessions, id, 2).get().partitions.map(\.key.index) == [3, 1])
    // A session of nothing else is none.
    let alone = try next(&sessions, 0, 0, [wish(0, topic: long)]).get()
    #expect(sessions.answered(alone, [unknown], now: at(0), random: 5) == .all(sessionID: 0))
  }

  @Test func noSlotsMeansNoSessions() throws {
    var sessions = Sessions(slots: 0)
    #expect(try begun(&sessions, [0]) == 0)
  }
}
