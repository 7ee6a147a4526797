import ByteCodec
import RecordFormat
import Units

/// Indexes that the reader lane makes, and what waits for them.
struct PendingIndexes {
  enum Waiter {
    /// A read that goes on by itself.
    case read(ReadStretch, token: UInt64)
    /// Somebody who is told, and asks again.
    case caller(token: UInt64)
  }

  var waiting: [SegmentKey: [Waiter]] = [:]
}

extension LogStore {
  /// Whether `partition` would go on in a segment whose index was not made yet.
  package func lacksIndex(_ partition: PartitionLog) -> Bool {
    guard let active = partition.segments.last else { return false }
    return active.index == nil && active.generation == 0 && !active.isClosed
  }

  /// Has the index of the active segment made, which a first append behind a start needs: without it the append would
  /// begin a new segment. Returns the token that `LogProgress.indexes` brings, or nil when nothing has to be waited for.
  package func prepareAppend(to partition: PartitionLog) -> UInt64? {
    guard lacksIndex(partition) else { return nil }
    let token = reads.takeToken()
    loadIndex(of: partition, segmentAt: partition.segments.count - 1, for: .caller(token: token))
    return token
  }

  /// Asks the lane for the index of a segment that this run has not touched yet, once for all who wait.
  func loadIndex(of partition: PartitionLog, segmentAt at: Int, for waiter: PendingIndexes.Waiter) {
    let key = partition.segmentKey(at)
    let isAsked = pendingIndexes.waiting[key] != nil
    pendingIndexes.waiting[key, default: []].append(waiter)
    if !isAsked { lanes.submit(.loadIndex(key, partition.segments[at].description)) }
  }

  /// Damage found on the way is remembered; a disk that did not answer is asked again the next time. Where the segment
  /// is gone meanwhile, those who waited look at what has taken its place.
  func indexLoaded(
    _ key: SegmentKey, _ result: Result<LoadedIndex, IndexFailure>, _ progress: inout LogProgress
  ) {
    let waiters = pendingIndexes.waiting.removeValue(forKey: key) ?? []
    let partition = state.partition(key.partition)
    var failure: IndexFailure?
    if let partition, let at = partition.index(of: key), partition.segments[at].index == nil {
      switch result {
      case .success(let loaded):
        partition.install(loaded, segmentAt: at)
        if loaded.rowsMade > 0 {
          checkpoints.reindexed.insert(key)
          progress.reindexed = (key, loaded.rowsMade)
        }
      case .failure(let found): failure = found
      }
    }
    for waiter in waiters {
      switch waiter {
      case .caller(let token): progress.indexes.append((token, failure))
      case .read(let stretch, let token):
        if let outcome = continueRead(stretch, in: partition, failure, token: token) {
          progress.reads.append((token, outcome))
        }
      }
    }
  }

  private func continueRead(
    _ stretch: ReadStretch, in partition: PartitionLog?, _ failure: IndexFailure?, token: UInt64
  ) -> ReadOutcome? {
    if let failure { return failure.outcome }
    guard let partition else { return .batches(.empty, next: stretch.offset, position: FilePosition(0)) }
    switch read(partition, stretch, token: token) {
    case .outcome(let outcome): return outcome
    case .waits: return nil
    }
  }
}

extension PartitionLog {
  /// Gives a segment the index that was made of it. Others may have taken over from it meanwhile: then it is complete.
  func install(_ loaded: LoadedIndex, segmentAt at: Int) {
    segments[at].index = loaded.index
    segments[at].damage = loaded.damage
    segments[at].rowsWritten = loaded.rowsInFile
    if at < segments.count - 1 { segments[at].index?.seal() }
  }
}
