import ByteCodec
import CLinux
import Glibc
import Units

/// The data folder on a real file system. Every path is opened relative to the folder's own descriptor.
package final class POSIXDisk: Disk {
  /// The folder as it was named.
  package let path: String
  let folder: Descriptor
  package let filesKeptOpen: Int
  /// Files kept open at most: each costs the kernel memory, with its inode, that it cannot have back meanwhile.
  private static let mostFilesKeptOpen = 32_768

  /// Opens the data folder at `path`, and makes it (mode 0700) when only its last name is missing.
  ///
  /// Refuses a link, a folder of another user, and one that others may write to: whoever can write there can give the
  /// program any content to trust. Fails with `DataFolderError`, whose text says what to do.
  package init(path: String) throws(DataFolderError) {
    self.path = path
    filesKeptOpen = max(min(Descriptor.limit / 8 * 5, Self.mostFilesKeptOpen), 1)
    if mkdir(path, 0o700) != 0, errno != EEXIST { throw .unusable(path: path, code: errno) }
    let opened = Descriptor.open(at: AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    switch opened {
    case .success(let descriptor): folder = descriptor
    case .failure(let failure):
      var facts = stat()
      let isThere = lstat(path, &facts) == 0
      if isThere, facts.st_mode & S_IFMT == S_IFLNK { throw .isLink(path: path) }
      if isThere, facts.st_mode & S_IFMT != S_IFDIR { throw .notAFolder(path: path) }
      throw .unusable(path: path, code: failure.code)
    }
    var facts = stat()
    if fstat(folder.number, &facts) != 0 { throw .unusable(path: path, code: errno) }
    if facts.st_uid != geteuid() { throw .ownedByAnother(path: path, owner: facts.st_uid, self: geteuid()) }
    if facts.st_mode & 0o022 != 0 { throw .othersMayWrite(path: path, mode: facts.st_mode & 0o777) }
    // The folder's own name must outlive a power cut as well. A folder above that we may not read is not ours to sync.
    if case .success(let above) = Descriptor.open(at: folder.number, "..", O_RDONLY | O_DIRECTORY),
      fsync(above.number) != 0
    {
      throw .unusable(path: path, code: errno)
    }
  }

  package func open(_ path: String, _ intent: OpenIntent) throws(DiskError) -> any DiskFile {
    try DiskPath.checkBelow(path, for: .open)
    let flags =
      switch intent {
      case .read: O_RDONLY
      case .write: O_RDWR
      case .create: O_RDWR | O_CREAT
      case .createNew: O_RDWR | O_CREAT | O_EXCL
      case .createThrough: O_RDWR | O_CREAT | O_DSYNC
      }
    // O_NONBLOCK only matters for a pipe that somebody put there: it would wait for a writer.
    let descriptor: Descriptor
    do throws(DiskError) {
      descriptor = try self.descriptor(
        path, flags | O_NONBLOCK | (intent == .createThrough ? LINUX_O_DIRECT : 0), .open)
    } catch {
      // A file system that knows nothing but its page cache: then each write goes through that.
      guard intent == .createThrough, error.code == EINVAL else { throw error }
      descriptor = try self.descriptor(path, flags | O_NONBLOCK, .open)
    }
    var facts = stat()
    if fstat(descriptor.number, &facts) != 0 { throw DiskError(call: .open, path: path, code: errno) }
    if facts.st_mode & S_IFMT == S_IFDIR { throw DiskError(call: .open, path: path, code: EISDIR) }
    if facts.st_mode & S_IFMT != S_IFREG { throw DiskError(call: .open, path: path, code: EINVAL) }
    return POSIXFile(descriptor, path: path)
  }

  package func makeDirectory(_ path: String) throws(DiskError) {
    try DiskPath.check(path, for: .makeDirectory)
    if path.isEmpty { return }
    guard mkdirat(folder.number, path, 0o700) != 0 else { return }
    let code = errno
    if code == EEXIST, try isFolder(path, for: .makeDirectory) { return }
    throw DiskError(call: .makeDirectory, path: path, code: code)
  }

  package func syncDirectory(_ path: String) throws(DiskError) {
    // Where the folder cannot even be opened, nothing has been lost: that is another failure than that of its sync.
    let descriptor = try self.descriptor(try Self.folderPath(path, .open), Self.folderFlags, .open)
    if fsync(descriptor.number) != 0 { throw DiskError(call: .syncDirectory, path: path, code: errno) }
  }

  package func syncVolume(meanwhile: () -> Void) throws(DiskError) -> Bool {
    guard Self.tellsFailedWriteback, try volumeFacts().kind == .local else {
      meanwhile()
      return false
    }
    var sync = linux_volume_sync()
    sync.folder = folder.number
    return withUnsafeMutablePointer(to: &sync) { sync in
      linux_volume_sync_begin(sync)
      meanwhile()
      return linux_volume_sync_end(sync) == 0
    }
  }

  package func rename(_ source: String, to destination: String) throws(DiskError) {
    try DiskPath.checkBelow(source, for: .rename)
    try DiskPath.checkBelow(destination, for: .rename)
    if renameat(folder.number, source, folder.number, destination) != 0 {
      throw DiskError(call: .rename, path: source, code: errno)
    }
  }

  package func remove(_ path: String) throws(DiskError) {
    try DiskPath.checkBelow(path, for: .remove)
    if unlinkat(folder.number, path, 0) != 0 { throw DiskError(call: .remove, path: path, code: errno) }
  }

  package func removeDirectory(_ path: String) throws(DiskError) {
    try DiskPath.checkBelow(path, for: .removeDirectory)
    if unlinkat(folder.number, path, AT_REMOVEDIR) != 0 {
      throw DiskError(call: .removeDirectory, path: path, code: errno)
    }
  }

  package func list(_ path: String) throws(DiskError) -> [DirectoryEntry] {
    // The stream owns the descriptor it is given, so it gets one of its own.
    let own: Int32
    switch Descriptor.number(at: folder.number, try Self.folderPath(path, .list), Self.folderFlags) {
    case .success(let number): own = number
    case .failure(let failure): throw DiskError(call: .list, path: path, code: failure.code)
    }
    guard let stream = fdopendir(own) else {
      let code = errno
      close(own)
      throw DiskError(call: .list, path: path, code: code)
    }
    defer { closedir(stream) }
    var entries: [DirectoryEntry] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name == "." || name == ".." { continue }
      let isDirectory =
        switch Int32(entry.pointee.d_type) {
        case Int32(DT_DIR): true
        case Int32(DT_UNKNOWN): try isFolder(path.isEmpty ? name : path + "/" + name, for: .list)
        default: false
        }
      entries.append(DirectoryEntry(name: name, isDirectory: isDirectory))
    }
    let code = errno
    if code != 0 { throw DiskError(call: .list, path: path, code: code) }
    return entries.sorted { $0.name < $1.name }
  }

  package func space() throws(DiskError) -> VolumeSpace {
    var facts = statvfs()
    while fstatvfs(folder.number, &facts) != 0 {
      if errno != EINTR { throw DiskError(call: .space, path: "", code: errno) }
    }
    return VolumeSpace(
      total: Self.bytes(blocks: facts.f_blocks, of: facts.f_frsize),
      available: Self.bytes(blocks: facts.f_bavail, of: facts.f_frsize))
  }

  package func lock(_ path: String) throws(DiskError) -> (any DiskLock)? {
    try DiskPath.checkBelow(path, for: .lock)
    let descriptor = try self.descriptor(path, O_RDWR | O_CREAT, .lock)
    while flock(descriptor.number, LOCK_EX | LOCK_NB) != 0 {
      if errno == EWOULDBLOCK { return nil }
      if errno != EINTR { throw DiskError(call: .lock, path: path, code: errno) }
    }
    let file = POSIXFile(descriptor, path: path)
    do throws(DiskError) {
      try file.truncate(to: .zero)
      try file.write([ByteSlice(copying: Array("\(getpid())\n".utf8))], at: FilePosition(0))
    } catch {
      throw DiskError(call: .lock, path: path, code: error.code)
    }
    return POSIXLock(descriptor)
  }

  func descriptor(_ path: String, _ flags: Int32, _ call: DiskError.Call) throws(DiskError) -> Descriptor {
    switch Descriptor.open(at: folder.number, path, flags | O_NOFOLLOW) {
    case .success(let descriptor): return descriptor
    case .failure(let failure): throw DiskError(call: call, path: path, code: failure.code)
    }
  }

  private static let folderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW

  /// The folder `path` as the system takes it.
  private static func folderPath(_ path: String, _ call: DiskError.Call) throws(DiskError) -> String {
    try DiskPath.check(path, for: call)
    return path.isEmpty ? "." : path
  }

  private func isFolder(_ path: String, for call: DiskError.Call) throws(DiskError) -> Bool {
    var facts = stat()
    if fstatat(folder.number, path, &facts, AT_SYMLINK_NOFOLLOW) != 0 {
      if errno == ENOENT { return false }
      throw DiskError(call: call, path: path, code: errno)
    }
    return facts.st_mode & S_IFMT == S_IFDIR
  }

  private static func bytes(blocks: UInt, of size: UInt) -> ByteCount {
    let (bytes, overflow) = blocks.multipliedReportingOverflow(by: size)
    return ByteCount(overflow ? Int64.max : Int64(clamping: bytes))
  }
}

/// The lock of the data folder; the system lets it go when the descriptor closes, also when the process dies.
private final class POSIXLock: DiskLock {
  private let descriptor: Descriptor

  init(_ descriptor: Descriptor) { self.descriptor = descriptor }
}

extension Disk {
  /// The process that wrote itself into the lock file at `path`; nil when there is none or it says nothing. To tell the
  /// user who holds the folder, not to decide anything.
  package func lockHolder(_ path: String) throws(DiskError) -> Int32? {
    do throws(DiskError) {
      let text = try open(path, .read).read(count: 16, at: FilePosition(0)).copy().prefix { $0 != UInt8(ascii: "\n") }
      return Int32(String(decoding: text, as: UTF8.self))
    } catch {
      if error.isMissing { return nil }
      throw error
    }
  }
}
