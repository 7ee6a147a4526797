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
    read(partition, from: offset, limit: limit, maxBytes: maxBytes, firstBatchWhole: firstBatchWhole, token: nil)
  }

  private func read(
    _ partition: PartitionLog, from offset: Offset, limit: Offset, maxBytes: Int, firstBatchWhole: Bool, token: UInt64?
  ) -> ReadResult {
    #if PLANTED_BUGS
      let limit = PlantedBug.is(.decidedShown) ? partition.end : min(limit, partition.durable.end)
    #else
      let limit = min(limit, partition.durable.end)
    #endif
    guard offset < limit else { return .outcome(.batches(.empty, next: offset, position: FilePosition(0))) }
    var from = partition.segments.partitioningIndex { $0.end > offset }
    while from < partition.segments.count {
      let result = request(
        partition, segmentAt: from, offset: offset, limit: limit, maxBytes: maxBytes, whole: firstBatchWhole)
      switch result {
      case .failure(let reason): return .outcome(reason.outcome)
      case .success(nil): from += 1  // compaction left nothing behind `offset` here
      case .success(let request?): return run(request, of: partition, token: token)
      }
    }
    return .outcome(.batches(.empty, next: offset, position: FilePosition(0)))
  }

  private func run(_ request: ReadRequest, of partition: PartitionLog, token: UInt64?) -> ReadResult {
    if let outcome = workshop.readIfCached(request) {
      note(outcome, of: request, in: partition)
      if case .gone = outcome { return .outcome(request.missing) }
      return .outcome(outcome)
    }
    let token = token ?? reads.nextToken
    reads.nextToken = max(reads.nextToken, token + 1)
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
    switch read(
      partition, from: request.offset, limit: request.limit, maxBytes: request.maxBytes,
      firstBatchWhole: request.firstBatchWhole, token: token)
    {
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
    _ partition: PartitionLog, segmentAt at: Int, offset: Offset, limit: Offset, maxBytes: Int, whole: Bool
  ) -> Result<ReadRequest?, IndexFailure> {
    let base = partition.segments[at].base
    let key = partition.segmentKey(at)
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
        segment: key, offset: offset, start: start, end: end, limit: limit, maxBytes: maxBytes,
        firstBatchWhole: whole, unverified: index.unverifiedRows(from: start, bytes: maxBytes)))
  }

  /// Makes the index of a segment that this run has not touched yet. Damage found in it is remembered; a disk that does
  /// not answer is asked again the next time.
  func loadIndex(of partition: PartitionLog, segmentAt at: Int) -> Result<Void, IndexFailure> {
    let segment = partition.segments[at]
    let key = partition.segmentKey(at)
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
