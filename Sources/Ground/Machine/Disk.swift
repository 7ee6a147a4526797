package import ByteCodec
package import Units

/// The file calls the engine makes, over one data folder. Two implementations obey it: POSIX, and a simulated disk that
/// loses, tears and reorders what was not synced. Paths are relative to the folder, with `/` between names.
///
/// Nothing is durable before the sync that covers it: a file's bytes and size before its `sync`, a name before its
/// folder's `syncDirectory`. Calls may come from any thread.
package protocol Disk: AnyObject, Sendable {
  /// Opens the file at `path`. `.create` makes it when missing (mode 0600), `.createNew` fails when it is there.
  /// `.createThrough` is `.create` for whole blocks (`DiskBlock`): what is written is durable when the call returns.
  func open(_ path: String, _ intent: OpenIntent) throws(DiskError) -> any DiskFile
  /// Makes the folder `path` (mode 0700); one that is there already is not an error.
  func makeDirectory(_ path: String) throws(DiskError)
  /// Makes the names in the folder `path` durable; "" is the data folder itself.
  func syncDirectory(_ path: String) throws(DiskError)
  /// Makes all files and names of the folder durable at once. False: not all of them, or the system cannot say; then each
  /// has to be synced by itself, which tells of the one that fails. `meanwhile` is run once on the caller's thread, and what
  /// it writes may be synced or not.
  func syncVolume(meanwhile: () -> Void) throws(DiskError) -> Bool
  /// Renames within the volume, replacing what `destination` was.
  func rename(_ source: String, to destination: String) throws(DiskError)
  /// Removes a file's name; its bytes go with the last open handle.
  func remove(_ path: String) throws(DiskError)
  /// Removes an empty folder.
  func removeDirectory(_ path: String) throws(DiskError)
  /// The names in the folder `path`, sorted.
  func list(_ path: String) throws(DiskError) -> [DirectoryEntry]
  /// Files that may be kept open. They are given up when descriptors run out: what else the process opens comes first.
  var filesKeptOpen: Int { get }
  /// Room on the volume now.
  func space() throws(DiskError) -> VolumeSpace
  /// Takes the lock file at `path` for this process; nil when another process holds it. The lock goes with the handle.
  func lock(_ path: String) throws(DiskError) -> (any DiskLock)?
}

/// An open file. Closed when the last reference to it goes.
package protocol DiskFile: AnyObject, Sendable {
  /// Reads up to `buffer.count` bytes at `position`; fewer at the end of the file, none beyond it.
  func read(into buffer: UnsafeMutableRawBufferPointer, at position: FilePosition) throws(DiskError) -> Int
  /// Like `read`, but answers nil instead of waiting when the bytes are not in memory.
  func readIfCached(into buffer: UnsafeMutableRawBufferPointer, at position: FilePosition) throws(DiskError) -> Int?
  /// Whether `count` bytes at `position` are in memory, so that sending them would not wait for the disk. False where the
  /// file ends before, and where the system does not say.
  func isCached(from position: FilePosition, count: Int) -> Bool
  /// Writes a leading part of `slices` at `position` and says how many bytes; may be fewer than all (a short write).
  func writeSome(_ slices: ArraySlice<ByteSlice>, at position: FilePosition) throws(DiskError) -> Int
  /// Makes the file's bytes and size durable (fdatasync).
  func sync() throws(DiskError)
  func size() throws(DiskError) -> ByteCount
  /// Sets the size; growing fills with zeros.
  func truncate(to size: ByteCount) throws(DiskError)
  /// Sets room aside so that bytes up to `end` can be written without meeting a full disk; the size stays.
  func reserve(upTo end: FilePosition) throws(DiskError)
  /// Asks the system to start writing dirty bytes back; no promise, no error.
  func startWriteback(from position: FilePosition, count: ByteCount)
  /// Where it was opened, for messages.
  var path: String { get }
  /// The descriptor for `sendfile`, where the file has one.
  var descriptor: Int32? { get }
}

/// A lock held on the data folder.
package protocol DiskLock: AnyObject, Sendable {}

package enum OpenIntent: Equatable, Sendable { case read, write, create, createNew, createThrough }

/// What a file opened with `.createThrough` is written in: position, count and the place in memory are multiples.
package enum DiskBlock {
  package static let size = 4_096
}

package struct DirectoryEntry: Equatable, Sendable {
  package var name: String
  package var isDirectory: Bool

  package init(name: String, isDirectory: Bool) {
    self.name = name
    self.isDirectory = isDirectory
  }
}

package struct VolumeSpace: Equatable, Sendable {
  package var total: ByteCount
  /// What this process may still use.
  package var available: ByteCount

  package init(total: ByteCount, available: ByteCount) {
    self.total = total
    self.available = available
  }
}

extension DiskFile {
  /// Writes all of `slices` at `position`, going on after short writes.
  package func write(_ slices: [ByteSlice], at position: FilePosition) throws(DiskError) {
    var rest = slices[...]
    var at = position
    while true {
      while let first = rest.first, first.isEmpty { rest.removeFirst() }
      guard !rest.isEmpty else { return }
      var written = try writeSome(rest, at: at)
      at = at.advanced(by: ByteCount(written))
      while written > 0, let first = rest.first {
        if written >= first.count {
          written -= first.count
          rest.removeFirst()
        } else {
          rest[rest.startIndex] = first.dropping(written)
          written = 0
        }
      }
    }
  }

  /// Like `read(count:at:)`, but answers nil instead of waiting when the bytes are not in memory.
  package func readIfCached(count: Int, at position: FilePosition) throws(DiskError) -> ByteSlice? {
    let block = ByteBlock(capacity: count)
    var filled = 0
    while filled < count {
      let rest = UnsafeMutableRawBufferPointer(start: block.base + filled, count: count - filled)
      guard let got = try readIfCached(into: rest, at: position.advanced(by: ByteCount(filled))) else { return nil }
      if got == 0 { break }
      filled += got
    }
    return block.slice(count: filled)
  }

  /// Up to `count` bytes at `position`: fewer only at the end of the file.
  package func read(count: Int, at position: FilePosition) throws(DiskError) -> ByteSlice {
    let block = ByteBlock(capacity: count)
    var filled = 0
    while filled < count {
      let rest = UnsafeMutableRawBufferPointer(start: block.base + filled, count: count - filled)
      let got = try read(into: rest, at: position.advanced(by: ByteCount(filled)))
      if got == 0 { break }
      filled += got
    }
    return block.slice(count: filled)
  }
}
