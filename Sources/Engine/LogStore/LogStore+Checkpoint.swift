import ByteCodec
import Machine
package import Units

/// What the next checkpoint has to see to, and the one under way.
struct Checkpoints {
  /// Journal written since the last checkpoint began.
  var journalBytes = ByteCount.zero
  /// The sequence of the last one that counts.
  var last: JournalSequence
  /// Which file holds it.
  var fileIndex: Int
  let firstUse: UInt32
  let salt: JournalSalt
  /// Segments written since the last one began.
  private(set) var dirty: Set<SegmentKey> = []
  /// Folders in which names were made since then.
  private(set) var folders: Set<String> = []
  /// Segments whose indexes were made again, and have rows to write although nothing is appended there.
  var reindexed: Set<SegmentKey> = []
  var phase = Phase.none
  /// Segments whose last sync may have failed: the next checkpoint writes them again first.
  var unsound: Set<SegmentKey> = []
  /// When a checkpoint that met a full disk is tried again; nil when the last one succeeded.
  var retryAt: Instant?
  static let retryDelayMs: Int64 = 1_000

  enum Phase {
    case none
    /// Taken, waiting until everything up to its sequence is durable.
    case taken(CheckpointContent, dirty: Set<SegmentKey>, folders: Set<String>, journalBytes: ByteCount)
    case running(segments: Set<SegmentKey>, folders: Set<String>, journalBytes: ByteCount)
  }

  init(last: JournalSequence, fileIndex: Int, firstUse: UInt32, salt: JournalSalt) {
    self.last = last
    self.fileIndex = fileIndex
    self.firstUse = firstUse
    self.salt = salt
  }

  mutating func wrote(_ key: SegmentKey) { dirty.insert(key) }

  /// A name came to be on disk: the segment's file, and with a new one perhaps its folder.
  mutating func named(_ key: SegmentKey, isNew: Bool) {
    guard isNew else { return }
    folders.insert(key.partition.folder)
    folders.insert("data")
  }

  /// What a checkpoint that came to nothing had seen to is left to the next one.
  mutating func giveBack(_ segments: Set<SegmentKey>, _ folders: Set<String>) {
    dirty.formUnion(segments)
    self.folders.formUnion(folders)
    unsound.formUnion(segments)
  }

  /// The lists, begun anew.
  mutating func takeLists() -> (dirty: Set<SegmentKey>, folders: Set<String>) {
    defer {
      dirty = []
      folders = []
    }
    return (dirty, folders)
  }
}

extension LogStore {
  /// Whether a checkpoint is being made.
  package var isCheckpointing: Bool {
    if case .none = checkpoints.phase { false } else { true }
  }

  /// The sequence of the last checkpoint that counts.
  package var checkpointed: JournalSequence { checkpoints.last }

  func beginCheckpointWhenDue() {
    if case .taken = checkpoints.phase { return startTakenCheckpoint() }
    if checkpoints.retryAt == nil, checkpoints.journalBytes >= options.checkpointBytes { beginCheckpoint() }
  }

  /// Takes a checkpoint of all that is decided now; it is written once that is durable. Does nothing while one is made.
  package func beginCheckpoint(cleanStop: Bool = false) {
    guard case .none = checkpoints.phase, failure == nil else { return }
    expireProducers()
    let (written, folders) = checkpoints.takeLists()
    // Alive as of the checkpoint's own sequence: what is given up behind it comes back if that is lost in a crash.
    let dirty = written.filter(isAlive)
    let checkpoint = Checkpoint(
      sequence: decided, epoch: epoch, salt: checkpoints.salt, firstUse: checkpoints.firstUse, isCleanStop: cleanStop,
      nextUnit: nextUnit, state: .empty, doomed: state.doomed.map(\.path))
    checkpoints.phase = .taken(
      CheckpointContent(
        checkpoint: checkpoint, image: state.image,
        attachments: attachments() + [PendingAttachment(trustedTime.kept(clock))]), dirty: dirty,
      folders: folders, journalBytes: checkpoints.journalBytes + commits.waitingBytes)
    startTakenCheckpoint()
  }

  private func isAlive(_ key: SegmentKey) -> Bool {
    state.partition(key.partition)?.index(of: key) != nil
  }

  private func startTakenCheckpoint() {
    guard case .taken(let content, let segments, let named, let bytes) = checkpoints.phase else { return }
    var folders = named
    #if PLANTED_BUGS
      let dirty = PlantedBug.is(.checkpointForgetsDying) ? segments.filter(isAlive) : segments
      guard durable >= content.checkpoint.sequence || PlantedBug.is(.checkpointBeforeDurable) else { return }
    #else
      let dirty = segments
      guard durable >= content.checkpoint.sequence else { return }
    #endif
    let rows = dirty.union(checkpoints.reindexed).compactMap(takeIndexRows)
    checkpoints.reindexed = []
    // An index file comes to be with its first rows.
    for added in rows where added.rowsBefore == 0 { folders.insert(added.key.partition.folder) }
    let work = CheckpointWork(
      segments: dirty, unsound: checkpoints.unsound.intersection(dirty), last: checkpoints.last,
      firstUse: checkpoints.firstUse, folders: folders, indexRows: rows,
      fileName: Checkpoint.fileNames[1 - checkpoints.fileIndex], content: content)
    checkpoints.phase = .running(segments: work.segments, folders: work.folders, journalBytes: bytes)
    lanes.submit(.checkpoint(work))
  }

  /// Index rows of a segment that its file does not hold yet.
  private func takeIndexRows(_ key: SegmentKey) -> IndexRows? {
    guard let partition = state.partition(key.partition),
      let position = partition.index(of: key),
      let index = partition.segments[position].index, key.base <= partition.durable.segment
    else { return nil }
    // Only what is synced: replay would bring it back byte for byte, anything behind it might be written differently.
    let end = key.base == partition.durable.segment ? partition.durable.position.value : Int64.max
    let rows = index.rows[..<index.rows.partitioningIndex { $0.end.value > end }]
    let before = min(partition.segments[position].rowsWritten, rows.count)
    guard rows.count > before else { return nil }
    partition.segments[position].rowsWritten = rows.count
    return IndexRows(key: key, rowsBefore: before, rows: Array(rows[before...]))
  }

  func checkpointFinished(_ sequence: JournalSequence) {
    guard case .running(_, _, let bytes) = checkpoints.phase else { return }
    checkpoints.phase = .none
    checkpoints.unsound = []
    checkpoints.retryAt = nil
    removal.refused = []
    checkpoints.last = sequence
    checkpoints.fileIndex = 1 - checkpoints.fileIndex
    checkpoints.journalBytes = max(.zero, checkpoints.journalBytes - bytes)
    commits.reclaimable = sequence
  }

  /// A checkpoint met a full disk. Nothing is lost, the journal has the bytes: it is kept, nothing more is admitted, and
  /// the checkpoint is taken again in a moment.
  func checkpointPostponed() {
    guard case .running(let segments, let folders, _) = checkpoints.phase else { return }
    checkpoints.phase = .none
    checkpoints.giveBack(segments, folders)
    checkpoints.retryAt = clock.now().advanced(byMs: Checkpoints.retryDelayMs)
  }

  /// Takes a checkpoint again that met a full disk, when that is due; and one at once where the disk is full and files
  /// that were given up, or journal files, could make room.
  func checkpointForRoom(_ now: Instant) {
    if let due = checkpoints.retryAt { return due <= now ? beginCheckpoint() : () }
    guard isFull else { return }
    if space.freedBehind != checkpoints.last {
      // Journal files that a checkpoint has freed count as room once a group has found them.
      space.freedBehind = checkpoints.last
      submitWitness()
      flush()
    }
    let frees = state.doomed.contains { $0.sequence > checkpoints.last }
    if frees || checkpoints.journalBytes.value >= options.journalFileBytes.value / 4 { beginCheckpoint() }
  }
}
