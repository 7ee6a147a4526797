import ByteCodec
import Glibc
import Machine
import TestFixtures
import Testing
import Units

@Suite struct POSIXDiskTests {
  let folder: TemporaryFolder
  let disk: POSIXDisk

  init() throws {
    folder = try TemporaryFolder()
    disk = try POSIXDisk(path: folder.path + "/data")
  }

  func mode(_ path: String) throws -> UInt32 {
    var facts = stat()
    try #require(stat(folder.path + "/" + path, &facts) == 0)
    return facts.st_mode & 0o777
  }

  @Test func somethingElseIsDoneOnceWhileTheVolumeIsSynced() throws {
    try disk.makeDirectory("t")
    let file = try disk.open("t/f", .create)
    try file.write([ByteSlice(copying: [1, 2, 3])], at: FilePosition(0))
    var times = 0
    let isLocal = try disk.volumeFacts().kind == .local
    #expect(try disk.syncVolume { times += 1 } == isLocal)
    #expect(times == 1)
  }

  @Test func makesItsFolderForItsOwnerAlone() throws {
    #expect(try mode("data") == 0o700)
    try disk.makeDirectory("t")
    _ = try disk.open("t/f", .create)
    #expect(try mode("data/t") == 0o700)
    #expect(try mode("data/t/f") == 0o600)
    #expect(throws: Never.self) { try POSIXDisk(path: folder.path + "/data") }
  }

  @Test func tellsWhatIsInThePageCache() throws {
    let file = try disk.open("f", .create)
    let size = 3_000_000
    try file.write([ByteSlice(copying: Array(repeating: 7, count: size))], at: FilePosition(0))
    #expect(file.isCached(from: FilePosition(0), count: size))
    #expect(file.isCached(from: FilePosition(4_095), count: 2))
    #expect(file.isCached(from: FilePosition(5), count: 0))
    #expect(!file.isCached(from: FilePosition(0), count: size + 8_192))
    #expect(!file.isCached(from: FilePosition(4_000_000), count: 1))
    // Whatever the system keeps of it then: both questions get the same answer.
    try file.sync()
    posix_fadvise(try #require(file.descriptor), 0, 0, POSIX_FADV_DONTNEED)
    let isCached = file.isCached(from: FilePosition(1_000_000), count: 65_536)
    #expect(try file.readIfCached(count: 65_536, at: FilePosition(1_000_000)).map(\.count) == (isCached ? 65_536 : nil))
    #expect(try file.read(count: size, at: FilePosition(0)).count == size)
    #expect(file.isCached(from: FilePosition(0), count: size))
  }

  @Test func refusesAFolderOthersMayWriteTo() throws {
    chmod(folder.path + "/data", 0o770)
    let error = #expect(throws: DataFolderError.self) { try POSIXDisk(path: folder.path + "/data") }
    #expect(error == .othersMayWrite(path: folder.path + "/data", mode: 0o770))
    #expect(try #require(error).description.contains("chmod 700 '\(folder.path)/data'"))
  }

  @Test(.enabled(if: geteuid() == 0, "needs root to give a folder away"))
  func refusesAFolderOfAnotherUser() throws {
    chown(folder.path + "/data", 12345, 0)
    #expect(throws: DataFolderError.ownedByAnother(path: folder.path + "/data", owner: 12345, self: 0)) {
      try POSIXDisk(path: folder.path + "/data")
    }
  }

  @Test func refusesWhatIsNoFolder() throws {
    symlink("data", folder.path + "/link")
    #expect(throws: DataFolderError.isLink(path: folder.path + "/link")) { try POSIXDisk(path: folder.path + "/link") }
    _ = try disk.open("f", .create)
    let file = folder.path + "/data/f"
    #expect(throws: DataFolderError.notAFolder(path: file)) { try POSIXDisk(path: file) }
    let missing = folder.path + "/no/such"
    #expect(throws: DataFolderError.unusable(path: missing, code: 2)) { try POSIXDisk(path: missing) }
  }

  @Test func followsNoLinkAndOpensOnlyFiles() throws {
    _ = try disk.open("f", .create)
    symlink("f", folder.path + "/data/link")
    mkfifo(folder.path + "/data/pipe", 0o600)
    #expect(throws: DiskError(call: .open, path: "link", code: ELOOP)) { try disk.open("link", .read) }
    #expect(throws: DiskError(call: .open, path: "pipe", code: EINVAL)) { try disk.open("pipe", .read) }
    #expect(throws: DiskError(call: .open, path: "../x", code: EINVAL)) { try disk.open("../x", .create) }
  }

  @Test func writesMoreSlicesThanOneCallTakes() throws {
    let file = try disk.open("f", .create)
    let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    try file.write(bytes.map { ByteSlice(copying: [$0]) }, at: FilePosition(11))
    #expect(try file.read(count: 6000, at: FilePosition(11)).copy() == bytes)
    try file.sync()
    file.startWriteback(from: FilePosition(0), count: ByteCount(4096))
  }

  @Test func aCachedReadAnswersLikeARead() throws {
    let file = try disk.open("f", .create)
    try file.write([ByteSlice(copying: [1, 2, 3])], at: FilePosition(0))
    let block = ByteBlock(capacity: 8)
    let buffer = UnsafeMutableRawBufferPointer(start: block.base, count: 8)
    #expect(try file.readIfCached(into: buffer, at: FilePosition(1)) == 2)
    #expect(block.slice(count: 2).copy() == [2, 3])
  }

  @Test func theSecondLockIsRefusedAndTellsTheHolder() throws {
    #expect(try disk.lockHolder("lock") == nil)
    var held = try disk.lock("lock")
    #expect(held != nil)
    #expect(try POSIXDisk(path: folder.path + "/data").lock("lock") == nil)
    #expect(try disk.lockHolder("lock") == getpid())
    held = nil
    #expect(try disk.lock("lock") != nil)
  }

  @Test func listsInOrderWithoutItself() throws {
    for name in ["b", "a", "ü"] { _ = try disk.open(name, .create) }
    try disk.makeDirectory("d")
    #expect(try disk.list("").map(\.name) == ["a", "b", "d", "ü"])
    #expect(try disk.list("").filter(\.isDirectory).map(\.name) == ["d"])
  }

  @Test func knowsItsVolume() throws {
    let space = try disk.space()
    #expect(space.total >= space.available)
    #expect(space.total > .zero)
    #expect(try !disk.volumeFacts().fileSystem.isEmpty)
    #expect(VolumeFacts(magic: 0x0102_1994).kind == .memory)
    #expect(VolumeFacts(magic: 0xabc).fileSystem == "0xabc")
    #expect(try disk.measureSyncs(count: 3).count == 3)
    #expect(try disk.list("").isEmpty)
  }

  @Test func senselessCallsAreErrors() throws {
    let file = try disk.open("f", .create)
    #expect(throws: DiskError(call: .truncate, path: "f", code: EINVAL)) { try file.truncate(to: ByteCount(-1)) }
    #expect(throws: DiskError(call: .read, path: "f", code: EINVAL)) { try file.read(count: 1, at: FilePosition(-1)) }
    let reader = try disk.open("f", .read)
    #expect(throws: DiskError(call: .write, path: "f", code: EBADF)) {
      try reader.write([ByteSlice(copying: [1])], at: FilePosition(0))
    }
  }
}
