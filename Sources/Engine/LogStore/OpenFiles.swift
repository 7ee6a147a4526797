package import Machine

/// Segments kept open; beyond a limit, one not used lately is given up for each that is opened. Shared by all lanes; a
/// file closes when the last job that holds it is done.
package final class OpenFiles: Sendable {
  fileprivate struct Entry {
    let key: SegmentKey
    let path: String
    var file: any DiskFile
    var isWritable: Bool
    /// Used since the hand last passed.
    var isRecent = true
  }

  /// A clock: a file is given up when the hand comes by and nobody has used it since it came last. Each file that is
  /// opened costs one look at a few others, however many there are.
  fileprivate struct Table {
    var entries: [Entry] = []
    var places: [SegmentKey: Int] = [:]
    /// By path: no text is made of a key while its file is open.
    var keys: [String: SegmentKey] = [:]
    var hand = 0
    let limit: Int
  }

  private let disk: any Disk
  private let table: Locked<Table>

  package init(disk: any Disk) {
    self.disk = disk
    table = Locked(Table(limit: disk.filesKeptOpen))
  }

  /// The segment's file, opened with `intent` unless it is open already for that.
  package func log(_ key: SegmentKey, _ intent: OpenIntent) throws(DiskError) -> any DiskFile {
    if let known = table.withLock({ $0.use(key, writing: intent != .read) }) { return known }
    let path = key.logPath
    let opened: any DiskFile
    do throws(DiskError) {
      opened = try disk.open(path, intent)
    } catch {
      guard error.isOutOfDescriptors, giveUpHalf() else { throw error }
      opened = try disk.open(path, intent)
    }
    table.withLock { $0.add(Entry(key: key, path: path, file: opened, isWritable: intent != .read)) }
    return opened
  }

  /// Gives up half of the files: descriptors have run out. Answers whether there was any.
  @discardableResult
  package func giveUpHalf() -> Bool {
    table.withLock { table in
      let count = table.entries.count
      for _ in 0..<(count + 1) / 2 { table.giveUpOne() }
      return count > 0
    }
  }

  /// Gives up the file at `path`, which is about to be removed or replaced.
  package func forget(_ path: String) {
    table.withLock { table in
      if let key = table.keys[path], let place = table.places[key] { table.remove(at: place) }
    }
  }
}

extension OpenFiles.Table {
  mutating func use(_ key: SegmentKey, writing: Bool) -> (any DiskFile)? {
    guard let place = places[key], entries[place].isWritable || !writing else { return nil }
    entries[place].isRecent = true
    return entries[place].file
  }

  mutating func add(_ entry: OpenFiles.Entry) {
    if let place = places[entry.key] {
      entries[place] = entry
      return
    }
    if entries.count >= limit { giveUpOne() }
    places[entry.key] = entries.count
    keys[entry.path] = entry.key
    entries.append(entry)
  }

  mutating func giveUpOne() {
    guard !entries.isEmpty else { return }
    while true {
      if hand >= entries.count { hand = 0 }
      guard entries[hand].isRecent else { return remove(at: hand) }
      entries[hand].isRecent = false
      hand += 1
    }
  }

  /// The last one takes the place of the one that is removed.
  mutating func remove(at place: Int) {
    places[entries[place].key] = nil
    keys[entries[place].path] = nil
    let last = entries.removeLast()
    guard place < entries.count else { return }
    entries[place] = last
    places[last.key] = place
  }
}
