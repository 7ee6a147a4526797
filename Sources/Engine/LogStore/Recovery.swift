import ByteCodec
package import Machine
import RecordFormat
package import Units

/// Why a data folder cannot be opened. Nothing has been changed in it.
package enum RecoveryFailure: Error, Equatable, CustomStringConvertible {
  case lockHeld
  case disk(DiskError)
  case newerFormat(UInt16)
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
    case .newerFormat(let version):
      "the data folder was written by a newer version (format \(version)); nothing was changed: use that version"
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
      case .failure(.newerFormat(let version)):
        throw .newerFormat(version)
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
    let checkpoint = Checkpoint(
      sequence: .start, epoch: 0, firstUse: 1, isCleanStop: true, nextUnit: 1, state: state.encoded(), doomed: [])
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
      try JournalReader(disk: disk, checkpoint: checkpoint.sequence, firstUse: checkpoint.firstUse)
    }
    let found = try journal.read(givingUp: loss?.firstFrame)
    var report = RecoveryReport(
      wasCleanStop: checkpoint.isCleanStop && !found.wasWritten, replayedFrames: found.frames.count,
      droppedFrames: found.dropped, partitions: state.partitions.count)
    var replay = Replay(disk: disk, state: state)
    for frame in found.frames { try replay.apply(frame) }
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
    next.nextUnit = max(checkpoint.nextUnit, (found.frames.last?.header.unit ?? 0) + 1)
    next.state = state.encoded()
    next.doomed = state.doomed.map(\.path)
    try onDisk { () throws(DiskError) in
      try replay.makeDurable()
      try write(next, fileIndex: 1 - fileIndex)
    }
    for partition in state.partitions.values { partition.allIsDurable() }
    return Result(
      state: state, checkpoint: next, fileIndex: 1 - fileIndex, report: report, replayed: replay.segments)
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

/// Puts journal frames back: control records into the state, batches into the state and into their segments.
struct Replay {
  let disk: any Disk
  let state: LogState
  private var touched: [SegmentKey: any DiskFile] = [:]
  private var folders: Set<String> = []
  private(set) var bytesWritten = ByteCount.zero
  /// Segments whose index files had not what they should have.
  private(set) var reindexed = 0
  /// False: only the state changes, for tools that look.
  private let writes: Bool

  init(disk: any Disk, state: LogState, writes: Bool = true) {
    self.disk = disk
    self.state = state
    self.writes = writes
  }

  mutating func apply(_ frame: JournalReader.Frame) throws(RecoveryFailure) {
    switch frame.header.kind {
    case .open, .witness:
      return
    case .control:
      var reader = ByteReader(frame.payload)
      guard let record = try? ControlRecord(from: &reader) else {
        throw .inconsistent("journal frame \(frame.header.sequence.value) holds no control record")
      }
      state.apply(record, at: frame.header.sequence)
    case .batch:
      let place = frame.header.place
      guard let partition = state.partition(place.partition), partition.end == place.baseOffset,
        let header = try? RecordBatchHeader(frame.payload.bytes)
      else {
        throw .inconsistent(
          "journal frame \(frame.header.sequence.value) is a batch at offset \(place.baseOffset.value) of partition "
            + "\(place.partition.folder), which does not follow what is before it")
      }
      do throws(DiskError) {
        if writes { try write(frame.payload, place: place) }
      } catch {
        throw .disk(error)
      }
      partition.apply(frame.payload, header: header, at: place, sequence: frame.header.sequence)
    }
  }

  private mutating func write(_ batch: ByteSlice, place: BatchPlace) throws(DiskError) {
    let key = SegmentKey(partition: place.partition, base: place.segment)
    #if PLANTED_BUGS
      if PlantedBug.is(.segmentTailTrusted), let size = try? disk.open(key.logPath, .read).size(),
        size.value >= place.position.value + Int64(batch.count)
      {
        return
      }
    #endif
    let file: any DiskFile
    if let known = touched[key] {
      file = known
    } else {
      if place.position.value == 0 {
        try disk.makeDirectory(key.partition.folder)
        folders.formUnion([key.partition.folder, "data"])
      }
      file = try disk.open(key.logPath, .create)
      try file.truncate(to: ByteCount(place.position.value))
      loadIndex(of: key)
      touched[key] = file
    }
    try file.write([batch], at: place.position)
    bytesWritten += ByteCount(batch.count)
  }

  /// The segments that were written.
  var segments: Set<SegmentKey> { Set(touched.keys) }

  /// Makes the index of a segment whose first part a checkpoint covers, so that what is replayed goes into it, and the
  /// first append finds it. One that is damaged is left to those who ask for it.
  private mutating func loadIndex(of key: SegmentKey) {
    guard let partition = state.partition(key.partition), let at = partition.index(of: key),
      partition.segments[at].index == nil,
      case .success(let loaded) = IndexLoader(disk: disk, files: OpenFiles(disk: disk)).load(
        key, partition.segments[at].description, isActive: true), loaded.damage == nil
    else { return }
    partition.install(loaded, segmentAt: at)
    if loaded.rowsMade > 0 { reindexed += 1 }
  }

  /// Syncs every segment and name that was written.
  func makeDurable() throws(DiskError) {
    for file in touched.values { file.startWriteback(from: FilePosition(0), count: .zero) }
    for key in touched.keys.sorted() { try touched[key]?.sync() }
    for folder in folders.sorted() { try disk.syncDirectory(folder) }
  }
}
