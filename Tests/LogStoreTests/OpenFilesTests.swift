import ByteCodec
import LogStore
import Machine
import SimMachine
import Testing
import Units

/// A disk that keeps few files open, lets even fewer be open at the same time, and counts how often one is opened.
private final class NarrowDisk: Disk {
  private let inner = SimDisk()
  let filesKeptOpen: Int
  private let most: Int
  let counts = Locked((open: 0, opened: 0))

  init(kept: Int, most: Int = .max) {
    filesKeptOpen = kept
    self.most = most
  }

  private final class Handle: DiskFile {
    private let inner: any DiskFile
    private let counts: Locked<(open: Int, opened: Int)>

    init(_ inner: any DiskFile, _ counts: Locked<(open: Int, opened: Int)>) {
      self.inner = inner
      self.counts = counts
    }

    deinit { counts.withLock { $0.open -= 1 } }

    var descriptor: Int32? { nil }
    var path: String { inner.path }
    func isCached(from position: FilePosition, count: Int) -> Bool { inner.isCached(from: position, count: count) }
    func read(into buffer: UnsafeMutableRawBufferPointer, at position: FilePosition) throws(DiskError) -> Int {
      try inner.read(into: buffer, at: position)
    }
    func readIfCached(
      into buffer: UnsafeMutableRawBufferPointer, at position: FilePosition
    ) throws(DiskError) -> Int? { try inner.readIfCached(into: buffer, at: position) }
    func writeSome(_ slices: ArraySlice<ByteSlice>, at position: FilePosition) throws(DiskError) -> Int {
      try inner.writeSome(slices, at: position)
    }
    func sync() throws(DiskError) { try inner.sync() }
    func size() throws(DiskError) -> ByteCount { try inner.size() }
    func truncate(to size: ByteCount) throws(DiskError) { try inner.truncate(to: size) }
    func reserve(upTo end: FilePosition) throws(DiskError) { try inner.reserve(upTo: end) }
    func startWriteback(from position: FilePosition, count: ByteCount) {}
  }

  func open(_ path: String, _ intent: OpenIntent) throws(DiskError) -> any DiskFile {
    if counts.withLock({ $0.open >= most }) { throw DiskError(call: .open, path: path, code: 24) }
    let file = try inner.open(path, intent)
    counts.withLock { $0 = ($0.open + 1, $0.opened + 1) }
    return Handle(file, counts)
  }
  func makeDirectory(_ path: String) throws(DiskError) { try inner.makeDirectory(path) }
  func syncDirectory(_ path: String) throws(DiskError) { try inner.syncDirectory(path) }
  func syncVolume(meanwhile: () -> Void) throws(DiskError) -> Bool { try inner.syncVolume(meanwhile: meanwhile) }
  func rename(_ source: String, to destination: String) throws(DiskError) {
    try inner.rename(source, to: destination)
  }
  func remove(_ path: String) throws(DiskError) { try inner.remove(path) }
  func removeDirectory(_ path: String) throws(DiskError) { try inner.removeDirectory(path) }
  func list(_ path: String) throws(DiskError) -> [DirectoryEntry] { try inner.list(path) }
  func space() throws(DiskError) -> VolumeSpace { try inner.space() }
  func lock(_ path: String) throws(DiskError) -> (any DiskLock)? { try inner.lock(path) }
}

@Suite struct OpenFilesTests {
  private static func key(_ base: Int64) -> SegmentKey {
    SegmentKey(partition: PartitionKey(topic: UniqueID(high: 1, low: 2), index: 0), base: Offset(base))
  }

  private func files(_ disk: NarrowDisk) throws -> OpenFiles {
    try disk.makeDirectory("data")
    try disk.makeDirectory(Self.key(0).partition.folder)
    return OpenFiles(disk: disk)
  }

  @Test func noMoreAreKeptThanTheLimit() throws {
    let disk = NarrowDisk(kept: 8)
    let files = try files(disk)
    for base in 0..<100 {
      _ = try files.log(Self.key(Int64(base)), .create)
      #expect(disk.counts.withLock { $0.open } == min(base + 1, 8))
    }
  }

  /// One that is used all the time is not given up for others that are used once, save when the hand first goes round.
  @Test func whatIsInUseStaysOpen() throws {
    let disk = NarrowDisk(kept: 8)
    let files = try files(disk)
    for base in 1...100 {
      _ = try files.log(Self.key(0), .create)
      _ = try files.log(Self.key(Int64(base)), .create)
    }
    #expect(disk.counts.withLock { $0.opened } <= 102)
  }

  @Test func oneOpenedForReadingIsOpenedAgainToBeWritten() throws {
    let disk = NarrowDisk(kept: 8)
    let files = try files(disk)
    _ = try disk.open(Self.key(0).logPath, .create)
    _ = try files.log(Self.key(0), .read)
    try files.log(Self.key(0), .write).write([ByteSlice(copying: [7])], at: FilePosition(0))
    #expect(try files.log(Self.key(0), .read).read(count: 9, at: FilePosition(0)).copy() == [7])
    let counts = disk.counts.withLock { $0 }
    #expect(counts.open == 1 && counts.opened == 3)
  }

  @Test func aForgottenFileIsClosedAndTheOthersAreFound() throws {
    let disk = NarrowDisk(kept: 8)
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
    let disk = NarrowDisk(kept: 100, most: 10)
    let files = try files(disk)
    for base in 0..<11 { _ = try files.log(Self.key(Int64(base)), .create) }
    #expect(disk.counts.withLock { $0.open } == 6)
    #expect(files.giveUpHalf())
    #expect(disk.counts.withLock { $0.open } == 3)
    while disk.counts.withLock({ $0.open }) > 0 { #expect(files.giveUpHalf()) }
    #expect(!files.giveUpHalf())
  }
}
