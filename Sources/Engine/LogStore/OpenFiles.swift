import Machine

/// Segment files kept open, the least recently used ones given up beyond a limit. Shared by all lanes; a file closes when
/// the last job that holds it is done.
final class OpenFiles: Sendable {
  /// A file by the segment it belongs to: no text is made of it while the file is open.
  fileprivate enum Name: Hashable {
    case log(SegmentKey)
    case index(SegmentKey)

    var path: String {
      switch self {
      case .log(let key): key.logPath
      case .index(let key): key.indexPath
      }
    }
  }

  fileprivate struct Entry {
    var file: any DiskFile
    var path: String
    var isWritable: Bool
    var lastUse: UInt64
  }

  fileprivate struct Table {
    var files: [Name: Entry] = [:]
    var names: [String: Name] = [:]
    var uses: UInt64 = 0
    var limit: Int
  }

  private let disk: any Disk
  private let table: Locked<Table>

  init(disk: any Disk) {
    self.disk = disk
    table = Locked(Table(limit: disk.filesKeptOpen))
  }

  /// The segment's file, opened with `intent` unless it is open already for that.
  func log(_ key: SegmentKey, _ intent: OpenIntent) throws(DiskError) -> any DiskFile { try file(.log(key), intent) }

  /// The segment's index file, likewise.
  func index(_ key: SegmentKey, _ intent: OpenIntent) throws(DiskError) -> any DiskFile {
    try file(.index(key), intent)
  }

  private func file(_ name: Name, _ intent: OpenIntent) throws(DiskError) -> any DiskFile {
    if let known = table.withLock({ $0.use(name, writing: intent != .read) }) { return known }
    let path = name.path
    let opened: any DiskFile
    do throws(DiskError) {
      opened = try disk.open(path, intent)
    } catch {
      guard error.isOutOfDescriptors, table.withLock({ $0.shed() }) else { throw error }
      opened = try disk.open(path, intent)
    }
    table.withLock { $0.add(name, path, opened, isWritable: intent != .read) }
    return opened
  }

  /// Gives up the file at `path`, which is about to be removed or replaced.
  func forget(_ path: String) {
    table.withLock { table in
      if let name = table.names.removeValue(forKey: path) { table.files[name] = nil }
    }
  }
}

extension OpenFiles.Table {
  mutating func use(_ name: OpenFiles.Name, writing: Bool) -> (any DiskFile)? {
    guard let place = files.index(forKey: name), files.values[place].isWritable || !writing else { return nil }
    uses += 1
    files.values[place].lastUse = uses
    return files.values[place].file
  }

  mutating func add(_ name: OpenFiles.Name, _ path: String, _ file: any DiskFile, isWritable: Bool) {
    uses += 1
    files[name] = OpenFiles.Entry(file: file, path: path, isWritable: isWritable, lastUse: uses)
    names[path] = name
    if files.count > limit { shed() }
  }

  /// Closes the half not used for longest; answers whether there was anything.
  @discardableResult
  mutating func shed() -> Bool {
    guard !files.isEmpty else { return false }
    let median = files.values.map(\.lastUse).sorted()[files.count / 2]
    for entry in files.values where entry.lastUse <= median { names[entry.path] = nil }
    files = files.filter { $0.value.lastUse > median }
    return true
  }
}
