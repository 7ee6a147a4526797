package import ByteCodec
import Machine
package import RecordFormat
package import Units

/// Groups on their way to the journal: one with the disk, others gathering.
struct Commits {
  /// Groups not yet handed to the disk; the last one still gathers.
  var waiting: [CommitGroup] = []
  var inFlight: InFlight?
  var waitingBytes = ByteCount.zero
  /// When a group that found the disk full is written again.
  var retryAt: Instant?
  /// A group found the disk full and is not written yet, whether it waits for its next try or is being tried.
  var isRetrying = false
  /// The last sync, and what was written since; only `durability=interval` looks at them.
  var syncedAt: Instant?
  var unsyncedBytes = ByteCount.zero
  /// The journal's room as of the last commit.
  var room = JournalRoom()
  var next: JournalSequence
  /// Log starts that were moved and are not yet synced, in sequence.
  var starts: [(key: PartitionKey, offset: Offset, sequence: JournalSequence)] = []
  /// The journal up to here is covered by a checkpoint.
  var reclaimable: JournalSequence

  init(next: JournalSequence, reclaimable: JournalSequence) {
    self.next = next
    self.reclaimable = reclaimable
  }

  /// A group that the disk has.
  struct InFlight {
    let group: CommitGroup
    /// What of it is not yet written.
    var missing: CommitParts
    /// What of that found the disk full, and waits for its next try.
    var postponed: CommitParts = []
  }
}

extension LogStore {
  /// Stores a validated data batch of `header` in `partition`, unless its producer's state says otherwise. The batch's
  /// base offset and leader epoch are stamped in place; the caller gives the bytes away.
  package func append(
    _ batch: ByteSlice, header: RecordBatchHeader, to partition: PartitionLog, rules: AppendRules
  ) -> AppendResult {
    let now = trustedNow().steady
    let expiry = Timestamp(milliseconds: now.milliseconds.subtracted(producerLimits.expirationMs))
    switch partition.producers.verdict(on: header, expiry: expiry, beginsAtZero: rules.beginsAtZero) {
    case .append: break
    case .duplicate(let original):
      return .duplicate(original)
    case .outOfOrderSequence(let expected):
      return .outOfOrderSequence(expected: expected)
    case .staleEpoch(let current):
      return .staleEpoch(current: current)
    case .transactionOpen:
      return .transactionOpen
    }
    guard !isFull, hasRoom(for: ByteCount(batch.count)) else {
      space.refuse(ByteCount(batch.count), limit: options.groupBytes)
      return .full
    }
    let known = partition.producers.producers[header.producerID]
    if header.isTransactional, known?.transactionStart == nil, partition.aborted.isFull { return .tooManyAborted }
    if header.hasProducerID, known == nil {
      guard makeRoomForProducer(now: now) else { return .tooManyProducers }
      producerCount += 1
    }
    let unit = takeUnit()
    let placed = place(batch, header, in: partition, rules, now: now, sequence: commits.next)
    add(
      [
        CommitGroup.Entry(
          content: .batch(batch, placed.place), unit: unit, endsUnit: true, checksum: placed.checksum)
      ],
      preparations: placed.preparation.map { [$0] } ?? [], syncs: rules.syncs)
    return .stored(base: placed.place.baseOffset, sequence: decided)
  }

  /// Gives a batch its place in `partition`, stamps it and takes it in; it becomes the journal's entry at `sequence`.
  /// Where the active segment has no index, because nobody asked `prepareAppend` for it or its end is damaged, a new
  /// segment takes over.
  func place(
    _ batch: ByteSlice, _ header: RecordBatchHeader, in partition: PartitionLog, _ rules: AppendRules, now: Timestamp,
    sequence: JournalSequence
  ) -> (place: BatchPlace, checksum: UInt32, preparation: CommitGroup.Preparation?) {
    let place = partition.place(header, size: ByteCount(batch.count), rules: rules.roll, now: now)
    var header = header
    header.baseOffset = place.baseOffset
    header.partitionLeaderEpoch = epoch
    batch.stamp(place.baseOffset.value, at: 0)
    batch.stamp(epoch, at: RecordBatchHeader.Layout.leaderEpoch)
    let key = SegmentKey(partition: partition.key, base: place.segment)
    var preparation: CommitGroup.Preparation?
    if partition.prepared.insert(place.segment).inserted {
      preparation = (key, ByteCount(place.position.value))
      checkpoints.named(key, isNew: place.position.value == 0)
    }
    checkpoints.wrote(key)
    let checksum = BatchStamp.checksum(ofWhole: batch)
    partition.apply(batch, checksum: checksum, header: header, at: place, sequence: sequence)
    space.accept(ByteCount(batch.count))
    return (place, checksum, preparation)
  }

  /// Decides changes that stand or fall together; returns the sequence from which they may be shown.
  @discardableResult
  package func change(_ records: [ControlRecord]) -> JournalSequence {
    let unit = takeUnit()
    var entries: [CommitGroup.Entry] = []
    var sequence = commits.next
    for (index, record) in records.enumerated() {
      state.apply(record, at: sequence)
      var writer = ByteWriter()
      record.encode(to: &writer)
      entries.append(
        CommitGroup.Entry(
          content: .control(writer.takeSlice()), unit: unit, endsUnit: index == records.count - 1))
      if case .logStartMoved(let key, let offset) = record { commits.starts.append((key, offset, sequence)) }
      #if PLANTED_BUGS
        if PlantedBug.is(.doomedRemovedEarly) { lanes.submit(.remove(state.doomed.map(\.path), isDoomed: false)) }
      #endif
      sequence = sequence.next
    }
    add(entries)
    return decided
  }

  /// An empty frame: when the node is idle, so that all that is acknowledged is witnessed by a later frame.
  package func submitWitness() {
    add([CommitGroup.Entry(content: .witness, unit: takeUnit(), endsUnit: true)])
  }

  func takeUnit() -> UInt64 {
    defer { nextUnit &+= 1 }
    return nextUnit
  }

  /// Adds one whole unit to the group that gathers.
  func add(
    _ entries: [CommitGroup.Entry], preparations: [CommitGroup.Preparation] = [], syncs: Bool = true
  ) {
    if commits.waiting.last.map({ $0.bytes >= options.groupBytes }) ?? true {
      commits.waiting.append(CommitGroup(first: commits.next, syncs: false, reclaimable: commits.reclaimable))
    }
    let last = commits.waiting.count - 1
    if syncs { commits.waiting[last].syncs = true }
    for entry in entries {
      let bytes = entry.content.byteCount
      commits.waiting[last].entries.append(entry)
      commits.waiting[last].bytes += bytes
      commits.waitingBytes += bytes
      commits.next = commits.next.next
    }
    commits.waiting[last].preparations += preparations
    decided = JournalSequence(commits.next.value - 1)
  }

  /// Hands the next group to the disk when it is free. Called at the end of every engine turn.
  package func flush() {
    guard failure == nil, commits.inFlight == nil, !commits.waiting.isEmpty else { return }
    var group = commits.waiting.removeFirst()
    group.reclaimable = commits.reclaimable
    if mustSync(group) { group.syncs = true }
    let parts = group.parts
    commits.inFlight = Commits.InFlight(group: group, missing: parts)
    guard group.bytes >= options.sideBySideBytes, parts.contains(.segments) else {
      return lanes.submit(.commit(group, parts))
    }
    lanes.submit(.commit(group, .journal))
    lanes.submit(.commit(group, .segments))
  }

  /// Gives the disk again what it had no room for.
  func commitAgain() {
    guard failure == nil, let inFlight = commits.inFlight else { return }
    commits.inFlight?.postponed = []
    lanes.submit(.commit(inFlight.group, inFlight.postponed))
  }

  /// With `durability=interval` a group is synced when the interval is over or too much is unsynced.
  private func mustSync(_ group: CommitGroup) -> Bool {
    guard let interval = options.syncInterval, let last = commits.syncedAt else { return true }
    return clock.now() >= last.advanced(byMs: interval.milliseconds)
      || commits.unsyncedBytes + group.bytes > interval.bytes
  }

  /// The disk is full: all groups wait until these parts of the first one are written.
  func commitPostponed(_ parts: CommitParts) {
    commits.inFlight?.postponed.formUnion(parts)
    commits.isRetrying = true
    commits.retryAt = clock.now().advanced(byMs: Self.retryMs)
  }

  /// Parts of the group under way are written: it counts when all of it is.
  func written(_ done: CommittedParts, _ progress: inout LogProgress) {
    guard var inFlight = commits.inFlight else { return }
    let group = inFlight.group
    meters.committed(group, done)
    if let room = done.room {
      commits.room = room
      commits.unsyncedBytes = group.syncs ? .zero : commits.unsyncedBytes + group.bytes
      if group.syncs { commits.syncedAt = clock.now() }
      checkpoints.journalBytes += done.journalBytes
    }
    inFlight.missing.subtract(done.parts)
    #if PLANTED_BUGS
      if PlantedBug.is(.segmentsNotAwaited), done.parts == .journal { inFlight.missing = [] }
    #endif
    commits.inFlight = inFlight.missing.isEmpty ? nil : inFlight
    guard inFlight.missing.isEmpty else { return }
    commits.isRetrying = false
    commitFinished(group, &progress)
  }

  private func commitFinished(_ group: CommitGroup, _ progress: inout LogProgress) {
    let last = group.last
    commits.waitingBytes -= group.bytes
    durable = last
    for entry in group.entries {
      guard case .batch(let bytes, let place) = entry.content, let partition = state.partition(place.partition),
        let header = try? RecordBatchHeader(bytes.bytes)
      else { continue }
      partition.durable = PartitionLog.Extent(
        end: header.nextOffset, segment: place.segment, position: place.position.advanced(by: ByteCount(bytes.count)))
      if header.isControl { partition.durableAdvanced(to: last) }
      if progress.moved.last !== partition { progress.moved.append(partition) }
    }
    while let moved = commits.starts.first, moved.sequence <= last {
      commits.starts.removeFirst()
      guard let partition = state.partition(moved.key) else { continue }
      partition.durableStart = max(partition.durableStart, min(moved.offset, partition.start))
      progress.moved.append(partition)
    }
    flush()
    beginCheckpointWhenDue()
  }
}

/// How a batch is appended.
package struct AppendRules: Equatable, Sendable {
  package var roll: RollRules
  /// Whether it is synced before it is acknowledged even with `durability=interval`.
  package var syncs: Bool
  /// The producer speaks the second generation of transactions: where it is unknown, it begins with sequence 0.
  package var beginsAtZero = false

  package init(roll: RollRules, syncs: Bool) {
    self.roll = roll
    self.syncs = syncs
  }
}

/// What `append` decided.
package enum AppendResult: Equatable {
  /// May be acknowledged and read once `sequence` is durable.
  case stored(base: Offset, sequence: JournalSequence)
  /// A retry: the original stands at this place; it may be confirmed once the partition's last change is durable.
  case duplicate(ProducerTable.Batch)
  case outOfOrderSequence(expected: Int32)
  case staleEpoch(current: Int16)
  /// An unknown producer, and no room to remember one more: it should try again later.
  case tooManyProducers
  /// A transaction would begin in a partition with as many aborted ones as can be remembered: it should try again later.
  case tooManyAborted
  /// A batch outside of transactions, while one of its producer is open here.
  case transactionOpen
  /// The disk is too full; it may heal.
  case full
}

extension CommitGroup.Entry.Content {
  /// Payload bytes.
  var byteCount: ByteCount {
    switch self {
    case .batch(let bytes, _), .control(let bytes): ByteCount(bytes.count)
    case .witness: .zero
    }
  }
}
