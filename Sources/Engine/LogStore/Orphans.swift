package import Machine
package import Units

/// What lies under `data/` and is known neither to the checkpoint nor to the journal: the files of a group that was never
/// acknowledged, of a compaction that was cut short, of a checkpoint that somebody put back. A start after a stop out of
/// order moves it to the folder `orphans`, so that no name is met again by surprise, and says so.
///
/// Nothing depends on an orphan, so no failure here keeps a node from starting. What is there is kept up to a limit: when
/// a start finds more, orphans of earlier starts are removed, the oldest first, and that is said as well.
package struct Orphans {
  /// What a start did.
  package struct Report: Equatable, Sendable {
    /// Paths as they were.
    package var moved: [String] = []
    /// Orphans of earlier starts that had to go, by their paths in `orphans`.
    package var removed: [String] = []
    /// Why something stayed where it was.
    package var failures: [DiskError] = []

    /// For a person, a line each; nothing where nothing was found.
    package var lines: [String] {
      var lines: [String] = []
      if !moved.isEmpty {
        lines.append("moved to the folder 'orphans', as nothing refers to them: \(Self.listed(moved))")
      }
      if !removed.isEmpty {
        lines.append("removed, as the folder 'orphans' held too much: \(Self.listed(removed))")
      }
      if let failure = failures.first {
        lines.append("\(failures.count) orphans stay where they are: \(failure)")
      }
      return lines
    }

    /// Names in one line of the log.
    private static let listLimit = 20

    private static func listed(_ paths: [String]) -> String {
      let rest = paths.count - listLimit
      return paths.prefix(listLimit).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }
  }

  package static let folder = "orphans"
  /// Orphans kept, of which each start leaves a few at most.
  package static let countLimit = 1_000
  /// Bytes kept, so that the folder does not fill the volume.
  package static let bytesLimit = ByteCount.mebi(1_024)

  private let disk: any Disk
  /// The start's leader epoch: every start that looks for orphans has its own, so no name is given twice.
  private let epoch: Int32
  private var report = Report()
  private var sources: Set<String> = []

  /// Moves what `find` has found, each to `orphans/EPOCH@PARTITION-FOLDER@FILE`.
  static func moveAll(_ found: Result<[String], DiskError>, on disk: any Disk, epoch: Int32) -> Report {
    var orphans = Orphans(disk: disk, epoch: epoch)
    do throws(DiskError) {
      try orphans.move(found.get())
      try orphans.limit()
    } catch {
      orphans.report.failures.append(error)
    }
    return orphans.report
  }

  private init(disk: any Disk, epoch: Int32) {
    self.disk = disk
    self.epoch = epoch
  }

  /// Paths under `data/` that neither `state` nor the list `doomed` knows, sorted; a folder stands for all that is in it.
  package static func find(
    on disk: any Disk, state: LogState, doomed: [String]
  ) throws(DiskError) -> [String] {
    var found: [String] = []
    let doomed = Set(doomed)
    let entries = try disk.list("data")
    guard !entries.isEmpty else { return [] }
    let partitions = Dictionary(
      state.partitions.values.map { ($0.key.folder, $0) }, uniquingKeysWith: { first, _ in first })
    for entry in entries {
      let folder = "data/\(entry.name)"
      guard let partition = partitions[folder], entry.isDirectory else {
        if !doomed.contains(folder + "/") { found.append(folder) }
        continue
      }
      let known = Set(
        partition.segments.flatMap { segment in
          let key = FolderReading.key(partition, segment)
          return [key.logPath, key.indexPath]
        })
      for file in try disk.list(folder) {
        let path = "\(folder)/\(file.name)"
        let log = path.hasSuffix(".blocks") ? path.dropLast(7) + ".log" : path
        if !known.contains(path), !doomed.contains(log) { found.append(path) }
      }
    }
    return found
  }

  private mutating func move(_ paths: [String]) throws(DiskError) {
    guard !paths.isEmpty else { return }
    try disk.makeDirectory(Self.folder)
    try disk.syncDirectory("")
    let taken = Set(try disk.list(Self.folder).map(\.name))
    for path in paths {
      let name = "\(epoch)@" + String(path.dropFirst("data/".count).map { $0 == "/" ? "@" : $0 })
      do throws(DiskError) {
        guard !taken.contains(name) else { throw DiskError(call: .rename, path: path, code: DiskError.exists) }
        try disk.rename(path, to: "\(Self.folder)/\(name)")
        report.moved.append(path)
        sources.insert(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
      } catch {
        report.failures.append(error)
      }
    }
    // First where they come to, then where they were: a cut in between leaves a name twice rather than nowhere.
    try disk.syncDirectory(Self.folder)
    for source in sources.sorted() { try disk.syncDirectory(source) }
  }

  /// Removes what earlier starts have left, the oldest first, until the rest is within the limits.
  private mutating func limit() throws(DiskError) {
    let entries: [DirectoryEntry]
    do throws(DiskError) {
      entries = try disk.list(Self.folder)
    } catch {
      guard error.isMissing else { throw error }
      return
    }
    var kept: [(epoch: Int32, entry: DirectoryEntry, bytes: ByteCount)] = []
    for entry in entries {
      kept.append((Self.epoch(of: entry.name), entry, try size(of: entry)))
    }
    kept.sort { ($0.epoch, $0.entry.name) > ($1.epoch, $1.entry.name) }
    var total = kept.reduce(ByteCount.zero) { $0 + $1.bytes }
    while let oldest = kept.last, oldest.epoch < epoch, kept.count > Self.countLimit || total > Self.bytesLimit {
      kept.removeLast()
      total -= oldest.bytes
      try remove(oldest.entry)
      report.removed.append("\(Self.folder)/\(oldest.entry.name)")
    }
  }

  /// Which start left it; what has no number of a start was put there by somebody, and counts as the newest.
  private static func epoch(of name: String) -> Int32 {
    name.firstIndex(of: "@").flatMap { Int32(name[..<$0]) } ?? .max
  }

  private func size(of entry: DirectoryEntry) throws(DiskError) -> ByteCount {
    let path = "\(Self.folder)/\(entry.name)"
    guard entry.isDirectory else { return try disk.open(path, .read).size() }
    var total = ByteCount.zero
    for file in try disk.list(path) where !file.isDirectory {
      total += try disk.open("\(path)/\(file.name)", .read).size()
    }
    return total
  }

  private func remove(_ entry: DirectoryEntry) throws(DiskError) {
    let path = "\(Self.folder)/\(entry.name)"
    guard entry.isDirectory else { return try disk.remove(path) }
    for file in try disk.list(path) { try disk.remove("\(path)/\(file.name)") }
    try disk.removeDirectory(path)
  }
}
