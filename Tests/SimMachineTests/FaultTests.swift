import ByteCodec
import Machine
import SimMachine
import Testing
import Units

/// Failing calls, a full disk, and damage at rest.
@Suite struct FaultTests {
  func durableFile(_ disk: SimDisk, _ letter: String = "a", _ count: Int = 1024) throws -> any DiskFile {
    let file = try disk.open("f", .createNew)
    try file.write(text(letter, count), at: FilePosition(0))
    try file.sync()
    try disk.syncDirectory("")
    return file
  }

  @Test func aFailedSyncIsFinal() throws {
    let disk = SimDisk()
    let file = try durableFile(disk)
    try file.write(text("b", 2048), at: FilePosition(0))
    disk.plan(SimFault(.sync))
    #expect(throws: DiskError(call: .sync, path: "f", code: 5)) { try file.sync() }
    #expect(try file.read(count: 4096, at: FilePosition(0)).copy() == [UInt8](repeating: 98, count: 2048))
    try file.sync()
    for seed in 0..<50 as Range<UInt64> {
      #expect(disk.afterCrash(.seeded(seed)).contents("f") == [UInt8](repeating: 97, count: 1024))
    }
    #expect(disk.afterCrash(.best).contents("f") == [UInt8](repeating: 97, count: 1024))
    disk.dropCache()
    #expect(try file.size() == ByteCount(1024))
    #expect(disk.contents("f") == [UInt8](repeating: 97, count: 1024))
  }

  @Test func writingAgainAfterAFailedSyncMakesThoseSectorsDurable() throws {
    let disk = SimDisk()
    let file = try durableFile(disk)
    try file.write(text("b", 2048), at: FilePosition(0))
    disk.plan(SimFault(.sync))
    #expect(throws: DiskError.self) { try file.sync() }
    try file.write(text("c", 512), at: FilePosition(0))
    #expect(disk.snapshotDurable().contents("f") == [UInt8](repeating: 97, count: 1024))
    try file.sync()
    let found = try #require(disk.snapshotDurable().contents("f"))
    #expect(found == [UInt8](repeating: 99, count: 512) + [UInt8](repeating: 97, count: 512))
    try file.write(text("d", 1536), at: FilePosition(512))
    try file.sync()
    #expect(disk.snapshotDurable().contents("f")?.count == 2048)
    #expect(disk.snapshotDurable().contents("f") == disk.contents("f"))
  }

  @Test func pressureDropsWhatAFailedSyncLeft() throws {
    var options = SimDisk.Options(seed: 3)
    options.pressurePermille = 1000
    let disk = SimDisk(options)
    let file = try durableFile(disk)
    try file.write(text("b", 1024), at: FilePosition(0))
    disk.plan(SimFault(.sync))
    #expect(throws: DiskError.self) { try file.sync() }
    #expect(try file.read(count: 1, at: FilePosition(0)).copy() == [97])
  }

  @Test func aFailedFolderSyncIsFinalForItsNames() throws {
    let disk = SimDisk()
    _ = try disk.open("f", .createNew)
    disk.plan(SimFault(.syncDirectory))
    #expect(throws: DiskError(call: .syncDirectory, path: "", code: 5)) { try disk.syncDirectory("") }
    try disk.syncDirectory("")
    #expect(disk.paths == ["f"])
    for seed in 0..<20 as Range<UInt64> { #expect(disk.afterCrash(.seeded(seed)).paths == []) }
    try disk.rename("f", to: "g")
    try disk.syncDirectory("")
    #expect(disk.snapshotDurable().paths == ["g"])
  }

  @Test func theNthMatchingCallFails() throws {
    let disk = SimDisk()
    let file = try disk.open("log/f", .createNew, in: "log")
    disk.plan(SimFault(.write, on: .under("log/"), nth: 3, code: 28))
    for _ in 0..<2 { try file.write(text("a", 1), at: FilePosition(0)) }
    #expect(throws: DiskError(call: .write, path: "log/f", code: 28)) {
      try file.write(text("b", 1), at: FilePosition(0))
    }
    #expect(disk.contents("log/f") == [97])
    try file.write(text("c", 1), at: FilePosition(0))
    #expect(disk.faultsFired == 1)
  }

  @Test func aStickyFaultStaysUntilCleared() throws {
    let disk = SimDisk()
    let file = try disk.open("f", .createNew)
    disk.plan(SimFault(.read, on: .exactly("f"), isSticky: true))
    for _ in 0..<3 { #expect(throws: DiskError.self) { try file.read(count: 1, at: FilePosition(0)) } }
    #expect(try disk.list("").count == 1)
    disk.clearFaults()
    #expect(try file.read(count: 1, at: FilePosition(0)).isEmpty)
  }

  @Test func aFullDiskTakesWhatFitsAndHeals() throws {
    let disk = SimDisk(SimDisk.Options(capacity: ByteCount(4 * 4096)))
    let file = try disk.open("f", .createNew)
    let slices = text("a", 5 * 4096)
    #expect(try file.writeSome(slices[...], at: FilePosition(100)) == 4 * 4096 - 100)
    #expect(try disk.space() == VolumeSpace(total: ByteCount(4 * 4096), available: .zero))
    #expect(throws: DiskError(call: .write, path: "f", code: 28)) {
      try file.writeSome(slices[...], at: FilePosition(4 * 4096))
    }
    try file.write(text("b", 4096), at: FilePosition(0))
    try disk.remove("f")
    #expect(try disk.space().available == .zero, "an open handle keeps the bytes")
    try file.truncate(to: .zero)
    #expect(try disk.space().available == ByteCount(4 * 4096))
  }

  @Test func theLastHandleFreesAnUnlinkedFile() throws {
    let disk = SimDisk(SimDisk.Options(capacity: ByteCount(4 * 4096)))
    var file: (any DiskFile)? = try disk.open("f", .createNew)
    try file?.write(text("a", 4096), at: FilePosition(0))
    try disk.remove("f")
    #expect(try disk.space().available == ByteCount(3 * 4096))
    #expect(try file?.read(count: 1, at: FilePosition(0)).copy() == [97])
    file = nil
    #expect(try disk.space().available == ByteCount(4 * 4096))
  }

  @Test func reservedRoomIsThereWhenTheDiskIsFull() throws {
    let disk = SimDisk(SimDisk.Options(capacity: ByteCount(4 * 4096)))
    let file = try disk.open("f", .createNew)
    try file.reserve(upTo: FilePosition(2 * 4096))
    #expect(try file.size() == .zero)
    #expect(try disk.space().available == ByteCount(2 * 4096))
    let other = try disk.open("g", .createNew)
    try other.write(text("g", 2 * 4096), at: FilePosition(0))
    try file.write(text("f", 2 * 4096), at: FilePosition(0))
    #expect(throws: DiskError(call: .write, path: "f", code: 28)) {
      try file.write(text("f", 1), at: FilePosition(2 * 4096))
    }
    #expect(throws: DiskError(call: .reserve, path: "g", code: 28)) { try other.reserve(upTo: FilePosition(3 * 4096)) }
    try disk.remove("g")
    withExtendedLifetime(other) {}
  }

  @Test func shortWritesAndReadsAreMadeGoodByTheLoops() throws {
    var options = SimDisk.Options(seed: 5)
    options.shortWritesPermille = 800
    options.shortReadsPermille = 800
    let disk = SimDisk(options)
    let file = try disk.open("f", .createNew)
    let bytes = (0..<9000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let slices = [ByteSlice(copying: Array(bytes[..<17])), .empty, ByteSlice(copying: Array(bytes[17...]))]
    try file.write(slices, at: FilePosition(3))
    #expect(disk.stepCount > 2)
    #expect(try file.read(count: 9000, at: FilePosition(3)).copy() == bytes)
  }

  @Test func aReadMayNotBeCached() throws {
    var options = SimDisk.Options(seed: 5)
    options.uncachedPermille = 500
    let disk = SimDisk(options)
    let file = try durableFile(disk)
    let block = ByteBlock(capacity: 8)
    let buffer = UnsafeMutableRawBufferPointer(start: block.base, count: 8)
    let answers = try (0..<200).map { _ in try file.readIfCached(into: buffer, at: FilePosition(0)) }
    #expect(Set(answers) == [nil, 8])
  }

  @Test func damageAtRestIsDurable() throws {
    let disk = SimDisk()
    _ = try durableFile(disk)
    #expect(disk.flipBit("f", at: FilePosition(3), bit: 7))
    #expect(disk.snapshotDurable().contents("f")?[3] == 225)
    #expect(disk.duplicateAtRest("f", as: "g"))
    #expect(disk.setSize("f", to: ByteCount(2)))
    #expect(disk.swapAtRest("f", "g"))
    #expect(disk.snapshotDurable().contents("g") == [97, 97])
    #expect(disk.snapshotDurable().contents("f")?.count == 1024)
    #expect(disk.overwrite("g", with: [1, 2], at: FilePosition(1)))
    #expect(disk.deleteAtRest("f"))
    #expect(disk.snapshotDurable().paths == ["g"])
    #expect(disk.snapshotDurable().contents("g") == [97, 1, 2])
    #expect(!disk.flipBit("missing", at: FilePosition(0)))
  }

  @Test func aMisdirectedWriteLandsElsewhere() throws {
    let disk = SimDisk()
    let file = try durableFile(disk)
    disk.misdirectNextWrite(to: "f", landingAt: FilePosition(512))
    try file.write(text("b", 512), at: FilePosition(0))
    try file.write(text("c", 1), at: FilePosition(0))
    let found = try #require(disk.contents("f"))
    #expect(found == [99] + [UInt8](repeating: 97, count: 511) + [UInt8](repeating: 98, count: 512))
  }

  @Test func onlyOneHoldsALock() throws {
    let disk = SimDisk()
    var held = try disk.lock("lock")
    #expect(held != nil)
    #expect(try disk.lock("lock") == nil)
    held = nil
    #expect(try disk.lock("lock") != nil)
  }

  @Test func sitesAreCounted() throws {
    var options = SimDisk.Options()
    options.countsSites = true
    let disk = SimDisk(options)
    let file = try disk.open("0.log", .createNew)
    for _ in 0..<3 { try file.write(text("a", 1), at: FilePosition(0)) }
    #expect(disk.siteCounts[SimSite(call: .write, fileClass: "log")] == 3)
    #expect(disk.lastSite == SimSite(call: .write, fileClass: "log"))
  }

  @Test func aPlainMemoryDiskKeepsEverythingAtOnce() throws {
    let disk = SimDisk(.memory(capacity: .mebi(1)))
    let file = try disk.open("f", .createNew)
    try file.write(text("a", 5000), at: FilePosition(0))
    try file.truncate(to: ByteCount(4999))
    #expect(disk.snapshotDurable().contents("f")?.count == 4999)
    try disk.remove("f")
    #expect(disk.snapshotDurable().paths == [])
  }
}

extension SimDisk {
  /// Opens a file in a folder made for it.
  func open(_ path: String, _ intent: OpenIntent, in folder: String) throws -> any DiskFile {
    try makeDirectory(folder)
    return try open(path, intent)
  }
}
