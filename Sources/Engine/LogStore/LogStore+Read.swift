import ByteCodec
package import Machine
import RecordFormat
package import Units

/// Reads that wait for the disk.
struct PendingReads {
  var nextToken: UInt64 = 1
  /// The partition and the rows a waiting read will have checked.
  var waiting: [UInt64: (partition: PartitionKey, request: ReadRequest)] = [:]

  mutating func takeToken() -> UInt64 {
    defer { nextToken += 1 }
    return nextToken
  }
}

/// What a reader wants of a partition.
struct ReadStretch {
  var offset: Offset
  var limit: Offset
  var maxBytes: Int
  var firstBatchWhole: Bool
  /// Whether it may be left in the file.
  var mayBeRange = false
}

/// What a read gives at once.
package enum ReadResult {
  case outcome(ReadOutcome)
  /// The disk is asked; the outcome comes with `LogProgress.reads` under this token.
  case waits(token: UInt64)
}

extension LogStore {
  /// Whole batches of `partition` from the one that holds `offset` on, none that ends beyond `limit`, which the caller
  /// holds at or below the durable end. At the limit, or beyond it, none. With `mayBeRange` they may be left in the file.
  package func read(
    _ partition: PartitionLog, from offset: Offset, limit: Offset, maxBytes: Int, firstBatchWhole: Bool,
    mayBeRange: Bool = false
  ) -> ReadResult {
    read(
      partition,
      ReadStretch(
        offset: offset, limit: limit, maxBytes: maxBytes, firstBatchWhole: firstBatchWhole, mayBeRange: mayBeRange),
      token: nil)
  }

  func read(_ partition: PartitionLog, _ stretch: ReadStretch, token: UInt64?) -> ReadResult {
    var stretch = stretch
    #if PLANTED_BUGS
      stretch.limit = PlantedBug.is(.decidedShown) ? partition.end : min(stretch.limit, partition.durable.end)
    #else
      stretch.limit = min(stretch.limit, partition.durable.end)
    #endif
    let offset = stretch.offset
    guard offset < stretch.limit else { return .outcome(.batches(.empty, next: offset, position: FilePosition(0))) }
    var from = partition.segments.partitioningIndex { $0.end > offset }
    while from < partition.segments.count {
      guard let index = partition.segments[from].index else {
        let token = token ?? reads.takeToken()
        loadIndex(of: partition, segmentAt: from, for: .read(stretch, token: token))
        return .waits(token: token)
      }
      switch request(partition, segmentAt: from, index, stretch) {
      case .failure(let reason): return .outcome(reason.outcome)
      case .success(nil): from += 1  // compaction left nothing behind `offset` here
      case .success(let request?):
        if stretch.mayBeRange, let range = range(request, of: partition, index) { return .outcome(range) }
        return run(request, of: partition, token: token)
      }
    }
    return .outcome(.batches(.empty, next: offset, position: FilePosition(0)))
  }

  /// What is asked for as a range of its file, where nobody has to look at the bytes: they were checked before, are in
  /// memory, and begin and end where batches do as far as the index knows. Less than all that would fit may come of it.
  private func range(_ request: ReadRequest, of partition: PartitionLog, _ index: BlockIndex) -> ReadOutcome? {
    guard request.maxBytes >= options.leastRange,
      let first = index.block(holding: request.offset),
      first.position != request.start || first.firstOffset >= request.offset
    else { return nil }
    let furthest = request.start.advanced(by: ByteCount(request.maxBytes))
    let end: FilePosition
    let next: Offset
    if request.end == partition.durable.position, request.segment.base == partition.durable.segment,
      request.end <= furthest, partition.durable.end <= request.limit
    {
      (end, next) = (request.end, partition.durable.end)
    } else {
      guard let last = index.lastBlock(endingBy: min(furthest, request.end), below: request.limit) else { return nil }
      (end, next) = (last.end, last.lastOffset.advanced(by: 1))
    }
    let count = Int(request.start.distance(to: end).value)
    guard count >= options.leastRange, index.isChecked(from: request.start, to: end),
      let range = workshop.lend(request.segment, at: request.start, count: count)
    else { return nil }
    partition.hints.readEnded(at: next, segment: request.segment, position: end)
    return .range(range, next: next, position: end)
  }

  /// Has the reader lane read what is sent from a file and is no longer in memory. The bytes come with
  /// `LogProgress.range` under the token that is returned.
  package func read(_ range: FileRange) -> UInt64 {
    let token = reads.takeToken()
    lanes.submit(.readRange(range, token: token))
    return token
  }

  private func run(_ request: ReadRequest, of partition: PartitionLog, token: UInt64?) -> ReadResult {
    if let outcome = workshop.readIfCached(request) {
      note(outcome, of: request, in: partition)
      if case .gone = outcome { return .outcome(request.missing) }
      return .outcome(outcome)
    }
    let token = token ?? reads.takeToken()
    reads.waiting[token] = (partition.key, request)
    lanes.submit(.read(request, token: token))
    return .waits(token: token)
  }

  func readFinished(_ outcome: ReadOutcome, token: UInt64, _ progress: inout LogProgress) {
    guard let read = reads.waiting.removeValue(forKey: token) else { return }
    guard let partition = state.partition(read.partition) else {
      return progress.reads.append((token, .batches(.empty, next: read.request.offset, position: FilePosition(0))))
    }
    note(outcome, of: read.request, in: partition)
    guard case .gone = outcome else { return progress.reads.append((token, outcome)) }
    if let again = readAgain(read.request, of: partition, token: token) { progress.reads.append((token, again)) }
  }

  /// The file of a waiting read was removed meanwhile: the same stretch in what has taken its place, or nil when that is
  /// waited for in turn, under the same token.
  private func readAgain(_ request: ReadRequest, of partition: PartitionLog, token: UInt64) -> ReadOutcome? {
    guard partition.index(of: request.segment) == nil else { return request.missing }
    let stretch = ReadStretch(
      offset: request.offset, limit: request.limit, maxBytes: request.maxBytes,
      firstBatchWhole: request.firstBatchWhole)
    switch read(partition, stretch, token: token) {
    case .outcome(let outcome): return outcome
    case .waits: return nil
    }
  }

  /// Remembers which blocks were found intact, and where the reader will go on.
  func note(_ outcome: ReadOutcome, of request: ReadRequest, in partition: PartitionLog) {
    guard case .batches(_, let next, let position) = outcome else { return }
    partition.hints.readEnded(at: next, segment: request.segment, position: position)
    guard !request.unverified.isEmpty,
      let at = partition.index(of: request.segment)
    else { return }
    for row in request.unverified where row.position < position { partition.segments[at].index?.verified(row) }
  }

  func request(
    _ partition: PartitionLog, segmentAt at: Int, _ index: BlockIndex, _ stretch: ReadStretch
  ) -> Result<ReadRequest?, IndexFailure> {
    let base = partition.segments[at].base
    let key = partition.segmentKey(at)
    let offset = stretch.offset
    let damage = partition.segments[at].damage
    if let damage, offset >= damage.first { return .failure(damage) }
    let decided = damage == nil ? FilePosition(partition.segments[at].size.value) : index.end
    #if PLANTED_BUGS
      let isSynced = base != partition.durable.segment || PlantedBug.is(.decidedShown)
    #else
      let isSynced = base != partition.durable.segment
    #endif
    let end = isSynced ? decided : min(partition.durable.position, decided)
    let start: FilePosition
    if let hint = partition.hints.position(of: offset), hint.segment == key, hint.position < end {
      start = hint.position
    } else {
      guard let row = index.block(holding: offset) else { return .success(nil) }
      start = row.position
    }
    return .success(
      ReadRequest(
        segment: key, offset: offset, start: start, end: end, limit: stretch.limit, maxBytes: stretch.maxBytes,
        firstBatchWhole: stretch.firstBatchWhole,
        unverified: index.unverifiedRows(from: start, bytes: stretch.maxBytes)))
  }
}

/// A range of a segment that cannot be served: its bytes are not what was written, or the disk does not give them.
package struct IndexFailure: Error, Equatable, Sendable {
  package var first: Offset
  package var last: Offset
  package var reason: String

  var outcome: ReadOutcome { .damaged(first: first, last: last, reason: reason) }
}
