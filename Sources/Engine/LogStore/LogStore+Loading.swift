import ByteCodec
import Machine
package import Units

extension LogStore {
  /// Whole batches of `partition` from the one that holds `offset` on, up to about `maxBytes`, waiting for the disk: for
  /// use at the start only, before anybody else waits for this thread.
  package func readWaiting(_ partition: PartitionLog, from offset: Offset, maxBytes: Int) -> ReadOutcome {
    let limit = partition.durable.end
    guard offset < limit else { return .batches(.empty, next: offset, position: FilePosition(0)) }
    var from = partition.segments.partitioningIndex { $0.end > offset }
    let stretch = ReadStretch(offset: offset, limit: limit, maxBytes: maxBytes, firstBatchWhole: true)
    while from < partition.segments.count {
      let index: BlockIndex
      switch indexWaiting(partition, segmentAt: from) {
      case .failure(let reason): return reason.outcome
      case .success(let found): index = found
      }
      switch request(partition, segmentAt: from, index, stretch) {
      case .failure(let reason): return reason.outcome
      case .success(nil): from += 1  // compaction left nothing behind `offset` here
      case .success(let request?):
        let outcome = workshop.readWaiting(request)
        note(outcome, of: request, in: partition)
        guard case .batches(let bytes, _, _) = outcome, bytes.isEmpty else { return outcome }
        from += 1
      }
    }
    return .batches(.empty, next: limit, position: FilePosition(0))
  }
  /// Makes `partition` ready for appends on the engine's own account, which wait for nobody. At the start only.
  package func prepareAppendWaiting(to partition: PartitionLog) {
    guard lacksIndex(partition) else { return }
    _ = indexWaiting(partition, segmentAt: partition.segments.count - 1)
  }

  private func indexWaiting(
    _ partition: PartitionLog, segmentAt at: Int
  ) -> Result<BlockIndex, IndexFailure> {
    if let index = partition.segments[at].index { return .success(index) }
    let key = partition.segmentKey(at)
    return workshop.indexes.load(key, partition.segments[at].description, isActive: true).map { loaded in
      partition.install(loaded, segmentAt: at)
      if loaded.rowsMade > 0 { checkpoints.reindexed.insert(key) }
      return partition.segments[at].index ?? loaded.index
    }
  }
}
