package import ByteCodec
package import Machine
package import RecordFormat
package import Units

/// Work that may block, as a value: made on the engine's thread, run on a lane, answered by a `LogEvent`.
package enum LogJob: Sendable {
  /// Write a group into the journal, its batches into their segments, or both.
  case commit(CommitGroup, CommitParts)
  case checkpoint(CheckpointWork)
  case read(ReadRequest, token: UInt64)
  case readRange(FileRange, token: UInt64)
  /// Look at the first timestamps of what would be read; without `waits` only at what is in memory.
  case times([TimeLook], token: UInt64, waits: Bool)
  /// Make the index of a segment of which this run knows no more than the extent.
  case loadIndex(SegmentKey, SegmentDescription)
  /// Check produced batches, and compress them anew where their topic asks for it.
  case prepare([BatchIntake], token: UInt64)
  case remove([String], isDoomed: Bool)
  case compact(CompactionRun)
  /// What needs nothing of the store, only time.
  case compute(@Sendable () -> any Sendable, token: UInt64)
  /// Compare the next blocks of a segment with their checksums.
  case scrub(SegmentScrub)
  /// Look at the room on the volume, and set the ballast aside where there is room for it.
  case measureSpace(ballast: ByteCount)

  /// The lane that runs it. Jobs of one lane run in order, one at a time.
  package var lane: LogLane {
    switch self {
    case .commit(_, let parts): parts.contains(.journal) ? .journal : .segments
    case .checkpoint: .checkpoint
    case .read, .readRange, .loadIndex: .reader
    case .times(_, _, let waits): waits ? .reader : .codec
    case .prepare: .codec
    case .remove, .compact, .compute, .scrub, .measureSpace: .background
    }
  }
}

package enum LogLane: Int, CaseIterable, Sendable { case journal, segments, checkpoint, background, reader, codec }

/// What became of a job; handed to `LogStore.finished` on the engine's thread.
package enum LogEvent: Sendable {
  case committed(CommittedParts)
  /// The disk was full: these parts of the group can be written again as they are.
  case commitPostponed(CommitParts, DiskError)
  case space(VolumeSpace)
  case checkpointed(JournalSequence, nanoseconds: Int64)
  /// The disk had no room, or the process no descriptors: the journal still has all bytes, and a later try may succeed.
  case checkpointPostponed(DiskError)
  case read(ReadOutcome, token: UInt64)
  case rangeRead(Result<ByteSlice, DiskError>, token: UInt64)
  case timed([TimeFound], token: UInt64)
  case indexLoaded(SegmentKey, Result<LoadedIndex, IndexFailure>)
  case prepared([BatchIntake.Outcome], token: UInt64)
  case removed(RemovedFiles)
  case computed(any Sendable, token: UInt64)
  case compactionStepped(CompactionRun.Step)
  case scrubbed(ScrubStep)
  /// A failure after which only stopping the process is left.
  case failed(DiskError)
}

/// What a removal has come to.
package struct RemovedFiles: Sendable {
  package var asked: [String]
  /// What could not be removed is left for a later try.
  package var gone: [String]
  /// They were on the list of what a checkpoint must cover first.
  package var isDoomed: Bool
}

/// Where jobs go: threads in the program, a seeded scheduler in simulations.
package protocol JobLanes: AnyObject {
  /// Runs `job` on its lane; its event reaches the engine's thread later, never within this call.
  func submit(_ job: LogJob)
}

/// The places a group goes to, large groups side by side: it counts when it is in both.
package struct CommitParts: OptionSet, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let journal = CommitParts(rawValue: 1)
  package static let segments = CommitParts(rawValue: 2)
}

/// What of a group is written, and how long it took.
package struct CommittedParts: Sendable {
  package var parts: CommitParts
  /// The group's last sequence.
  package var last: JournalSequence
  var journalBytes = ByteCount.zero
  /// The journal's room behind it, where the group went there.
  var room: JournalRoom?
  /// For the segments.
  var writeNanoseconds: Int64 = 0
  /// For the journal, synced.
  var syncNanoseconds: Int64 = 0
}

/// One group of units that are written and synced together.
package struct CommitGroup: Sendable {
  package struct Entry: Sendable {
    package enum Content: Sendable {
      case batch(ByteSlice, BatchPlace)
      case control(ByteSlice)
      case witness
    }

    package var content: Content
    package var unit: UInt64
    package var endsUnit: Bool
    /// The CRC-32C of the payload, where it is known.
    package var checksum: UInt32?
  }

  /// The sequence of the first entry; the others follow one by one.
  package var first: JournalSequence
  package var entries: [Entry] = []
  /// Segments that this run writes for the first time: cut to the size given, made when missing.
  package var preparations: [Preparation] = []
  package typealias Preparation = (key: SegmentKey, size: ByteCount)

  /// Payload bytes.
  package var bytes = ByteCount.zero
  /// Whether it is synced before it counts as durable; with `durability=interval` not every group is.
  var syncs = true
  /// Journal files that hold nothing behind this may be used again.
  package var reclaimable: JournalSequence

  package var last: JournalSequence { JournalSequence(first.value + UInt64(entries.count) - 1) }

  /// Where it has to go: to the segments with batches only.
  var parts: CommitParts {
    let hasBatches = entries.contains { if case .batch = $0.content { true } else { false } }
    return hasBatches ? [.journal, .segments] : .journal
  }
}

/// What a checkpoint needs done before it counts, and the checkpoint itself.
package struct CheckpointWork: Sendable {
  /// Segments written since the last one began.
  package var segments: Set<SegmentKey>
  /// Segments whose sync has failed: their bytes behind `last` are written again, from the journal.
  package var unsound: Set<SegmentKey>
  /// The checkpoint before this one, and the first use of a journal file that is of interest behind it.
  package var last: JournalSequence
  package var firstUse: UInt32
  /// Folders in which names were made.
  package var folders: Set<String>
  /// Index rows to add.
  package var indexRows: [IndexRows]
  package var fileName: String
  package var content: CheckpointContent

  package var sequence: JournalSequence { content.checkpoint.sequence }
}

/// A checkpoint, taken but not encoded: cheap to make on the engine's thread.
package struct CheckpointContent: Sendable {
  /// The checkpoint but for what follows.
  package var checkpoint: Checkpoint
  var image: StateImage
  var attachments: [PendingAttachment]

  /// The checkpoint's file. Takes time in proportion to the state.
  func encoded() -> ByteSlice {
    var whole = checkpoint
    whole.state = image.encoded()
    whole.attachments = attachments.map { $0.encoded() }
    return whole.encoded()
  }
}

/// Rows that the index file of a segment does not hold yet, and how many it holds.
package struct IndexRows: Sendable {
  package var key: SegmentKey
  package var rowsBefore: Int
  package var rows: [BlockIndex.Row]
}
