package import Units

/// Which record is sought by its timestamp.
package enum TimestampSought: Equatable, Sendable {
  /// The first record, in offset order, that is not older.
  case atOrAfter(Timestamp)
  /// The first record with the greatest timestamp of all.
  case latest
}

extension LogStore {
  /// A stretch of a partition that may hold the record: where it begins, how long it is, where the search would go on.
  package struct Candidate {
    package var offset: Offset
    package var bytes: Int
    package var next: Offset
  }

  /// The first block of `partition`, from the one that holds `offset` on, in which the record sought may stand. Timestamps
  /// within a block are in no order, so only a walk tells.
  package func candidate(
    for sought: TimestampSought, in partition: PartitionLog, from offset: Offset
  ) -> Result<Candidate?, IndexFailure> {
    switch sought {
    case .atOrAfter(let timestamp):
      return block(of: partition, from: offset) { $0 >= timestamp }
    case .latest:
      guard let greatest = partition.segments.map(\.maxTimestamp).max(), greatest > .none else { return .success(nil) }
      return block(of: partition, from: offset) { $0 == greatest }
    }
  }

  private func block(
    of partition: PartitionLog, from offset: Offset, where matches: (Timestamp) -> Bool
  ) -> Result<Candidate?, IndexFailure> {
    var at = partition.segments.partitioningIndex { $0.end > offset }
    while at < partition.segments.count {
      defer { at += 1 }
      guard matches(partition.segments[at].maxTimestamp) else { continue }
      if partition.segments[at].index == nil {
        if case .failure(let failure) = loadIndex(of: partition, segmentAt: at) { return .failure(failure) }
      }
      guard let index = partition.segments[at].index else { continue }
      if let row = index.firstBlock(from: offset, where: matches) {
        return .success(
          Candidate(
            offset: max(row.firstOffset, offset), bytes: Int(row.length.value), next: row.lastOffset.advanced(by: 1)))
      }
    }
    return .success(nil)
  }
}
