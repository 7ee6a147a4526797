import ByteCodec
import KafkaDoor
import Reactor
import Testing
import Units

struct MemoryPoolTests {
  @Test func sharesAreKept() {
    var pool = MemoryPool(limit: 8_000_000)
    #expect(pool.take(1_000_000, byConnection: 0, byAddress: nil) == .success(.main))
    #expect(pool.take(1, byConnection: 1_000_000, byAddress: nil) == .failure(.connectionFull))
    #expect(pool.take(1_000_000, byConnection: 0, byAddress: 3_000_000) == .success(.main))
    #expect(pool.take(1_000_001, byConnection: 0, byAddress: 3_000_000) == .failure(.addressFull))
    #expect(pool.used == 2_000_000)
  }

  @Test func aRequestLargerThanItsShareGoesAlone() {
    var pool = MemoryPool(limit: 8_000_000)
    #expect(pool.take(8_000_000, byConnection: 0, byAddress: 0) == .success(.main))
    #expect(pool.take(100_000, byConnection: 0, byAddress: nil) == .failure(.poolFull))
    pool.give(8_000_000, .main)
    #expect(pool.used == 0)
  }

  @Test func smallRequestsPassWhenThePoolIsFull() {
    var pool = MemoryPool(limit: 8_000_000)
    #expect(pool.take(8_000_000, byConnection: 0, byAddress: nil) == .success(.main))
    var passed = 0
    while pool.take(65_536, byConnection: 0, byAddress: nil) == .success(.small) { passed += 1 }
    #expect(passed == 1_000_000 / 65_536)
    #expect(pool.take(65_537, byConnection: 0, byAddress: nil) == .failure(.poolFull))
    for _ in 0..<passed { pool.give(65_536, .small) }
    #expect(pool.laneUsed == 0)
  }

  @Test func requestsThatAreHerePassThoseThatAreAnnounced() {
    var pool = MemoryPool(limit: 8_000_000)
    #expect(pool.take(8_000_000, byConnection: 0, byAddress: nil) == .success(.main))
    while pool.take(65_536, byConnection: 0, byAddress: nil) == .success(.small) {}
    #expect(pool.take(1_000, byConnection: 0, byAddress: nil) == .success(.small))
    while pool.take(1_000, byConnection: 0, byAddress: nil) == .success(.small) {}
    #expect(pool.take(1_000, byConnection: 0, byAddress: nil, isHere: true) == .success(.arrived))
    var passed = 1
    while pool.take(1_000, byConnection: 0, byAddress: nil, isHere: true) == .success(.arrived) { passed += 1 }
    #expect(passed == 1_000)
    #expect(pool.take(65_537, byConnection: 0, byAddress: nil, isHere: true) == .failure(.poolFull))
    for _ in 0..<passed { pool.give(1_000, .arrived) }
    #expect(pool.arrivedUsed == 0)
  }
}

struct ReplyQueueTests {
  private let bytes = OutputPart.bytes(ByteSlice(copying: [1, 2, 3]))

  @Test func repliesLeaveInOrderAndWhenDurable() {
    var queue = ReplyQueue()
    let (first, second, third) = (queue.open(), queue.open(), queue.open())
    queue.fill(second, [bytes], after: JournalSequence(2))
    #expect(queue.takeReady(durable: JournalSequence(9)).isEmpty)
    #expect(!queue.waitsForDisk)
    queue.fill(first, [bytes], after: JournalSequence(5))
    #expect(queue.waitsForDisk)
    #expect(queue.bytes == 6)
    #expect(queue.takeReady(durable: JournalSequence(4)).isEmpty)
    #expect(queue.takeReady(durable: JournalSequence(5)).count == 2)
    #expect(queue.count == 1 && queue.bytes == 0)
    queue.fill(third, [], after: .start)
    #expect(queue.takeReady(durable: .start).isEmpty)
    #expect(queue.count == 0)
  }

  @Test func aPlaceIsFilledOnce() {
    var queue = ReplyQueue()
    let place = queue.open()
    queue.fill(place, [bytes], after: .start)
    queue.fill(place, [bytes, bytes], after: .start)
    #expect(queue.bytes == 3)
    #expect(queue.takeReady(durable: .start).count == 1)
    queue.fill(place, [bytes], after: .start)
    queue.fill(place + 5, [bytes], after: .start)
    #expect(queue.count == 0 && queue.bytes == 0)
  }
}

struct LogLimiterTests {
  @Test func aFloodBecomesACount() {
    var limiter = LogLimiter(perSecond: 2)
    let moment = Instant(nanoseconds: 1_500_000_000)
    #expect(limiter.admit(now: moment) == (true, 0))
    #expect(limiter.admit(now: moment) == (true, 0))
    #expect(limiter.admit(now: moment) == (false, 0))
    #expect(limiter.admit(now: moment) == (false, 0))
    #expect(limiter.admit(now: moment.advanced(byMs: 1_000)) == (true, 2))
    #expect(limiter.admit(now: moment.advanced(byMs: 1_000)) == (true, 0))
  }

  @Test func textFromOutsideIsHarmless() {
    #expect(LoggedText("app\r\n\u{1B}[31mfake").description == "app\\u{d}\\u{a}\\u{1b}[31mfake")
    #expect(LoggedText("\u{202E}x\u{85}").description == "\\u{202e}x\\u{85}")
    #expect(LoggedText(String(repeating: "a", count: 70)).description == String(repeating: "a", count: 64) + "...")
    #expect(LoggedText("grün").description == "grün")
  }
}
