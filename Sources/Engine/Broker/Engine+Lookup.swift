package import LogStore
package import RecordFormat
import Units

/// What a search by timestamp gives.
package enum LookupResult {
  case found(TimestampedOffset)
  case nothing
  case damaged(reason: String)
}

/// A search by timestamp under way: block after block until a record matches.
struct LookupOperation {
  let sought: TimestampSought
  let partition: PartitionLog
  var candidate: LogStore.Candidate
  let completion: (LookupResult) -> Void
}

extension Engine {
  /// Finds a record of `partition` by its timestamp, among those that are durable. `completion` is called at once or later,
  /// on this thread.
  package func lookUp(
    _ sought: TimestampSought, in partition: PartitionLog, completion: @escaping (LookupResult) -> Void
  ) {
    lookUp(sought, in: partition, from: partition.durableStart, completion)
  }

  private func lookUp(
    _ sought: TimestampSought, in partition: PartitionLog, from offset: Offset,
    _ completion: @escaping (LookupResult) -> Void
  ) {
    var offset = offset
    while true {
      let candidate: LogStore.Candidate
      switch store.candidate(for: sought, in: partition, from: offset) {
      case .damaged(let failure): return completion(.damaged(reason: failure.reason))
      case .nothing: return completion(.nothing)
      case .waits(let token):
        let from = offset
        indexWaits[token] = { [unowned self] failure in
          if let failure { return completion(.damaged(reason: failure.reason)) }
          guard store.partition(partition.key) === partition else { return completion(.nothing) }
          lookUp(sought, in: partition, from: from, completion)
        }
        return
      case .found(let found): candidate = found
      }
      let operation = LookupOperation(
        sought: sought, partition: partition, candidate: candidate, completion: completion)
      switch store.read(
        partition, from: candidate.offset, limit: partition.durable.end, maxBytes: candidate.bytes,
        firstBatchWhole: true)
      {
      case .waits(let token):
        lookups[token] = operation
        return
      case .outcome(let outcome):
        if let result = examine(outcome, operation) { return completion(result) }
        offset = candidate.next
      }
    }
  }

  /// A read that a search waited for is done.
  func lookupRead(_ outcome: ReadOutcome, token: UInt64) -> Bool {
    guard let operation = lookups.removeValue(forKey: token) else { return false }
    if let result = examine(outcome, operation) {
      operation.completion(result)
    } else {
      lookUp(operation.sought, in: operation.partition, from: operation.candidate.next, operation.completion)
    }
    return true
  }

  /// The record in what was read, or nil to search on.
  private func examine(_ outcome: ReadOutcome, _ operation: LookupOperation) -> LookupResult? {
    guard case .batches(let bytes, _, _) = outcome else {
      if case .damaged(_, _, let reason) = outcome { return .damaged(reason: reason) }
      return .nothing
    }
    var walk = RecordBatchWalk(bytes)
    var greatest: RecordBatchView?
    while let view = try? walk.next() {
      switch operation.sought {
      case .atOrAfter(let timestamp):
        guard view.header.maxTimestamp >= timestamp else { continue }
        let found = try? view.firstRecord(
          atOrAfter: timestamp, from: operation.partition.durableStart, scratch: scratch)
        if let found { return .found(found) }
      case .latest:
        // A batch that compaction has emptied still carries its timestamp, but no record that could be found.
        if view.header.recordCount > 0, view.header.maxTimestamp > greatest?.header.maxTimestamp ?? .none {
          greatest = view
        }
      }
    }
    guard operation.sought == .latest else { return nil }
    guard let found = try? greatest?.latestRecord(scratch: scratch) else { return .nothing }
    return .found(found)
  }
}
