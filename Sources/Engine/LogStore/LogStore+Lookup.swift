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

  /// What a search finds next.
  package enum CandidateResult {
    case found(Candidate)
    case nothing
    case damaged(IndexFailure)
    /// An index is being made; asked again when `LogProgress.indexes` brings this token.
    case waits(token: UInt64)
  }

  /// The first block of `partition`, from the one that holds `offset` on, in which the record sought may stand. Timestamps
  /// within a block are in no order, so only a walk tells.
  package func candidate(
    for sought: TimestampSought, in partition: PartitionLog, from offset: Offset
  ) -> CandidateResult {
    switch sought {
    case .atOrAfter(let timestamp):
      return block(of: partition, from: offset) { $0 >= timestamp }
    case .latest:
      guard let greatest = partition.segments.map(\.maxTimestamp).max(), greatest > .none else { return .nothing }
      return block(of: partition, from: offset) { $0 == greatest }
    }
  }

  private func block(
    of partition: PartitionLog, from offset: Offset, where matches: (Timestamp) -> Bool
  ) -> CandidateResult {
    var at = partition.segments.partitioningIndex { $0.end > offset }
    while at < partition.segments.count {
      defer { at += 1 }
      guard matches(partition.segments[at].maxTimestamp) else { continue }
      guard let index = partition.segments[at].index else {
        let token = reads.takeToken()
        loadIndex(of: partition, segmentAt: at, for: .caller(token: token))
        return .waits(token: token)
      }
      if let row = index.firstBlock(from: offset, where: matches) {
        return .found(
          Candidate(
            offset: max(row.firstOffset, offset), bytes: Int(row.length.value), next: row.lastOffset.advanced(by: 1)))
      }
    }
    return .nothing
  }
}
