package import ByteCodec
package import Machine
package import RecordFormat
package import Units

/// The durable log of one data folder: decides on the engine's thread, writes on lanes.
///
/// A decision changes `state` at once and joins a commit group; what it promised may be shown once `durable` has reached
/// its sequence. While one group is written and synced, the next gathers: no timer, no waiting for company.
package final class LogStore {
  package struct Options: Sendable {
    /// A journal file is left for the next one at this size.
    package var journalFileBytes = ByteCount.mebi(64)
    /// A checkpoint begins when so much journal is behind the last one.
    package var checkpointBytes = ByteCount.mebi(128)
    /// Above this, nothing more is admitted until a checkpoint is done.
    package var journalCap = ByteCount.mebi(512)
    /// A group is closed at this size, and the next one begun.
    package var groupBytes = ByteCount.mebi(4)
    /// Set for `durability=interval`: a group counts as durable when it is written, and is synced so often.
    package var syncInterval: SyncInterval?
    /// How much may wait for the disk before nothing more is admitted.
    package var waitingBytes = ByteCount.mebi(64)
    /// From so many bytes on a read may be left in its file: for less a copy costs no more (measured: break-even at 16 KiB).
    package var leastRange = 32_768
    /// Segments and folders of a checkpoint, or of a start, above which the volume is synced as a whole.
    package var volumeSyncAbove = SegmentSync.volumeAbove
    /// Groups from this size on are written into the journal and into the segments by two threads; for less it takes longer
    /// to wake the second one than it saves.
    package var sideBySideBytes = ByteCount.kibi(128)
    /// Bytes that a start holds: of the journal, and of batches before they are written into their segments.
    package var replayBytes = ByteCount.mebi(64)

    package init() {}
  }

  /// How often is synced, where not always.
  package struct SyncInterval: Sendable {
    package var milliseconds: Int64
    /// At most so much is unsynced.
    package var bytes = ByteCount.mebi(64)

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }
  }

  package let state: LogState
  package let report: RecoveryReport
  package let options: Options
  /// The node's leader epoch: one more after every unclean stop.
  package let epoch: Int32
  /// The last sequence decided, and the last one synced.
  package internal(set) var decided: JournalSequence
  package internal(set) var durable: JournalSequence
  /// Set by the first failure that only stopping the process is left for.
  package internal(set) var failure: DiskError?

  let clock: any Clock
  let entropy: any Entropy
  let workshop: LogWorkshop
  let lanes: any JobLanes
  let lock: any DiskLock
  var commits: Commits
  var checkpoints: Checkpoints
  var nextUnit: UInt64
  var reads = PendingReads()
  var pendingIndexes = PendingIndexes()
  var preparations = Preparations()
  var compaction: Compaction?
  var removal = Removal()
  var trustedTime: TrustedTime
  package var producerLimits = ProducerLimits()
  /// What the next checkpoint carries for others, asked for when it is taken: as of all that is decided then.
  package var attachments: () -> [PendingAttachment]
  /// Producers remembered, at least: deletions are noticed when the count is made again.
  var producerCount = 0
  /// No room was found for one more; not looked for before this.
  var noRoomUntil = Instant(nanoseconds: .min)
  var space = SpaceWatch()
  /// For the metrics.
  package internal(set) var meters = LogMeters()

  /// Opens the folder `disk` holds: recovers, checkpoints, and is ready to decide.
  package convenience init(
    disk: any Disk, clock: any Clock, entropy: any Entropy, options: Options = Options(),
    lanes makeLanes: (LogWorkshop) -> any JobLanes
  ) throws(RecoveryFailure) {
    let lock: (any DiskLock)?
    do throws(DiskError) { lock = try disk.lock("lock") } catch { throw .disk(error) }
    guard let lock else { throw .lockHeld }
    let recovered = try Recovery(
      disk: disk, entropy: entropy, clock: clock, volumeSyncAbove: options.volumeSyncAbove,
      replayBytes: options.replayBytes
    ).run()
    let journal = JournalWriter(
      disk: disk, entropy: entropy, fileBytes: options.journalFileBytes, firstUse: recovered.checkpoint.firstUse,
      salt: recovered.checkpoint.salt, durable: recovered.checkpoint.sequence,
      syncsAll: options.syncInterval == nil)
    let workshop = LogWorkshop(
      disk: disk, journal: journal, clock: clock, volumeSyncAbove: options.volumeSyncAbove)
    self.init(
      recovered: recovered, clock: clock, entropy: entropy, options: options, workshop: workshop,
      lanes: makeLanes(workshop), lock: lock)
  }

  private init(
    recovered: Recovery.Result, clock: any Clock, entropy: any Entropy, options: Options, workshop: LogWorkshop,
    lanes: any JobLanes, lock: any DiskLock
  ) {
    state = recovered.state
    report = recovered.report
    self.options = options
    self.clock = clock
    self.entropy = entropy
    trustedTime = TrustedTime(recovered.checkpoint.attachments, clock)
    self.workshop = workshop
    self.lanes = lanes
    self.lock = lock
    let checkpoint = recovered.checkpoint
    epoch = checkpoint.epoch
    decided = checkpoint.sequence
    durable = checkpoint.sequence
    nextUnit = checkpoint.nextUnit
    commits = Commits(next: checkpoint.sequence.next, reclaimable: checkpoint.sequence)
    checkpoints = Checkpoints(
      last: checkpoint.sequence, fileIndex: recovered.fileIndex, firstUse: checkpoint.firstUse,
      salt: checkpoint.salt)
    checkpoints.reindexed = recovered.replayed
    if let measured = try? workshop.disk.space() { space.measured(measured) }
    let attached = checkpoint.attachments.withoutTime.map { PendingAttachment($0) }
    attachments = { attached }
    producerCount = producerEntries
    submitWitness()
  }

  /// Lent, not copied.
  package var catalogue: Catalogue { _read { yield state.catalogue } }
  /// The last change of anything in the catalogue.
  package var catalogueChange: JournalSequence { state.catalogue.lastChange }
  package func topic(_ id: UniqueID) -> Catalogue.Topic? { state.catalogue.topic(id) }
  package func topic(named name: String) -> Catalogue.Topic? { state.catalogue.topic(named: name) }
  package func partition(_ key: PartitionKey) -> PartitionLog? { state.partition(key) }

  /// Whether more may be decided now: neither the journal nor what waits for the disk is at its limit. Where the disk is
  /// full there is nothing to wait for: requests are let in, and refused.
  package var admits: Bool { admits(beyond: 0) }

  /// Whether a small request may still be decided: those have an eighth of room beyond the limits, so that they need not
  /// wait with the large ones until a checkpoint is done.
  package var admitsSmall: Bool { admits(beyond: 8) }

  private func admits(beyond part: Int64) -> Bool {
    func raised(_ limit: ByteCount) -> ByteCount {
      part == 0 ? limit : limit + ByteCount(limit.value / part)
    }
    return failure != nil || isFull
      || commits.waitingBytes < raised(options.waitingBytes)
        && journalInUse < raised(options.journalCap)
  }

  /// Closes half of the segment files that are kept open: the process has no descriptor left for something else.
  package func giveUpFiles() { workshop.files.giveUpHalf() }

  /// What a finished job leads to: the durable end moves, a read is answered, the next job starts.
  package func finished(_ event: LogEvent) -> LogProgress {
    var progress = LogProgress()
    switch event {
    case .committed(let done):
      written(done, &progress)
    case .checkpointed(let sequence, let nanoseconds):
      meters.checkpointed(nanoseconds: nanoseconds)
      checkpointFinished(sequence)
    case .commitPostponed(let parts, _):
      commitPostponed(parts)
    case .space(let measured):
      space.measured(measured)
    case .checkpointPostponed:
      checkpointPostponed()
    case .read(let outcome, let token):
      readFinished(outcome, token: token, &progress)
    case .rangeRead(let result, let token):
      progress.range = (token, result)
    case .indexLoaded(let key, let result):
      indexLoaded(key, result, &progress)
    case .prepared(let outcomes, let token):
      preparationFinished(outcomes, token: token, &progress)
    case .removed(let files):
      removalFinished(files)
    case .timed(let times, let token):
      progress.times = (token, times)
    case .computed(let value, let token):
      progress.computed = (token, value)
    case .compactionStepped(let step):
      compactionStepped(step, &progress)
    case .scrubbed(let step):
      scrubStepped(step, &progress)
    case .failed(let error):
      if failure == nil { failure = error }
      progress.failure = failure
    }
    return progress
  }
}

/// What the engine must know after a job has finished.
package struct LogProgress {
  /// Partitions whose durable end or start moved.
  package var moved: [PartitionLog] = []
  /// Reads that had to wait for the disk, by the token `read` gave.
  package var reads: [(token: UInt64, outcome: ReadOutcome)] = []
  /// A file's bytes that were to be sent and were not in memory, by the token `read` gave.
  package var range: (token: UInt64, result: Result<ByteSlice, DiskError>)?
  /// Indexes that were waited for, by the token under which they were, and what kept one from being made.
  package var indexes: [(token: UInt64, failure: IndexFailure?)] = []
  /// An index of which blocks were missing on disk: the segment, and how many were made again.
  package var reindexed: (segment: SegmentKey, blocks: Int)?
  /// Batches that are prepared, by the token `prepare` gave.
  package var prepared: (token: UInt64, outcomes: [BatchIntake.Outcome])?
  /// Times that were looked up, by the token `lookUpTimes` gave.
  package var times: (token: UInt64, found: [TimeFound])?
  /// What came out of a computation, by the token `compute` gave.
  package var computed: (token: UInt64, value: any Sendable)?
  /// What has become of a step of the compaction under way.
  package var compaction: CompactionProgress?
  /// What a step of the scrub under way found.
  package var scrub: ScrubStep?
  package var failure: DiskError?
}
