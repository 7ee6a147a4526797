import ByteCodec
import Machine
import SimMachine
import Testing
import Units

/// What a power cut may and may not leave.
@Suite struct CrashTests {
  /// A disk with a synced file "f" of two sectors of 'a', its name durable.
  func diskWithFile() throws -> (SimDisk, any DiskFile) {
    let disk = SimDisk(SimDisk.Options(seed: 1))
    let file = try disk.open("f", .createNew)
    try file.write(text("a", 1024), at: FilePosition(0))
    try file.sync()
    try disk.syncDirectory("")
    return (disk, file)
  }

  @Test func eachSectorHasItsOwnFate() throws {
    let (disk, file) = try diskWithFile()
    try file.write(text("b", 1024), at: FilePosition(0))
    var pure: Set<String> = []
    var sawTear = false
    for seed in 0..<4000 as Range<UInt64> {
      let bytes = try #require(disk.afterCrash(.seeded(seed)).contents("f"))
      #expect(bytes.count == 1024)
      let sectors = [bytes[..<512], bytes[512...]].map { sector in
        switch Set(sector) {
        case [97]: "a"
        case [98]: "b"
        default: "torn"
        }
      }
      if sectors.contains("torn") { sawTear = true } else { pure.insert(sectors.joined()) }
    }
    #expect(pure == ["aa", "ab", "ba", "bb"])
    #expect(sawTear)
  }

  @Test func aTornSectorIsMadeOfVersionsItHad() throws {
    let (disk, file) = try diskWithFile()
    for letter in ["b", "c"] { try file.write(text(letter, 512), at: FilePosition(0)) }
    var seen: Set<String> = []
    for seed in 0..<6000 as Range<UInt64> {
      let bytes = try #require(disk.afterCrash(.seeded(seed)).contents("f"))
      #expect(Set(bytes[512...]) == [97], "no write touched the second sector")
      var runs = ""
      for byte in bytes[..<512] where runs.utf8.last != byte { runs.unicodeScalars.append(Unicode.Scalar(byte)) }
      seen.insert(runs)
    }
    #expect(seen == ["a", "b", "c", "ab", "ba", "ac", "ca", "bc", "cb"])
  }

  @Test func sizesAreChosenApartFromBytes() throws {
    let (disk, file) = try diskWithFile()
    try file.write(text("b", 512), at: FilePosition(1024))
    try file.write(text("c", 512), at: FilePosition(1536))
    var seen: Set<String> = []
    for seed in 0..<8000 as Range<UInt64> {
      let bytes = try #require(disk.afterCrash(.seeded(seed)).contents("f"))
      #expect([1024, 1536, 2048].contains(bytes.count))
      #expect(Set(bytes[..<1024]) == [97], "synced bytes are lost")
      var outcome = "\(bytes.count)"
      for start in stride(from: 1024, to: bytes.count, by: 512) {
        let letters = Set(bytes[start..<start + 512])
        if letters.count > 1 { outcome += "~" } else { outcome += letters == [0] ? "0" : letters == [98] ? "b" : "c" }
      }
      if !outcome.contains("~") { seen.insert(outcome) }
    }
    #expect(seen == ["1024", "15360", "1536b", "204800", "20480c", "2048b0", "2048bc"])
  }

  @Test func whatIsBeyondTheSizeReadsAsZerosWhenTheFileGrowsAgain() throws {
    let (disk, file) = try diskWithFile()
    try file.write(text("b", 512), at: FilePosition(1024))
    for seed in 0..<200 as Range<UInt64> {
      let found = disk.afterCrash(.seeded(seed))
      let size = try #require(found.contents("f")).count
      guard size == 1024 else { continue }
      try found.open("f", .write).truncate(to: ByteCount(2048))
      #expect(Set(try #require(found.contents("f"))[1024...]) == [0])
    }
  }

  @Test func aCutTruncationLeavesOldOrNewBytes() throws {
    let (disk, file) = try diskWithFile()
    try file.truncate(to: ByteCount(512))
    try file.write(text("z", 512), at: FilePosition(512))
    var seen: Set<UInt8> = []
    for seed in 0..<2000 as Range<UInt64> {
      let bytes = try #require(disk.afterCrash(.seeded(seed)).contents("f"))
      #expect(bytes.count == 1024 || bytes.count == 512)
      #expect(Set(bytes[..<512]) == [97])
      if bytes.count == 1024, Set(bytes[512...]).count == 1 { seen.insert(bytes[512]) }
    }
    #expect(seen == [97, 0, 122])
  }

  @Test(arguments: [CrashFate.worst, .worst(names: .ordered), .best, .seeded(1), .seeded(2, names: .ordered)])
  func whatIsSyncedSurvives(_ fate: CrashFate) throws {
    let disk = SimDisk()
    try disk.makeDirectory("t")
    let file = try disk.open("t/f", .createNew)
    try file.write(text("x", 3000), at: FilePosition(0))
    try file.sync()
    try disk.syncDirectory("t")
    try disk.syncDirectory("")
    let found = disk.afterCrash(fate)
    #expect(found.contents("t/f") == [UInt8](repeating: 120, count: 3000))
    #expect(try found.list("") == [DirectoryEntry(name: "t", isDirectory: true)])
  }

  @Test func withoutFolderSyncTheNameIsLost() throws {
    let disk = SimDisk()
    let file = try disk.open("f", .createNew)
    try file.write(text("x", 10), at: FilePosition(0))
    try file.sync()
    #expect(disk.snapshotDurable().paths == [])
    #expect(disk.afterCrash(.best).contents("f")?.count == 10)
    try disk.syncDirectory("")
    #expect(disk.snapshotDurable().contents("f")?.count == 10)
  }

  @Test func aNameCanSurviveItsBytes() throws {
    let disk = SimDisk()
    let file = try disk.open("f", .createNew)
    try disk.syncDirectory("")
    try file.write(text("x", 10), at: FilePosition(0))
    #expect(disk.snapshotDurable().contents("f") == [])
  }

  @Test func namesSurviveInAnyCausalSet() throws {
    let disk = SimDisk()
    for name in ["a", "b"] { _ = try disk.open(name, .createNew) }
    try disk.rename("b", to: "c")
    func outcomes(_ names: CrashFate.NameOrder) -> Set<[String]> {
      Set((0..<3000 as Range<UInt64>).map { disk.afterCrash(.seeded($0, names: names)).paths })
    }
    #expect(outcomes(.adversarial) == [[], ["a"], ["b"], ["a", "b"], ["c"], ["a", "c"]])
    #expect(outcomes(.ordered) == [[], ["a"], ["a", "b"], ["a", "c"]])
  }

  @Test func aReplacedFileIsOldOrNewNeverNeither() throws {
    let (disk, _) = try diskWithFile()
    let new = try disk.open("f.new", .createNew)
    try new.write(text("n", 5), at: FilePosition(0))
    try new.sync()
    try disk.rename("f.new", to: "f")
    var sizes: Set<Int> = []
    for seed in 0..<500 as Range<UInt64> {
      sizes.insert(try #require(disk.afterCrash(.seeded(seed)).contents("f")).count)
    }
    #expect(sizes == [1024, 5])
    try disk.syncDirectory("")
    #expect(disk.snapshotDurable().contents("f")?.count == 5)
    #expect(disk.snapshotDurable().paths == ["f"])
  }

  @Test func aRenameAcrossFoldersNeedsBothSynced() throws {
    let disk = SimDisk()
    for folder in ["p", "q"] { try disk.makeDirectory(folder) }
    _ = try disk.open("p/f", .createNew)
    for folder in ["p", "q", ""] { try disk.syncDirectory(folder) }
    try disk.rename("p/f", to: "q/f")
    try disk.syncDirectory("q")
    #expect(disk.snapshotDurable().paths == ["p/f", "q/f"])
    #expect(disk.afterCrash(.worst(names: .ordered)).paths == ["q/f"])
    try disk.syncDirectory("p")
    #expect(disk.snapshotDurable().paths == ["q/f"])
  }

  @Test func aSyncInAnOrderedVolumeCommitsWhatCameBefore() throws {
    let disk = SimDisk()
    for folder in ["p", "q"] { try disk.makeDirectory(folder) }
    try disk.syncDirectory("")
    for path in ["p/1", "q/2", "p/3"] { _ = try disk.open(path, .createNew) }
    try disk.syncDirectory("q")
    #expect(disk.afterCrash(.worst(names: .ordered)).paths == ["p/1", "q/2"])
    #expect(disk.snapshotDurable().paths == ["q/2"])
  }

  @Test func aCutDiskStaysCut() throws {
    let (disk, file) = try diskWithFile()
    disk.cutPower()
    #expect(throws: powerCut(.sync, "f")) { try file.sync() }
    #expect(throws: powerCut(.list, "")) { try disk.list("") }
    #expect(throws: powerCut(.open, "f")) { try disk.open("f", .read) }
    let found = disk.afterCrash(.worst)
    #expect(found.contents("f")?.count == 1024)
    #expect(disk.isCut && !found.isCut)
  }

  @Test func aPlannedCutStrikesInItsStepWithAnyEffect() throws {
    var seen: Set<Int> = []
    for seed in 0..<300 as Range<UInt64> {
      let disk = SimDisk(SimDisk.Options(seed: seed))
      let file = try disk.open("f", .createNew)
      #expect(disk.stepCount == 1)
      disk.cutPower(inStep: 2)
      try file.write(text("x", 4), at: FilePosition(0))
      #expect(throws: powerCut(.write, "f")) { try file.write(text("y", 4), at: FilePosition(4)) }
      seen.insert(try #require(disk.afterCrash(.best).contents("f")).count)
    }
    #expect(seen == [4, 5, 6, 7, 8])
  }

  @Test func theSameSeedGivesTheSameOutcome() throws {
    let (disk, file) = try diskWithFile()
    for step in 0..<20 { try file.write(text("b", 700), at: FilePosition(Int64(step * 300))) }
    for seed in 0..<50 as Range<UInt64> {
      #expect(disk.afterCrash(.seeded(seed)).contents("f") == disk.afterCrash(.seeded(seed)).contents("f"))
    }
  }

  @Test func aSnapshotIsItsOwnDisk() throws {
    let (disk, file) = try diskWithFile()
    let copy = disk.snapshotDurable()
    try file.write(text("b", 10), at: FilePosition(0))
    try copy.open("f", .write).write(text("c", 10), at: FilePosition(0))
    #expect(try #require(disk.contents("f"))[0] == 98)
    #expect(try #require(copy.contents("f"))[0] == 99)
    #expect(try #require(disk.snapshotDurable().contents("f"))[0] == 97)
  }

  @Test func unlinkedFilesReturnOnlyWhileTheirRemovalIsPending() throws {
    let (disk, _) = try diskWithFile()
    try disk.remove("f")
    #expect(disk.snapshotDurable().contents("f")?.count == 1024)
    try disk.syncDirectory("")
    for seed in 0..<20 as Range<UInt64> { #expect(disk.afterCrash(.seeded(seed)).paths == []) }
  }
}
