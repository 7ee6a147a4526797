import ByteCodec
import LogStore
import Machine
import SimMachine
import Testing
import Units

@Suite struct OpenFilesTests {
  private static func key(_ base: Int64) -> SegmentKey {
    SegmentKey(partition: PartitionKey(topic: UniqueID(high: 1, low: 2), index: 0), base: Offset(base))
  }

  private func files(_ disk: CountingDisk) throws -> OpenFiles {
    try disk.makeDirectory("data")
    try disk.makeDirectory(Self.key(0).partition.folder)
    return OpenFiles(disk: disk)
  }

  @Test func noMoreAreKeptThanTheLimit() throws {
    let disk = CountingDisk(kept: 8)
    let files = try files(disk)
    for base in 0..<100 {
      _ = try files.log(Self.key(Int64(base)), .create)
      #expect(disk.counts.withLock { $0.open } == min(base + 1, 8))
    }
  }

  /// One that is used all the time is not given up for others that are used once, save when the hand first goes round.
  @Test func whatIsInUseStaysOpen() throws {
    let disk = CountingDisk(kept: 8)
    let files = try files(disk)
    for base in 1...100 {
      _ = try files.log(Self.key(0), .create)
      _ = try files.log(Self.key(Int64(base)), .create)
    }
    #expect(disk.counts.withLock { $0.opened } <= 102)
  }

  @Test func oneOpenedForReadingIsOpenedAgainToBeWritten() throws {
    let disk = CountingDisk(kept: 8)
    let files = try files(disk)
    _ = try disk.open(Self.key(0).logPath, .create)
    _ = try files.log(Self.key(0), .read)
    try files.log(Self.key(0), .write).write([ByteSlice(copying: [7])], at: FilePosition(0))
    #expect(try files.log(Self.key(0), .read).read(count: 9, at: FilePosition(0)).copy() == [7])
    let counts = disk.counts.withLock { $0 }
    #expect(counts.open == 1 && counts.opened == 3)
  }

  @Test func aForgottenFileIsClosedAndTheOthersAreFound() throws {
    let disk = CountingDisk(kept: 8)
    let files = try files(disk)
    for base in 0..<5 { _ = try files.log(Self.key(Int64(base)), .create) }
    files.forget(Self.key(1).logPath)
    files.forget(Self.key(4).logPath)
    files.forget("data/none")
    #expect(disk.counts.withLock { $0.open } == 3)
    for base in [0, 2, 3] { _ = try files.log(Self.key(Int64(base)), .write) }
    #expect(disk.counts.withLock { $0.opened } == 5)
  }

  @Test func whereDescriptorsRunOutHalfIsGivenUp() throws {
    let disk = CountingDisk(kept: 100, most: 10)
    let files = try files(disk)
    for base in 0..<11 { _ = try files.log(Self.key(Int64(base)), .create) }
    #expect(disk.counts.withLock { $0.open } == 6)
    #expect(files.giveUpHalf())
    #expect(disk.counts.withLock { $0.open } == 3)
    while disk.counts.withLock({ $0.open }) > 0 { #expect(files.giveUpHalf()) }
    #expect(!files.giveUpHalf())
  }
}
