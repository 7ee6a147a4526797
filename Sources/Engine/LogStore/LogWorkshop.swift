import ByteCodec
import Machine
import Units

/// Runs jobs against the disk. One for the data folder, shared by the lanes; what only the disk lane touches is marked.
package final class LogWorkshop: @unchecked Sendable {
  let disk: any Disk
  let files: OpenFiles
  /// Disk lane only.
  private let journal: JournalWriter
  private let clock: any Clock

  init(disk: any Disk, journal: JournalWriter, clock: any Clock) {
    self.disk = disk
    self.journal = journal
    self.clock = clock
    files = OpenFiles(disk: disk)
  }

  /// Does `job`, on whichever thread its lane has. Never throws: a failure is an event.
  package func run(_ job: LogJob) -> LogEvent {
    do throws(DiskError) {
      switch job {
      case .commit(let group):
        let (written, took) = try commit(group)
        return .committed(last: group.last, journalBytes: written, took: took)
      case .checkpoint(let work):
        let began = clock.now()
        try checkpoint(work)
        return .checkpointed(work.sequence, nanoseconds: clock.now().nanoseconds &- began.nanoseconds)
      case .read(let request, let token):
        return .read(request.run(files: files, waits: true), token: token)
      case .remove(let paths):
        for path in paths { try remove(path) }
        return .removed(paths)
      }
    } catch {
      return .failed(error)
    }
  }

  /// Reads at once what is in memory; nil when it is not, and a job on the reader lane must wait for the disk.
  func readIfCached(_ request: ReadRequest) -> ReadOutcome? {
    let outcome = request.run(files: files, waits: false)
    if case .notCached = outcome { return nil }
    return outcome
  }

  /// The same buffers go into the journal and, through the page cache, into the segments; then one sync, of the journal.
  private func commit(_ group: CommitGroup) throws(DiskError) -> (written: ByteCount, took: CommitTiming) {
    let began = clock.now()
    let written = try journal.write(group)
    for (key, size) in group.preparations {
      if size == .zero { try disk.makeDirectory(key.partition.folder) }
      try files.file(key.logPath, .create).truncate(to: size)
    }
    var runs: [SegmentKey: (position: FilePosition, parts: [ByteSlice])] = [:]
    var order: [SegmentKey] = []
    for entry in group.entries {
      guard case .batch(let bytes, let place) = entry.content else { continue }
      let key = SegmentKey(partition: place.partition, base: place.segment)
      if runs[key] == nil { order.append(key) }
      runs[key, default: (place.position, [])].parts.append(bytes)
    }
    for key in order {
      guard let run = runs[key] else { continue }
      try files.file(key.logPath, .create).write(run.parts, at: run.position)
    }
    let wrote = clock.now()
    try journal.sync(through: group.last)
    let took = CommitTiming(
      write: wrote.nanoseconds &- began.nanoseconds, sync: clock.now().nanoseconds &- wrote.nanoseconds)
    return (written, took)
  }

  private func checkpoint(_ work: CheckpointWork) throws(DiskError) {
    for (path, before, rows) in work.indexRows {
      let file = try files.file(path, .create)
      try file.write([rows], at: FilePosition(Int64(before * BlockIndex.Row.encodedSize)))
    }
    let handles = try work.segments.map { (key) throws(DiskError) in try files.file(key.logPath, .create) }
    for handle in handles { handle.startWriteback(from: FilePosition(0), count: .zero) }
    for handle in handles { try handle.sync() }
    for folder in work.folders { try disk.syncDirectory(folder) }
    let file = try disk.open(work.fileName, .create)
    try file.write([work.content], at: FilePosition(0))
    try file.truncate(to: ByteCount(work.content.count))
    try file.sync()
    try disk.syncDirectory("")  // the second of the two files is made by the first checkpoint of a folder's life
  }

  /// Removes a segment with its index, or a folder (its path ends with `/`) with what is left in it.
  private func remove(_ path: String) throws(DiskError) {
    if path.hasSuffix("/") {
      let folder = String(path.dropLast())
      do throws(DiskError) {
        for entry in try disk.list(folder) { try removeFile("\(folder)/\(entry.name)") }
        try disk.removeDirectory(folder)
      } catch {
        guard error.isMissing else { throw error }
      }
    } else {
      try removeFile(path)
      if path.hasSuffix(".log") { try removeFile(path.dropLast(4) + ".blocks") }
    }
  }

  private func removeFile(_ path: String) throws(DiskError) {
    files.forget(path)
    do throws(DiskError) {
      try disk.remove(path)
    } catch {
      guard error.isMissing else { throw error }
    }
  }
}
