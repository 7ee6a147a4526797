import Machine

/// Segment files kept open, the least recently used ones given up beyond a limit. Shared by all lanes; a file closes when
/// the last job that holds it is done.
final class OpenFiles: Sendable {
  /// Well below the descriptor limit of a plain process, which connections share.
  static let limit = 4_096

  fileprivate struct Table {
    var files: [String: (file: any DiskFile, isWritable: Bool, lastUse: UInt64)] = [:]
    var uses: UInt64 = 0
  }

  private let disk: any Disk
  private let table = Locked(Table())

  init(disk: any Disk) { self.disk = disk }

  /// The file at `path`, opened with `intent` unless it is open already for that.
  func file(_ path: String, _ intent: OpenIntent) throws(DiskError) -> any DiskFile {
    if let known = table.withLock({ $0.use(path, writing: intent != .read) }) { return known }
    let opened: any DiskFile
    do throws(DiskError) {
      opened = try disk.open(path, intent)
    } catch {
      guard error.isOutOfDescriptors, table.withLock({ $0.shed() }) else { throw error }
      opened = try disk.open(path, intent)
    }
    table.withLock { $0.add(path, opened, isWritable: intent != .read) }
    return opened
  }

  /// Gives up the file at `path`, which is about to be removed or replaced.
  func forget(_ path: String) {
    table.withLock { $0.files[path] = nil }
  }
}

extension OpenFiles.Table {
  mutating func use(_ path: String, writing: Bool) -> (any DiskFile)? {
    guard let known = files[path], known.isWritable || !writing else { return nil }
    uses += 1
    files[path]?.lastUse = uses
    return known.file
  }

  mutating func add(_ path: String, _ file: any DiskFile, isWritable: Bool) {
    uses += 1
    files[path] = (file, isWritable, uses)
    if files.count > OpenFiles.limit { shed() }
  }

  /// Closes the half not used for longest; answers whether there was anything.
  @discardableResult
  mutating func shed() -> Bool {
    guard !files.isEmpty else { return false }
    let median = files.values.map(\.lastUse).sorted()[files.count / 2]
    files = files.filter { $0.value.lastUse > median }
    return true
  }
}
