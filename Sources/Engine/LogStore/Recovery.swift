import ByteCodec
package import Machine
package import Units

/// Why a data folder cannot be opened. Nothing has been changed in it.
package enum RecoveryFailure: Error, Equatable, CustomStringConvertible {
  case lockHeld
  case disk(DiskError)
  case otherFormat(UInt16)
  /// The folder holds data, but neither checkpoint can be read.
  case noCheckpoint(folderHolds: String)
  /// A frame that had been synced cannot be read.
  case journalDamaged(path: String, sequence: JournalSequence, witness: JournalSequence, durable: JournalSequence)
  /// A frame or the checkpoint's state is intact but says something impossible.
  case inconsistent(String)

  package var description: String {
    switch self {
    case .lockHeld:
      "another process has this data folder open"
    case .disk(let error):
      "the disk refused: \(error)"
    case .otherFormat(let version):
      "the data folder was written by another version (format \(version), this one reads format \(Checkpoint.version)); "
        + "nothing was changed: use the version that wrote it"
    case .noCheckpoint(let holds):
      "the folder holds \(holds), but neither checkpoint-a nor checkpoint-b can be read; nothing was changed: "
        + "restore a backup of the checkpoint files"
    case .journalDamaged(let path, let sequence, let witness, let durable):
      "the journal is damaged: frame \(sequence.value) in \(path) cannot be read, though frame \(witness.value) was "
        + "written after it had been synced (up to \(durable.value)); acknowledged data is affected and nothing was "
        + "changed: run 'millrace repair --dry-run' on the folder, or restore a backup"
    case .inconsistent(let what):
      "the data folder contradicts itself: \(what); nothing was changed"
    }
  }
}

/// What a start found and did, for the log.
package struct RecoveryReport: Equatable, Sendable {
  package var isNew = false
  package var wasCleanStop = false
  package var replayedFrames = 0
  package var droppedFrames = 0
  package var rewrittenBytes = ByteCount.zero
  package var partitions = 0
  /// Segments whose index files had not what they should have.
  package var reindexedSegments = 0
  package var orphans = Orphans.Report()

  /// For a person, what happened in one line and then what else there is to know.
  package var lines: [String] { [line] + orphans.lines }

  /// For a person, in one line.
  package var line: String {
    if isNew { return "a new data folder" }
    let indexes = reindexedSegments == 0 ? "" : ", \(reindexedSegments) block indexes made again"
    let found = "\(partitions) partitions, \(replayedFrames) journal frames replayed\(indexes)"
    return wasCleanStop
      ? "stopped in order before; \(found)"
      : "not stopped in order before; \(found), \(droppedFrames) dropped that were never acknowledged"
  }
}

/// Brings a data folder to the state its journal determines, and makes that durable before anyone may see it.
///
/// Nothing in a segment beyond its checkpointed size is trusted, however good it looks: it is cut off, and the journal's
/// frames are written again at their recorded places. The result is synced and checkpointed before the first client, so
/// a crash at any step leaves the old checkpoint and the old journal, from which the same result comes again.
struct Recovery {
  let disk: any Disk
  let entropy: any Entropy
  let clock: any Clock
  /// Segments and folders above which the volume is synced as a whole.
  var volumeSyncAbove = SegmentSync.volumeAbove
  /// Bytes of the journal that are held in memory, and of batches before they are written into their segments.
  var replayBytes = ByteCount.mebi(64)

  struct Result {
    var state: LogState
    var checkpoint: Checkpoint
    /// Which of the two checkpoint files holds `checkpoint`.
    var fileIndex: Int
    var report: RecoveryReport
    /// Segments that replay wrote: their index files lag behind.
    var replayed: Set<SegmentKey> = []
  }

  /// What a repair has been told to give up; nil at a start.
  var loss: AcceptedLoss?

  func run() throws(RecoveryFailure) -> Result {
    if let found = try newestCheckpoint() {
      return try recover(from: found.checkpoint, fileIndex: found.index)
    }
    return try onDisk { () throws(DiskError) in try create() }
  }

  private func onDisk<Value>(_ body: () throws(DiskError) -> Value) throws(RecoveryFailure) -> Value {
    do throws(DiskError) { return try body() } catch { throw .disk(error) }
  }

  func newestCheckpoint() throws(RecoveryFailure) -> (checkpoint: Checkpoint, index: Int)? {
    var best: (checkpoint: Checkpoint, index: Int)?
    for (index, name) in Checkpoint.fileNames.enumerated() {
      guard let content = try onDisk({ () throws(DiskError) in try self.content(of: name) }) else { continue }
      switch Checkpoint.decode(content) {
      case .success(let checkpoint):
        if best.map({ checkpoint.isNewer(than: $0.checkpoint) }) ?? true { best = (checkpoint, index) }
      case .failure(.otherFormat(let version)):
        throw .otherFormat(version)
      case .failure(.damaged):
        continue  // torn while it was written, or rotten: the other one decides
      }
    }
    if best == nil, let holds = try onDisk({ () throws(DiskError) in try dataHeld() }) {
      throw .noCheckpoint(folderHolds: holds)
    }
    return best
  }

  private func content(of name: String) throws(DiskError) -> ByteSlice? {
    do throws(DiskError) {
      let file = try disk.open(name, .read)
      return try file.read(count: Int(try file.size().value), at: FilePosition(0))
    } catch {
      guard error.isMissing else { throw error }
      return nil
    }
  }

  /// What a folder without a checkpoint holds that may be somebody's data.
  private func dataHeld() throws(DiskError) -> String? {
    for folder in [JournalWriter.folder, "data"] {
      do throws(DiskError) {
        if let first = try disk.list(folder).first { return "\(folder)/\(first.name)" }
      } catch {
        guard error.isMissing else { throw error }
      }
    }
    return nil
  }

  /// The folders of a data folder; a cut during its very first start may have left the checkpoint without them.
  private func makeFolders() throws(DiskError) {
    try disk.makeDirectory(JournalWriter.folder)
    try disk.makeDirectory("data")
  }

  /// A new folder: the first checkpoint is durable before the journal or any partition has a file.
  private func create() throws(DiskError) -> Result {
    try makeFolders()
    let state = LogState(clusterID: entropy.uniqueID())
    var checkpoint = Checkpoint(
      sequence: .start, epoch: 0, salt: JournalSalt(from: entropy), firstUse: 1, isCleanStop: true, nextUnit: 1,
      state: state.encoded(), doomed: [])
    checkpoint.attachments = withTime([], written: .none)
    try write(checkpoint, fileIndex: 0)
    return Result(
      state: state, checkpoint: checkpoint, fileIndex: 0, report: RecoveryReport(isNew: true, wasCleanStop: true))
  }

  private func recover(from checkpoint: Checkpoint, fileIndex: Int) throws(RecoveryFailure) -> Result {
    var reader = ByteReader(checkpoint.state)
    guard let state = try? LogState(from: &reader, at: checkpoint.sequence) else {
      throw .inconsistent("the checkpoint's state cannot be decoded")
    }
    state.doomed = checkpoint.doomed.map { Doomed(path: $0, sequence: checkpoint.sequence) }
    try onDisk { () throws(DiskError) in try makeFolders() }
    let journal = try onDisk { () throws(DiskError) in
      try JournalReader(
        disk: disk, checkpoint: checkpoint.sequence, firstUse: checkpoint.firstUse, salt: checkpoint.salt,
        held: replayBytes)
    }
    let found = try journal.read(givingUp: loss?.firstFrame)
    var report = RecoveryReport(
      wasCleanStop: checkpoint.isCleanStop && !found.wasWritten, replayedFrames: found.count,
      droppedFrames: found.dropped, partitions: state.partitions.count)
    var replay = Replay(disk: disk, state: state, gatherLimit: replayBytes)
    try apply(journal, found, to: &replay)
    for frame in loss?.placeholders(in: state) ?? [] { try replay.apply(frame) }
    report.rewrittenBytes = replay.bytesWritten
    report.reindexedSegments = replay.reindexed
    report.partitions = state.partitions.count
    var next = checkpoint
    next.sequence = max(found.last, loss?.lastFrame ?? found.last)
    next.epoch = report.wasCleanStop ? checkpoint.epoch : checkpoint.epoch &+ 1
    #if PLANTED_BUGS
      if PlantedBug.is(.epochNotRaised) { next.epoch = checkpoint.epoch }
    #endif
    next.firstUse = found.highestUse + 1
    next.isCleanStop = false
    next.nextUnit = max(checkpoint.nextUnit, found.lastUnit + 1)
    next.doomed = state.doomed.map(\.path)
    var orphans: Swift.Result<[String], DiskError> = .success([])
    try onDisk { () throws(DiskError) in
      try replay.finishWriting()
      try replay.makeDurable(volumeAbove: volumeSyncAbove) {
        next.state = state.encoded()
        if !report.wasCleanStop {
          orphans = Swift.Result { () throws(DiskError) in
            try Orphans.find(on: disk, state: state, doomed: next.doomed)
          }
        }
      }
      next.attachments = withTime(next.attachments, written: replay.latestAppend)
      try write(next, fileIndex: 1 - fileIndex)
    }
    for partition in state.partitions.values { partition.allIsDurable() }
    if !report.wasCleanStop { report.orphans = Orphans.moveAll(orphans, on: disk, epoch: next.epoch) }
    return Result(
      state: state, checkpoint: next, fileIndex: 1 - fileIndex, report: report, replayed: replay.segments)
  }

  /// `attachments` with the time as of now; the journal's latest batch was `written` then.
  private func withTime(_ attachments: [CheckpointAttachment], written: Timestamp) -> [CheckpointAttachment] {
    var time = TrustedTime(attachments, clock)
    time.wentOn(to: written)
    return attachments.withoutTime + [time.kept(clock)]
  }

  /// Puts the frames back. Those that are not held are read once more: they were whole a moment ago, and where one is not,
  /// the disk is at fault.
  private func apply(
    _ journal: JournalReader, _ found: JournalReader.Outcome, to replay: inout Replay
  ) throws(RecoveryFailure) {
    if let frames = found.frames {
      for frame in frames { try replay.apply(frame) }
      return
    }
    var walk = journal.walk(through: found.last)
    for _ in 0..<found.count {
      guard let frame = try onDisk({ () throws(DiskError) in try walk.next() }) else {
        throw .disk(DiskError(call: .read, path: JournalWriter.folder, code: DiskError.inputOutput))
      }
      try replay.apply(frame)
    }
  }

  func write(_ checkpoint: Checkpoint, fileIndex: Int) throws(DiskError) {
    let content = checkpoint.encoded()
    let file = try disk.open(Checkpoint.fileNames[fileIndex], .create)
    try file.write([content], at: FilePosition(0))
    try file.truncate(to: ByteCount(content.count))
    try file.sync()
    try disk.syncDirectory("")
  }
}

extension Checkpoint {
  /// Of two with the same sequence the later start wins: its epoch is higher, unless the stop before was clean; then it
  /// has seen more uses of the journal.
  func isNewer(than other: Checkpoint) -> Bool {
    (sequence, epoch, firstUse, isCleanStop ? 1 : 0)
      > (other.sequence, other.epoch, other.firstUse, other.isCleanStop ? 1 : 0)
  }
}
