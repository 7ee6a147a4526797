import ByteCodec
import LogStore
import Machine
import SimMachine
import Units

/// A disk that counts the files that are open, how often one was opened, and the bytes read; it may keep few files open, and
/// let even fewer be open at the same time.
final class CountingDisk: Disk {
  struct Counts: Sendable {
    var open = 0
    var opened = 0
    var bytesRead = 0
  }

  private let inner: SimDisk
  let filesKeptOpen: Int
  private let most: Int
  let counts = Locked(Counts())

  init(_ inner: SimDisk = SimDisk(), kept: Int = 4_096, most: Int = .max) {
    self.inner = inner
    filesKeptOpen = kept
    self.most = most
  }

  private final class Handle: DiskFile {
    private let inner: any DiskFile
    private let counts: Locked<Counts>

    init(_ inner: any DiskFile, _ counts: Locked<Counts>) {
      self.inner = inner
      self.counts = counts
    }

    deinit { counts.withLock { $0.open -= 1 } }

    var descriptor: Int32? { nil }
    var path: String { inner.path }
    func isCached(from position: FilePosition, count: Int) -> Bool { inner.isCached(from: position, count: count) }
    func read(into buffer: UnsafeMutableRawBufferPointer, at position: FilePosition) throws(DiskError) -> Int {
      counted(try inner.read(into: buffer, at: position))
    }
    func readIfCached(
      into buffer: UnsafeMutableRawBufferPointer, at position: FilePosition
    ) throws(DiskError) -> Int? { try inner.readIfCached(into: buffer, at: position).map(counted) }
    private func counted(_ bytes: Int) -> Int {
      counts.withLock { $0.bytesRead += bytes }
      return bytes
    }
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
    counts.withLock {
      $0.open += 1
      $0.opened += 1
    }
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
