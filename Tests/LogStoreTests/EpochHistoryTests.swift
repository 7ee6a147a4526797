import ByteCodec
import LogStore
import Testing
import Units

@Suite struct EpochHistoryTests {
  private var history: EpochHistory {
    var history = EpochHistory()
    for (offset, epoch) in [(0, 0), (5, 0), (10, 2), (12, 1), (20, 5)] as [(Int64, Int32)] {
      history.appended(at: Offset(offset), under: epoch)
    }
    return history
  }

  @Test func aRowIsAddedWhenTheEpochRises() {
    #expect(history.rows.map(\.epoch) == [0, 2, 5])
    #expect(history.rows.map(\.start.value) == [0, 10, 20])
  }

  @Test(
    arguments: [
      (-1, nil, nil), (0, 0, 10), (1, 0, 10), (2, 2, 20), (4, 2, 20), (5, 5, 30), (6, 5, 30), (7, 7, 30), (99, 7, 30),
    ] as [(Int32, Int32?, Int64?)])
  func anEpochEndsWhereTheNextBegins(asked: Int32, epoch: Int32?, end: Int64?) {
    let found = history.end(of: asked, current: 7, logEnd: Offset(30))
    #expect(found?.epoch == epoch)
    #expect(found?.end.value == end)
  }

  @Test func eachOffsetHasItsEpoch() {
    #expect([0, 9, 10, 19, 20, 99].map { history.epoch(at: Offset($0)) } == [0, 0, 2, 2, 5, 5])
  }

  @Test func rowsBelowTheLogStartGo() {
    var moved = history
    moved.logStartMoved(to: Offset(15))
    #expect(moved.rows == [.init(epoch: 2, start: Offset(15)), .init(epoch: 5, start: Offset(20))])
    moved.logStartMoved(to: Offset(40))
    #expect(moved.rows == [.init(epoch: 5, start: Offset(40))])
  }

  @Test func theHistoryIsReadBack() throws {
    var writer = ByteWriter()
    history.encode(to: &writer)
    let bytes = writer.takeSlice()
    var reader = ByteReader(bytes)
    #expect(try EpochHistory(from: &reader) == history)
  }
}
