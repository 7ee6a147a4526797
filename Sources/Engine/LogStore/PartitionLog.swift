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
      !rules.rolls(active, adding: size, header: header, next: end)
    else {
      return BatchPlace(
        partition: key, segment: end, position: FilePosition(0), baseOffset: end, appended: now)
    }
    return BatchPlace(
      partition: key, segment: active.base, position: FilePosition(active.size.value), baseOffset: end, appended: now)
  }

  /// Takes in a stamped batch at `place`: extent, index, producers, epochs.
  func apply(_ batch: ByteSlice, header: RecordBatchHeader, at place: BatchPlace, sequence: JournalSequence) {
    if segments.last?.base != place.segment {
      if !segments.isEmpty { segments[segments.count - 1].index?.seal() }
      segments.append(Segment(base: place.segment))
    }
    let last = segments.count - 1
    let next = place.baseOffset.advanced(by: Int64(header.lastOffsetDelta) + 1)
    segments[last].size = ByteCount(place.position.value) + ByteCount(batch.count)
    segments[last].end = next
    segments[last].digest = Checksum.crc32c(batch, continuing: segments[last].digest)
    if place.position.value == 0 { segments[last].firstTimestamp = header.maxTimestamp }
    segments[last].maxTimestamp = max(segments[last].maxTimestamp, header.maxTimestamp)
    segments[last].index?.append(batch, header: header, baseOffset: place.baseOffset)
    epochs.appended(at: place.baseOffset, under: header.partitionLeaderEpoch)
    producers.apply(header, at: place.baseOffset, seen: place.appended)
    end = next
    lastChange = sequence
  }

  /// Moves the log start to `offset` (never back, never beyond the end) and gives up the segments below it. Returns them.
  func moveStart(to offset: Offset, sequence: JournalSequence) -> [Segment] {
    let target = min(max(offset, start), end)
    start = target
    lastChange = sequence
    epochs.logStartMoved(to: target)
    let keep = segments.partitioningIndex { $0.end > target }
    let gone = Array(segments[..<keep])
    segments.removeFirst(keep)
    return gone
  }

  func expireProducers(notSeenSince limit: Timestamp) { producers.expire(notSeenSince: limit) }

  /// The end for readers that want only what is stable: transactions keep it back (none are open yet on any partition).
  package var stableEnd: Offset { durable.end }

  /// Where the log should start when records older than `retentionMs` and bytes beyond `retentionBytes` go (negative is
  /// no limit). Whole segments only; one that still grows goes only when all its records are too old.
  package func retentionStart(now: Timestamp, retentionMs: Int64, retentionBytes: Int64) -> Offset {
    var target = start
    var excess = retentionBytes < 0 ? -1 : size.value - retentionBytes
    for (index, segment) in segments.enumerated() {
      let isActive = index == segments.count - 1
      let isOld =
        retentionMs >= 0 && segment.maxTimestamp.milliseconds >= 0
        && now.milliseconds.subtracted(segment.maxTimestamp.milliseconds) > retentionMs
      let isExcess = excess >= segment.size.value && !isActive
      guard isOld || isExcess, segment.end <= durable.end else { break }
      target = segment.end
      excess -= segment.size.value
    }
    return target
  }

  /// What has been decided is what has been synced: after recovery, and when a group has been synced.
  func allIsDurable() {
    durableStart = start
    durable = Extent(
      end: end, segment: segments.last?.base ?? end, position: FilePosition(segments.last?.size.value ?? 0))
  }

  /// Everything a checkpoint needs; equal partitions have equal bytes.
  func encode(to writer: inout ByteWriter) {
    key.encode(to: &writer)
    writer.writeInt64(start.value)
    writer.writeInt64(end.value)
    writer.writeList(segments) { writer, segment in segment.description.encode(to: &writer) }
    epochs.encode(to: &writer)
    producers.encode(to: &writer)
  }

  init(from reader: inout ByteReader, at sequence: JournalSequence) throws(WireError) {
    key = try PartitionKey(from: &reader)
    start = Offset(try reader.readInt64())
    end = Offset(try reader.readInt64())
    segments = try reader.readList(minimumSize: SegmentDescription.encodedSize) { reader throws(WireError) in
      Segment(try SegmentDescription(from: &reader))
    }
    epochs = try EpochHistory(from: &reader)
    producers = try ProducerTable(from: &reader)
    lastChange = sequence
    allIsDurable()
  }
}

extension Int64 {
  /// The difference, held at the ends of the range: timestamps come from clients and may be anything.
  fileprivate func subtracted(_ other: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? (self < 0 ? .min : .max) : difference
  }
}

/// When a partition begins a new segment.
package struct RollRules: Equatable, Sendable {
  package var segmentBytes: ByteCount
  package var segmentMs: Int64

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
  }
}

/// Positions at which recent reads of a partition ended: a reader at the head asks for just what follows.
struct ReadHints {
  private var entries: [(offset: Offset, segment: Offset, position: FilePosition)] = []
  private var next = 0
  private static let limit = 8

  func position(of offset: Offset) -> (segment: Offset, position: FilePosition)? {
    entries.first { $0.offset == offset }.map { ($0.segment, $0.position) }
  }

  mutating func readEnded(at offset: Offset, segment: Offset, position: FilePosition) {
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
