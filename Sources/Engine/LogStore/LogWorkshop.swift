import ByteCodec
import Compression
import Machine
import RecordFormat
import Units

/// Runs jobs against the disk. One for the data folder, shared by the lanes; what only one of them touches is marked.
package final class LogWorkshop: @unchecked Sendable {
  let disk: any Disk
  let files: OpenFiles
  /// Files that answers on their way to clients keep open.
  let loans: FileLoans
  /// For the commit group under way only, of which no two jobs have the same part: the journal for one, the runs for the
  /// other.
  private let journal: JournalWriter
  private var runs = SegmentRuns()
  private let clock: any Clock
  private let volumeSyncAbove: Int
  /// The part of the files kept open that may be lent besides: these keep five eighths of the descriptors, so a sixteenth.
  private static let loanShare = 10
  /// How much of a range is looked for in the page cache before it is promised: pages go in the order of their use.
  private static let firstLook = 65_536
  /// Codec lane only.
  private let compressor = Compressor()
  private let decompressor = Decompressor()

  init(
    disk: any Disk, journal: JournalWriter, clock: any Clock, volumeSyncAbove: Int = SegmentSync.volumeAbove
  ) {
    self.disk = disk
    self.journal = journal
    self.clock = clock
    self.volumeSyncAbove = volumeSyncAbove
    files = OpenFiles(disk: disk)
    loans = FileLoans(limit: max(disk.filesKeptOpen / Self.loanShare, 1))
  }

  var indexes: IndexLoader { IndexLoader(disk: disk, files: files) }

  /// Does `job`, on whichever thread its lane has. Never throws: a failure is an event.
  package func run(_ job: LogJob) -> LogEvent {
    do throws(DiskError) {
      switch job {
      case .commit(let group, let parts):
        return try commit(group, parts)
      case .checkpoint(let work):
        return try checkpoint(work)
      case .read(let request, let token):
        return .read(request.run(files: files, waits: true), token: token)
      case .readRange(let range, let token):
        return .rangeRead(Result { () throws(DiskError) in try range.read() }, token: token)
      case .times(let looks, let token, let waits):
        return .timed(looks.map { $0.run(files: files, waits: waits) }, token: token)
      case .loadIndex(let key, let extent):
        return .indexLoaded(key, indexes.load(key, extent, isActive: true))
      case .prepare(let batches, let token):
        return .prepared(batches.map { $0.run(compressor: compressor, scratch: decompressor) }, token: token)
      case .remove(let paths, let isDoomed):
        return .removed(RemovedFiles(asked: paths, gone: paths.filter(remove), isDoomed: isDoomed))
      case .compact(let run):
        return .compactionStepped(run.step(self))
      case .compute(let body, let token):
        return .computed(body(), token: token)
      case .scrub(let scrub):
        return .scrubbed(scrub.step(self))
      case .measureSpace(let ballast):
        return .space(try Ballast(disk: disk).measure(setAside: ballast))
      }
    } catch {
      return .failed(error)
    }
  }

  /// A range of a segment's file for sending, where its first part and its end are in memory and another file may be
  /// lent. Who sends it asks about each part again. What keeps a file from being opened is told by the read that is made
  /// instead.
  func lend(_ segment: SegmentKey, at position: FilePosition, count: Int) -> FileRange? {
    let end = position.advanced(by: ByteCount(count))
    guard let file = try? files.log(segment, .read),
      file.isCached(from: position, count: min(count, Self.firstLook)),
      file.isCached(from: end.advanced(by: ByteCount(-1)), count: 1)
    else { return nil }
    return loans.lend(file).map { FileRange($0, at: position, count: count) }
  }

  /// Reads at once what is in memory; nil when it is not, and a job on the reader lane must wait for the disk.
  func readIfCached(_ request: ReadRequest) -> ReadOutcome? {
    let outcome = request.run(files: files, waits: false)
    if case .notCached = outcome { return nil }
    return outcome
  }

  /// Reads on the caller's thread, however long that takes.
  func readWaiting(_ request: ReadRequest) -> ReadOutcome {
    let outcome = request.run(files: files, waits: true)
    if case .gone = outcome { return request.missing }
    return outcome
  }

  /// Writes `parts` of `group`: its batches into the segments, through the page cache, and all of it into the journal, which
  /// is synced once.
  ///
  /// Until the journal is written it is as if nothing had happened, and the segments' bytes may be written twice. Where
  /// the disk is full, the ballast is given up once; what still finds no room is tried again later as it is.
  private func commit(_ group: CommitGroup, _ parts: CommitParts) throws(DiskError) -> LogEvent {
    var done = CommittedParts(parts: parts, last: group.last)
    var began = clock.now()
    do throws(DiskError) {
      try whereThereIsRoom { () throws(DiskError) in
        if parts.contains(.segments) {
          try writeBatches(of: group)
          let wrote = clock.now()
          done.writeNanoseconds = wrote.nanoseconds &- began.nanoseconds
          began = wrote
        }
        guard parts.contains(.journal) else { return }
        try journal.makeRoom(for: group)
        done.journalBytes = try journal.write(group)
      }
    } catch {
      guard error.isWithoutRoom || error.isWithoutDescriptor else { throw error }
      return .commitPostponed(parts, error)
    }
    guard parts.contains(.journal) else { return .committed(done) }
    if group.syncs {
      try journal.sync(through: group.last)
      if case .witness = group.entries.last?.content { journal.noteDurable() }
    }
    done.syncNanoseconds = clock.now().nanoseconds &- began.nanoseconds
    done.room = journal.room
    return .committed(done)
  }

  private func writeBatches(of group: CommitGroup) throws(DiskError) {
    for (key, size) in group.preparations {
      if size == .zero { try disk.makeDirectory(key.partition.folder) }
      try files.log(key, .create).truncate(to: size)
    }
    defer { runs.clear() }
    for entry in group.entries {
      guard case .batch(let bytes, let place) = entry.content else { continue }
      runs.add(bytes, at: place)
    }
    #if PLANTED_BUGS
      if PlantedBug.is(.batchesSwapped) { runs.swapFirst() }
    #endif
    for run in runs.all { try files.log(run.key, .create).write(run.parts, at: run.position) }
  }

  /// Does `body`, and once more where the disk was full and the ballast made room, or where connections had taken the last
  /// descriptor and files that are kept open gave theirs.
  private func whereThereIsRoom(_ body: () throws(DiskError) -> Void) throws(DiskError) {
    do throws(DiskError) {
      try body()
    } catch {
      guard error.isWithoutRoom && Ballast(disk: disk).release() || error.isWithoutDescriptor && files.giveUpHalf()
      else { throw error }
      try body()
    }
  }

  /// Makes a checkpoint durable. A failed sync is never simply tried again: what it covered is written anew before the
  /// next one, a segment from the journal, the checkpoint whole. Names have nothing to be written anew from, so there a
  /// failure is final.
  private func checkpoint(_ work: CheckpointWork) throws(DiskError) -> LogEvent {
    let began = clock.now()
    let segments = work.segments.sorted()
    let indexes = work.indexRows.sorted { $0.key < $1.key }.filter(writeIndex).map(\.key)
    let content = work.content.encoded()
    do throws(DiskError) {
      try rewrite(work)
      try SegmentSync(disk: disk, files: files, volumeAbove: volumeSyncAbove)
        .run(segments: segments, folders: work.folders.sorted(), indexes: indexes)
      let file = try disk.open(work.fileName, .create)
      try file.write([content], at: FilePosition(0))
      try file.truncate(to: ByteCount(content.count))
      #if PLANTED_BUGS
        if PlantedBug.is(.checkpointNotSynced) { return .checkpointed(work.sequence, nanoseconds: 0) }
      #endif
      try file.sync()
      #if PLANTED_BUGS
        if PlantedBug.is(.checkpointNameNotSynced) { return .checkpointed(work.sequence, nanoseconds: 0) }
      #endif
      try disk.syncDirectory("")  // the second of the two files is made by the first checkpoint of a folder's life
    } catch {
      guard error.isFull || error.isOutOfDescriptors, error.call != .syncDirectory else { throw error }
      if error.isOutOfDescriptors { files.giveUpHalf() }
      return .checkpointPostponed(error)
    }
    return .checkpointed(work.sequence, nanoseconds: clock.now().nanoseconds &- began.nanoseconds)
  }

  /// Adds rows to an index file, which is then to be synced. Answers whether it did. They are derived: rows that cannot be written, or were
  /// not synced, are made again from the segment when somebody needs them, so no failure matters.
  private func writeIndex(_ added: IndexRows) -> Bool {
    var writer = ByteWriter(capacity: added.rows.count * BlockIndex.Row.encodedSize)
    for row in added.rows { row.encode(to: &writer, of: added.key) }
    do throws(DiskError) {
      try disk.open(added.key.indexPath, .create).write(
        [writer.takeSlice()], at: FilePosition(Int64(added.rowsBefore * BlockIndex.Row.encodedSize)))
      return true
    } catch {
      return false
    }
  }

  /// Writes the bytes of segments whose sync failed again, from the journal: the pages look clean, and may be gone.
  private func rewrite(_ work: CheckpointWork) throws(DiskError) {
    guard !work.unsound.isEmpty else { return }
    #if PLANTED_BUGS
      if PlantedBug.is(.failedSyncRepeated) { return }
    #endif
    let reader = try JournalReader(
      disk: disk, checkpoint: work.last, firstUse: work.firstUse, salt: journal.salt)
    var reached = work.last
    var walk = reader.walk(through: work.sequence)
    while let frame = try walk.next() {
      reached = frame.header.sequence
      let place = frame.header.place
      let key = SegmentKey(partition: place.partition, base: place.segment)
      guard frame.header.kind == .batch, work.unsound.contains(key) else { continue }
      try files.log(key, .create).write([frame.payload], at: place.position)
    }
    if reached < work.sequence { throw DiskError(call: .read, path: JournalWriter.folder, code: DiskError.inputOutput) }
  }

  /// Removes a segment with its index, or a folder (its path ends with `/`) with what is left in it. Answers whether it
  /// is gone.
  func remove(_ path: String) -> Bool {
    do throws(DiskError) {
      if path.hasSuffix("/") {
        let folder = String(path.dropLast())
        for entry in try disk.list(folder) { try removeFile("\(folder)/\(entry.name)") }
        try disk.removeDirectory(folder)
      } else {
        try removeFile(path)
        if path.hasSuffix(".log") { try removeFile(path.dropLast(4) + ".blocks") }
      }
    } catch {
      return error.isMissing
    }
    return true
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

extension DiskError {
  /// The disk was full, and nothing stands in the way of trying again: not so after a failed sync. A name whose sync
  /// failed looks as if it were there, and no later sync makes it durable.
  fileprivate var isWithoutRoom: Bool { isFull && call != .syncDirectory && call != .sync }
  /// Nothing more could be opened.
  fileprivate var isWithoutDescriptor: Bool { isOutOfDescriptors && call == .open }
}
