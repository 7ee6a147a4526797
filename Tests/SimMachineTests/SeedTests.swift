import ByteCodec
import Machine
import SimMachine
import Testing
import Units

@Suite struct SeedTests {
  @Test func aSeedAlwaysGivesTheSameNumbers() {
    var first = SeededRandom(seed: 7)
    var second = SeededRandom(seed: 7)
    var other = SeededRandom(seed: 8)
    let numbers = (0..<100).map { _ in first.next() }
    #expect(numbers == (0..<100).map { _ in second.next() })
    #expect(numbers != (0..<100).map { _ in other.next() })
    #expect(SeededEntropy(seed: 7).next() == numbers[0])
  }

  @Test func boundsHold() {
    var random = SeededRandom(seed: 1)
    #expect(Set((0..<500).map { _ in random.below(5) }) == [0, 1, 2, 3, 4])
    #expect(random.below(0) == 0)
    #expect((0..<100).allSatisfy { _ in !random.chance(permille: 0) && random.chance(permille: 1000) })
  }

  @Test func theClockGoesOnlyWhereItIsMoved() {
    let clock = ManualClock(wall: Timestamp(milliseconds: 1000))
    clock.advance(byMs: 5)
    clock.advance(byMs: -5)
    #expect(clock.now() == Instant(nanoseconds: 5_000_000))
    #expect(clock.wallClock() == Timestamp(milliseconds: 1005))
    for _ in 0..<4 { clock.advance(byNanoseconds: 500_000) }
    #expect(clock.wallClock() == Timestamp(milliseconds: 1007))
    clock.setWallClock(Timestamp(milliseconds: 3))
    clock.advance(to: Instant(nanoseconds: 9_000_000))
    clock.advance(to: Instant(nanoseconds: 1))
    #expect(clock.now() == Instant(nanoseconds: 9_000_000))
    #expect(clock.wallClock() == Timestamp(milliseconds: 5))
  }

  @Test func manyThreadsShareAMemoryDisk() async throws {
    let disk = SimDisk(.memory(capacity: .mebi(64)))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in 0..<4 {
        group.addTask {
          for round in 0..<100 {
            let file = try disk.open("\(worker)", .create)
            try file.write([ByteSlice(copying: [UInt8(worker)])], at: FilePosition(Int64(round)))
            try file.sync()
          }
        }
      }
      try await group.waitForAll()
    }
    for worker in 0..<4 {
      #expect(disk.contents("\(worker)") == [UInt8](repeating: UInt8(worker), count: 100))
    }
  }

  @Test func failingEachCallInTurnEnds() throws {
    var failures = 0
    for nth in 1...100 {
      let disk = SimDisk()
      disk.plan(SimFault(nil, nth: nth, code: 5))
      do {
        let file = try disk.open("f", .createNew)
        try file.write([ByteSlice(copying: [1])], at: FilePosition(0))
        try file.sync()
        try disk.syncDirectory("")
        #expect(disk.faultsFired == 0)
        break
      } catch {
        #expect(error.code == 5)
        failures += 1
      }
    }
    #expect(failures == 4)
  }
}
