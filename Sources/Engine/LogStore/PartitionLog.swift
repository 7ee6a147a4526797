import ByteCodec
import RecordFormat
package import Units

/// One partition: its extent, segments, producers and leader epochs. Belongs to the engine's thread.
///
/// Two ends: `end` is what has been decided, `durable` what has been synced, and only that is ever shown. `place` and
/// `apply` are shared by the live path and by replay.
package final class PartitionLog {
  /// How far a partition is synced: the next offset, and where its bytes end.
  package struct Extent: Equatable {
    package var end: Offset
    package var segment: Offset
    package var position: FilePosition
  }

  package let key: PartitionKey
  /// The first offset that still exists, as decided.
  package private(set) var start = Offset(0)
  /// The next offset to be given, as decided.
  package private(set) var end = Offset(0)
  /// The log start that may be shown: what has been synced.
  package internal(set) var durableStart = Offset(0)
  package internal(set) var durable = Extent(end: Offset(0), segment: Offset(0), position: FilePosition(0))
  package internal(set) var segments: [Segment] = []
  package private(set) var producers = ProducerTable()
  package private(set) var epochs = EpochHistory()
  /// Transactions that were aborted.
  package private(set) var aborted = AbortedIndex()
  private var unstable = UnstableTransactions()
  /// Below this, compaction has left one record of each key.
  package private(set) var cleanedThrough = Offset(0)
  /// The journal sequence of the last change decided here.
  package internal(set) var lastChange = JournalSequence.start
  /// Where recent readers stopped, so that the next read need not search its block.
  var hints = ReadHints()
  /// Segments this run has prepared for writing.
  var prepared: Set<Offset> = []

  init(key: PartitionKey) { self.key = key }

  /// Bytes of all segments, as decided.
  package var size: ByteCount { segments.reduce(.zero) { $0 + $1.size } }

  /// Where a batch of `size` bytes goes: the active segment, or a new one when that is full, old or not fit to go on.
  func place(_ header: RecordBatchHeader, size: ByteCount, rules: RollRules, now: Timestamp) -> BatchPlace {
    guard let active = segments.last, active.end == end, active.index != nil, active.damage == nil,
      active.generation == 0, !active.isClosed,
      !rules.rolls(active, adding: size, header: header, next: end)
    else {
      return BatchPlace(
        partition: key, segment: end, position: FilePosition(0), baseOffset: end, appended: now)
    }
    return BatchPlace(
      partition: key, segment: active.base, position: FilePosition(active.size.value), baseOffset: end, appended: now)
  }

  /// Takes in a stamped batch at `place`: extent, index, producers, epochs. `checksum` is the CRC-32C of its bytes.
  func apply(
    _ batch: ByteSlice, checksum: UInt32, header: RecordBatchHeader, at place: BatchPlace, sequence: JournalSequence
  ) {
    if segments.last?.base != place.segment {
      if !segments.isEmpty { segments[segments.count - 1].index?.seal() }
      segments.append(Segment(base: place.segment))
    }
    let last = segments.count - 1
    let next = place.baseOffset.advanced(by: Int64(header.lastOffsetDelta) + 1)
    segments[last].size = ByteCount(place.position.value) + ByteCount(batch.count)
    segments[last].end = next
    segments[last].digest = Checksum.extended(segments[last].digest, by: batch, known: checksum)
    segments[last].written = max(segments[last].written, place.appended)
    segments[last].lastWrite = sequence
    if place.position.value == 0 {
      segments[last].firstTimestamp = header.maxTimestamp
      segments[last].begun = place.appended
    }
    segments[last].maxTimestamp = max(segments[last].maxTimestamp, header.maxTimestamp)
    segments[last].index?.append(batch, checksum: checksum, header: header, baseOffset: place.baseOffset)
    epochs.appended(at: place.baseOffset, under: header.partitionLeaderEpoch)
    apply(batch, header, place, sequence: sequence)
    end = next
    lastChange = sequence
  }

  /// What the batch is to its producer: records, the begin of a transaction, or its end.
  private func apply(_ batch: ByteSlice, _ header: RecordBatchHeader, _ place: BatchPlace, sequence: JournalSequence) {
    guard header.isControl else {
      if producers.apply(header, at: place.baseOffset, seen: place.appended) { unstable.began(at: place.baseOffset) }
      return
    }
    guard let marker = TransactionMarker(batch: batch),
      let first = producers.apply(marker, header, seen: place.appended)
    else { return }
    unstable.ended(from: first, by: sequence)
    guard marker.kind == .abort else { return }
    #if PLANTED_BUGS
      if PlantedBug.is(.abortNotNoted) { return }
    #endif
    let last = place.baseOffset.advanced(by: Int64(header.lastOffsetDelta))
    aborted.append(
      AbortedTransaction(
        producerID: header.producerID, first: first, last: last,
        stable: unstable.firstOpen ?? last.advanced(by: 1)))
  }

  /// Moves the log start to `offset` (never back, never beyond the end) and gives up the segments below it. Returns them.
  func moveStart(to offset: Offset, sequence: JournalSequence) -> [Segment] {
    let target = min(max(offset, start), end)
    start = target
    lastChange = sequence
    epochs.logStartMoved(to: target)
    aborted.logStartMoved(to: target)
    let keep = segments.partitioningIndex { $0.end > target }
    let gone = Array(segments[..<keep])
    segments.removeFirst(keep)
    return gone
  }

  /// Puts compaction's segments in the place of those whose base offsets are `removed`. Returns what they replace.
  func swap(
    removed: [Offset], added: [SegmentDescription], cleanedThrough cleaned: Offset, sequence: JournalSequence
  ) -> [Segment] {
    let bases = Set(removed)
    lastChange = sequence
    cleanedThrough = max(cleanedThrough, cleaned)
    guard let first = segments.firstIndex(where: { bases.contains($0.base) }) else { return [] }
    let gone = segments.filter { bases.contains($0.base) }
    segments.removeAll { bases.contains($0.base) }
    segments.insert(
      contentsOf: added.map { description in
        var segment = Segment(description)
        segment.lastWrite = sequence
        return segment
      }, at: first)
    if bases.contains(durable.segment) {
      durable.segment = added.last?.base ?? end
      durable.position = FilePosition(added.last?.size.value ?? 0)
    }
    return gone
  }

  /// The name on disk of the segment at `index`.
  func segmentKey(_ index: Int) -> SegmentKey {
    SegmentKey(partition: key, base: segments[index].base, generation: segments[index].generation)
  }

  /// Where the segment of this name stands, if it is still there.
  func index(of key: SegmentKey) -> Int? {
    segments.lastIndex { $0.base == key.base && $0.generation == key.generation }
  }

  func expireProducers(notSeenSince limit: Timestamp) { producers.expire(notSeenSince: limit) }

  /// The end for readers that want only what is stable: the first offset of a transaction that is open, as far as is
  /// durable. One that has ended counts as open until its marker is synced.
  package var stableEnd: Offset {
    #if PLANTED_BUGS
      if PlantedBug.is(.openTransactionShown) { return durable.end }
    #endif
    guard let first = unstable.first else { return durable.end }
    return max(min(first, durable.end), durableStart)
  }

  /// Markers up to `sequence` have been synced.
  func durableAdvanced(to sequence: JournalSequence) { unstable.durableAdvanced(to: sequence) }

  /// Aborted transactions of which compaction has left nothing.
  func forgetAborted(_ markers: [Offset]) { aborted.forget(markers) }

  /// Where the log should start when records older than `retentionMs` go, or, when none are, bytes beyond `retentionBytes`
  /// (negative is no limit). Whole segments only, as far as they are synced; one that still grows goes when all its
  /// records go. A segment's age is that of its latest record, or of its last append where records have no timestamps.
  package func retentionStart(now: TrustedTime.Reading, retentionMs: Int64, retentionBytes: Int64) -> Offset {
    var target = start
    if retentionMs >= 0 {
      for segment in segments {
        guard segment.age(now) > retentionMs, segment.end <= durable.end else { break }
        target = segment.end
      }
    }
    guard target == start, retentionBytes >= 0 else { return target }
    var excess = size.value - retentionBytes
    for segment in segments {
      guard excess >= segment.size.value, segment.end <= durable.end else { break }
      excess -= segment.size.value
      target = segment.end
    }
    return target
  }

  /// What has been decided is what has been synced: after recovery, and when a group has been synced.
  func allIsDurable() {
    unstable = UnstableTransactions(open: producers.transactionStarts)
    durableStart = start
    durable = Extent(
      end: end, segment: segments.last?.base ?? end, position: FilePosition(segments.last?.size.value ?? 0))
  }

  /// Everything a checkpoint needs, as it is now.
  var image: PartitionImage {
    PartitionImage(
      key: key, start: start, end: end, cleanedThrough: cleanedThrough, segments: segments.map(\.description),
      epochs: epochs, producers: producers, aborted: aborted)
  }

  init(from reader: inout ByteReader, at sequence: JournalSequence) throws(WireError) {
    key = try PartitionKey(from: &reader)
    start = Offset(try reader.readInt64())
    end = Offset(try reader.readInt64())
    cleanedThrough = Offset(try reader.readInt64())
    segments = try reader.readList(minimumSize: SegmentDescription.encodedSize) { reader throws(WireError) in
      var segment = Segment(try SegmentDescription(from: &reader))
      segment.lastWrite = sequence
      return segment
    }
    epochs = try EpochHistory(from: &reader)
    producers = try ProducerTable(from: &reader)
    aborted = try AbortedIndex(from: &reader)
    lastChange = sequence
    allIsDurable()
  }
}

extension Int64 {
  /// The difference, held at the ends of the range: timestamps come from clients and may be anything.
  func subtracted(_ other: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? (self < 0 ? .min : .max) : difference
  }
}

/// When a partition begins a new segment.
package struct RollRules: Equatable, Sendable {
  package var segmentBytes: ByteCount
  package var segmentMs: Int64
  /// Up to so much earlier, another time for each segment, so that not all partitions roll at once.
  package var jitterMs: Int64 = 0

  package init(segmentBytes: ByteCount = .mebi(1024), segmentMs: Int64 = 7 * 24 * 3_600_000) {
    self.segmentBytes = segmentBytes
    self.segmentMs = segmentMs
  }

  /// Whether `segment` is too full, too old, or too far from its base offset (Kafka's indexes hold 32 bits) for the batch.
  func rolls(_ segment: Segment, adding size: ByteCount, header: RecordBatchHeader, next: Offset) -> Bool {
    if segment.size == .zero { return false }
    if segment.size + size > segmentBytes { return true }
    if next.value + Int64(header.lastOffsetDelta) - segment.base.value > Int64(Int32.max) { return true }
    return segment.firstTimestamp >= Timestamp(milliseconds: 0)
      && header.maxTimestamp.milliseconds.subtracted(segment.firstTimestamp.milliseconds) > segmentMs
        - jitter(of: segment)
  }

  /// Decided by the segment's base offset.
  private func jitter(of segment: Segment) -> Int64 {
    let range = min(jitterMs, segmentMs)
    guard range > 0 else { return 0 }
    let mixed = UInt64(bitPattern: segment.base.value &+ 1) &* 0x9E37_79B9_7F4A_7C15
    return Int64((mixed >> 1) % UInt64(range))
  }
}

/// Positions at which recent reads of a partition ended: a reader at the head asks for just what follows.
struct ReadHints {
  private var entries: [(offset: Offset, segment: SegmentKey, position: FilePosition)] = []
  private var next = 0
  private static let limit = 8

  func position(of offset: Offset) -> (segment: SegmentKey, position: FilePosition)? {
    entries.first { $0.offset == offset }.map { ($0.segment, $0.position) }
  }

  mutating func readEnded(at offset: Offset, segment: SegmentKey, position: FilePosition) {
    if let known = entries.firstIndex(where: { $0.offset == offset }) {
      entries[known] = (offset, segment, position)
    } else if entries.count < Self.limit {
      entries.append((offset, segment, position))
    } else {
      entries[next] = (offset, segment, position)
      next = (next + 1) % Self.limit
    }
  }

  /// After segments were replaced or given up.
  mutating func forget() { entries.removeAll() }
}
