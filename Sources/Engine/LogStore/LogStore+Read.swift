import ByteCodec
import Machine
import RecordFormat
package import Units

/// Reads that wait for the disk.
struct PendingReads {
  var nextToken: UInt64 = 1
  /// The partition and the rows a waiting read will have checked.
  var waiting: [UInt64: (partition: PartitionKey, request: ReadRequest)] = [:]
}

/// What a read gives at once.
package enum ReadResult {
  case outcome(ReadOutcome)
  /// The disk is asked; the outcome comes with `LogProgress.reads` under this token.
  case waits(token: UInt64)
}

extension LogStore {
  /// Whole batches of `partition` from the one that holds `offset` on, none that ends beyond `limit`, which the caller
  /// holds at or below the durable end. At the limit, or beyond it, none.
  package func read(
    _ partition: PartitionLog, from offset: Offset, limit: Offset, maxBytes: Int, firstBatchWhole: Bool
  ) -> ReadResult {
    let limit = min(limit, partition.durable.end)
    guard offset < limit else { return .outcome(.batches(.empty, next: offset, position: FilePosition(0))) }
    var from = partition.segments.partitioningIndex { $0.end > offset }
    while from < partition.segments.count {
      let result = request(
        partition, segmentAt: from, offset: offset, limit: limit, maxBytes: maxBytes, whole: firstBatchWhole)
      switch result {
      case .failure(let reason): return .outcome(reason.outcome)
      case .success(nil): from += 1  // compaction left nothing behind `offset` here
      case .success(let request?): return run(request, of: partition)
      }
    }
    return .outcome(.batches(.empty, next: offset, position: FilePosition(0)))
  }

  private func run(_ request: ReadRequest, of partition: PartitionLog) -> ReadResult {
    if let outcome = workshop.readIfCached(request) {
      note(outcome, of: request, in: partition)
      return .outcome(outcome)
    }
    let token = reads.nextToken
    reads.nextToken += 1
    reads.waiting[token] = (partition.key, request)
    lanes.submit(.read(request, token: token))
    return .waits(token: token)
  }

  func readFinished(_ outcome: ReadOutcome, token: UInt64, _ progress: inout LogProgress) {
    guard let read = reads.waiting.removeValue(forKey: token) else { return }
    if let partition = state.partition(read.partition) { note(outcome, of: read.request, in: partition) }
    progress.reads.append((token, outcome))
  }

  /// Remembers which blocks were found intact, and where the reader will go on.
  private func note(_ outcome: ReadOutcome, of request: ReadRequest, in partition: PartitionLog) {
    guard case .batches(_, let next, let position) = outcome else { return }
    partition.hints.readEnded(at: next, segment: request.segment.base, position: position)
    guard !request.unverified.isEmpty,
      let at = partition.segments.lastIndex(where: { $0.base == request.segment.base })
    else { return }
    for row in request.unverified where row.position < position { partition.segments[at].index?.verified(row) }
  }

  private func request(
    _ partition: PartitionLog, segmentAt at: Int, offset: Offset, limit: Offset, maxBytes: Int, whole: Bool
  ) -> Result<ReadRequest?, IndexFailure> {
    let base = partition.segments[at].base
    let key = SegmentKey(partition: partition.key, base: base)
    if partition.segments[at].index == nil {
      switch loadIndex(of: partition, segmentAt: at) {
      case .success: break
      case .failure(let failure): return .failure(failure)
      }
    }
    guard let index = partition.segments[at].index else { return .success(nil) }
    let damage = partition.segments[at].damage
    if let damage, offset >= damage.first { return .failure(damage) }
    let decided = damage == nil ? FilePosition(partition.segments[at].size.value) : index.end
    let end = base == partition.durable.segment ? min(partition.durable.position, decided) : decided
    let start: FilePosition
    if let hint = partition.hints.position(of: offset), hint.segment == base, hint.position < end {
      start = hint.position
    } else {
      guard let row = index.block(holding: offset) else { return .success(nil) }
      start = row.position
    }
    return .success(
      ReadRequest(
        segment: key, offset: offset, start: start, end: end, limit: limit, maxBytes: maxBytes,
        firstBatchWhole: whole, unverified: index.unverifiedRows(from: start, bytes: maxBytes)))
  }

  /// Makes the index of a segment that this run has not touched yet. Damage found in it is remembered; a disk that does
  /// not answer is asked again the next time.
  func loadIndex(of partition: PartitionLog, segmentAt at: Int) -> Result<Void, IndexFailure> {
    let segment = partition.segments[at]
    let key = SegmentKey(partition: partition.key, base: segment.base)
    switch workshop.loadIndex(of: key, segment.description, isActive: at == partition.segments.count - 1) {
    case .success(let loaded):
      partition.segments[at].index = loaded.index
      partition.segments[at].damage = loaded.damage
      partition.segments[at].rowsWritten = loaded.rowsInFile
      return .success(())
    case .failure(let failure):
      return .failure(failure)
    }
  }
}

/// A range of a segment that cannot be served: its bytes are not what was written, or the disk does not give them.
package struct IndexFailure: Error, Equatable, Sendable {
  package var first: Offset
  package var last: Offset
  package var reason: String

  var outcome: ReadOutcome { .damaged(first: first, last: last, reason: reason) }
}
