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
    while from < partition.segments.count {
      let found = request(
        partition, segmentAt: from, offset: offset, limit: limit, maxBytes: maxBytes, whole: true)
      switch found {
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
}
