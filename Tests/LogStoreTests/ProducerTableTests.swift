import ByteCodec
import LogStore
import RecordFormat
import Testing
import Units

@Suite struct ProducerTableTests {
  private static let now = Timestamp(milliseconds: 1_000)
  private static let never = Timestamp(milliseconds: 0)

  /// A batch that arrives: epoch, first sequence, records, and what is expected of it.
  private enum Event {
    case stored(epoch: Int16, sequence: Int32, records: Int32 = 1)
    case duplicate(epoch: Int16, sequence: Int32, records: Int32 = 1, of: Int64)
    case gap(epoch: Int16, sequence: Int32, expected: Int32)
    case stale(epoch: Int16, sequence: Int32, current: Int16)
  }

  private func play(_ events: [Event]) throws {
    var table = ProducerTable()
    var next = Offset(0)
    for (index, event) in events.enumerated() {
      let comment: Comment = "event \(index)"
      switch event {
      case .stored(let epoch, let sequence, let records):
        let header = try Forge.header(records: records, epoch: epoch, sequence: sequence)
        #expect(table.verdict(on: header, expiry: Self.never) == .append, comment)
        table.apply(header, at: next, seen: Self.now)
        next = next.advanced(by: Int64(records))
      case .duplicate(let epoch, let sequence, let records, let base):
        let header = try Forge.header(records: records, epoch: epoch, sequence: sequence)
        guard case .duplicate(let batch) = table.verdict(on: header, expiry: Self.never) else {
          Issue.record("event \(index) was not recognised as a duplicate")
          continue
        }
        #expect(batch.baseOffset == Offset(base), comment)
      case .gap(let epoch, let sequence, let expected):
        let header = try Forge.header(epoch: epoch, sequence: sequence)
        #expect(table.verdict(on: header, expiry: Self.never) == .outOfOrderSequence(expected: expected), comment)
      case .stale(let epoch, let sequence, let current):
        let header = try Forge.header(epoch: epoch, sequence: sequence)
        #expect(table.verdict(on: header, expiry: Self.never) == .staleEpoch(current: current), comment)
      }
    }
  }

  @Test func sequencesFollowOneAnother() throws {
    try play([
      .stored(epoch: 0, sequence: 0, records: 3), .gap(epoch: 0, sequence: 2, expected: 3),
      .stored(epoch: 0, sequence: 3),
      .gap(epoch: 0, sequence: 5, expected: 4), .gap(epoch: 0, sequence: 1, expected: 4),
    ])
  }

  @Test func anUnknownProducerMayBeginAnywhere() throws { try play([.stored(epoch: 4, sequence: 812)]) }

  @Test func fiveBatchesAreRememberedAndNoMore() throws {
    try play(
      (0..<6).map { .stored(epoch: 0, sequence: $0) }
        + (1..<6).map { .duplicate(epoch: 0, sequence: $0, of: Int64($0)) }
        + [.gap(epoch: 0, sequence: 0, expected: 6)])
  }

  @Test func aDuplicateIsTheWholeBatch() throws {
    try play([
      .stored(epoch: 0, sequence: 0, records: 4), .duplicate(epoch: 0, sequence: 0, records: 4, of: 0),
      .gap(epoch: 0, sequence: 0, expected: 4),
    ])
  }

  @Test func zeroFollowsTheLargestSequence() throws {
    try play([
      .stored(epoch: 0, sequence: .max - 1, records: 2), .gap(epoch: 0, sequence: 1, expected: 0),
      .stored(epoch: 0, sequence: 0),
    ])
  }

  @Test func aBatchMayWrapWithin() throws {
    try play([
      .stored(epoch: 0, sequence: .max, records: 3), .duplicate(epoch: 0, sequence: .max, records: 3, of: 0),
      .gap(epoch: 0, sequence: 0, expected: 2), .stored(epoch: 0, sequence: 2),
    ])
  }

  @Test func epochsGoUpAndBeginAtZero() throws {
    try play([
      .stored(epoch: 1, sequence: 10), .stale(epoch: 0, sequence: 11, current: 1),
      .gap(epoch: 2, sequence: 11, expected: 0), .stored(epoch: 2, sequence: 0),
      .stale(epoch: 1, sequence: 10, current: 2), .stored(epoch: 2, sequence: 1),
    ])
  }

  @Test func whoIsNotSeenForLongIsForgotten() throws {
    var table = ProducerTable()
    table.apply(try Forge.header(sequence: 5), at: Offset(0), seen: Self.now)
    let far = try Forge.header(sequence: 400)
    #expect(table.verdict(on: far, expiry: Self.now) == .outOfOrderSequence(expected: 6))
    #expect(table.verdict(on: far, expiry: Timestamp(milliseconds: 1_001)) == .append)
    table.expire(notSeenSince: Self.now)
    #expect(table.producers.count == 1)
    table.expire(notSeenSince: Timestamp(milliseconds: 1_001))
    #expect(table.producers.isEmpty)
  }

  @Test func theTableIsReadBack() throws {
    var table = ProducerTable()
    for id in 0..<20 as Range<Int64> {
      for sequence in 0..<7 as Range<Int32> {
        table.apply(try Forge.header(producer: id, sequence: sequence), at: Offset(id * 10), seen: Self.now)
      }
    }
    var writer = ByteWriter()
    table.encode(to: &writer)
    let bytes = writer.takeSlice()
    var reader = ByteReader(bytes)
    #expect(try ProducerTable(from: &reader).producers == table.producers)
  }
}
