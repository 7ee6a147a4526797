package import Units

/// What a compaction of one partition is to do: all that its run needs to know, so that it asks the engine nothing.
package struct CompactionPlan: Sendable {
  /// What it works by.
  package struct Rules: Sendable {
    /// An output segment is left for the next at this size.
    package var segmentBytes = ByteCount.mebi(1024)
    package var deleteRetentionMs: Int64 = 86_400_000
    /// Records younger than this are not looked at.
    package var minLagMs: Int64 = 0
    /// A partition whose oldest uncompacted record is older is compacted however little there is to do.
    package var maxLagMs = Int64.max
    /// Bytes never compacted, as a share of all that could be, above which it is worth the while.
    package var minDirtyRatio = 0.5
    /// Memory for the map of keys.
    package var memoryBytes: Int64 = 128 << 20
    /// A batch that claims more records stays as it came, and its keys are not noted: they alone could take more memory
    /// than all the rest. Tombstones behind it stay as well. All runs over a partition must go by the same number.
    package var maximumRecords: Int32 = 500_000

    package init() {}
  }

  var partition: PartitionKey
  /// The segments it reads, in order, and their extents.
  var inputs: [SegmentDescription]
  /// Below this, each key has one record already.
  var firstDirty: Offset
  /// Records from here on are not looked at.
  var limit: Offset
  /// The last batches of the producers that are remembered.
  var lastBatches: Set<Offset>
  /// Aborted transactions, in the order of their markers: their records go.
  var aborted: [AbortedTransaction]
  /// Files of this partition that earlier compactions made and that are still needed.
  var known: Set<String>
  var now: Timestamp
  var rules: Rules
  var hash: KeyHash
}

/// What compaction could do for a partition, and how much it is worth.
package struct Dirtiness: Equatable, Sendable {
  /// The segments it would read: this many from the first.
  package var segments: Int
  package var firstDirty: Offset
  package var limit: Offset
  /// Bytes of segments that hold records never compacted, as a share of all that would be read.
  package var ratio: Double
  /// The oldest of those records is older than `max.compaction.lag.ms`.
  package var isOverdue: Bool
  /// It waits only for a checkpoint behind the last write to its segments.
  package var needsCheckpoint: Bool

  /// Whether the rules say that it is time.
  package func isDue(_ rules: CompactionPlan.Rules) -> Bool { isOverdue || ratio > rules.minDirtyRatio }
}

extension PartitionLog {
  /// What compaction could do here, or nil when there is nothing: whole segments that no batch joins any more, behind the
  /// stable end and older than the lag, in which records were never compacted.
  package func dirtiness(
    _ rules: CompactionPlan.Rules, now: TrustedTime.Reading, checkpointed: JournalSequence
  ) -> Dirtiness? {
    let firstDirty = max(cleanedThrough, start)
    var count = 0
    var clean = ByteCount.zero
    var dirty = ByteCount.zero
    var oldestAgeMs: Int64?
    var last = JournalSequence.start
    for (index, segment) in segments.enumerated() {
      let isActive = index == segments.count - 1 && segment.generation == 0 && !segment.isClosed
      guard !isActive, segment.end <= stableEnd, segment.damage == nil else { break }
      if segment.end > firstDirty {
        if rules.minLagMs > 0, segment.age(now) < rules.minLagMs { break }
        dirty += segment.size
        oldestAgeMs = oldestAgeMs ?? segment.ageOfFirst(now)
      } else {
        clean += segment.size
      }
      last = max(last, segment.lastWrite)
      count += 1
    }
    guard count > 0, dirty > .zero, let oldestAgeMs else { return nil }
    return Dirtiness(
      segments: count, firstDirty: firstDirty, limit: segments[count - 1].end,
      ratio: Double(dirty.value) / Double((clean + dirty).value),
      isOverdue: oldestAgeMs > rules.maxLagMs,
      needsCheckpoint: last > checkpointed)
  }

  /// Ends the segment that grows when its first record was appended longer ago than `limitMs`: an idle partition would keep it for ever.
  package func closeActive(olderThan limitMs: Int64, now: Timestamp) {
    guard let active = segments.indices.last, !segments[active].isClosed, segments[active].end <= durable.end else {
      return
    }
    guard now.milliseconds.subtracted(segments[active].begun.milliseconds) > limitMs else { return }
    segments[active].isClosed = true
    segments[active].index?.seal()
  }
}

extension Segment {
  /// Milliseconds since its latest record.
  func age(_ now: TrustedTime.Reading) -> Int64 { age(maxTimestamp, now) }

  /// Milliseconds since its first record.
  func ageOfFirst(_ now: TrustedTime.Reading) -> Int64 { age(firstTimestamp, now) }

  /// Since a time that a record carries, or else since the segment was written to.
  private func age(_ carried: Timestamp, _ now: TrustedTime.Reading) -> Int64 {
    carried >= .zero
      ? now.time.milliseconds.subtracted(carried.milliseconds)
      : now.steady.milliseconds.subtracted(written.milliseconds)
  }
}

extension Timestamp {
  /// The earliest time a record can have.
  fileprivate static var zero: Timestamp { Timestamp(milliseconds: 0) }
}
