import Units

/// An offset that counts when its producer's transaction commits.
struct StagedOffset: Equatable {
  var offset: CommittedOffset
  /// Whether another offset of the partition was written behind it. The end of the transaction still overrides that one,
  /// but a compaction of the log would keep the later record: so the end has to state the offset again.
  var isOvertaken = false
}

/// The offsets of one group: what is committed, and what open transactions have staged.
///
/// What a transaction staged takes effect at its marker, live and on replay: not where the record happened to lie in the
/// log (KAFKA-14505).
struct GroupOffsets: Equatable {
  private(set) var committed: [PartitionName: CommittedOffset] = [:]
  /// By producer id.
  private(set) var staged: [Int64: [PartitionName: StagedOffset]] = [:]
  /// How many transactions have staged an offset of a partition.
  private var stagings: [PartitionName: Int] = [:]

  var isEmpty: Bool { committed.isEmpty && staged.isEmpty }

  /// Offsets held, for the limit.
  private(set) var count = 0
  /// About what they take: see `GroupBytes`.
  private(set) var bytes = 0

  /// Whether an open transaction may change the offset of `partition`.
  func isStaged(_ partition: PartitionName) -> Bool { stagings[partition] != nil }

  /// All partitions with an offset, committed or staged, in order.
  var partitions: [PartitionName] {
    guard !stagings.isEmpty else { return committed.keys.sorted() }
    return Set(committed.keys).union(stagings.keys).sorted()
  }

  /// The partitions of which every offset, committed or staged, is a stray one, in order.
  func strays(_ isStray: (PartitionName, CommittedOffset) -> Bool) -> [PartitionName] {
    partitions.filter { partition in
      committed[partition].map { isStray(partition, $0) } ?? true
        && (!isStaged(partition)
          || staged.values.allSatisfy { $0[partition].map { isStray(partition, $0.offset) } ?? true })
    }
  }

  /// Whether `partition` has an offset, committed or staged.
  func holds(_ partition: PartitionName) -> Bool { committed[partition] != nil || isStaged(partition) }

  mutating func commit(_ offset: CommittedOffset, of partition: PartitionName) {
    bytes += Self.bytes(partition, offset)
    if let before = committed.updateValue(offset, forKey: partition) {
      bytes -= Self.bytes(partition, before)
    } else {
      count += 1
    }
    overtake(partition)
  }

  mutating func stage(_ offset: CommittedOffset, of partition: PartitionName, by producer: Int64) {
    let before = staged[producer, default: [:]].updateValue(StagedOffset(offset: offset), forKey: partition)
    bytes += Self.bytes(partition, offset, isStaged: true)
    if let before {
      bytes -= Self.bytes(partition, before.offset, isStaged: true)
      return
    }
    stagings[partition, default: 0] += 1
    count += 1
  }

  /// Removes what is committed and staged. An offset that does not exist is no fault (KAFKA-17306).
  mutating func remove(_ partition: PartitionName) {
    if let offset = committed.removeValue(forKey: partition) {
      count -= 1
      bytes -= Self.bytes(partition, offset)
    }
    guard stagings.removeValue(forKey: partition) != nil else { return }
    for producer in staged.keys {
      guard let offset = staged[producer]?.removeValue(forKey: partition)?.offset else { continue }
      count -= 1
      bytes -= Self.bytes(partition, offset, isStaged: true)
      if staged[producer]?.isEmpty == true { staged[producer] = nil }
    }
  }

  /// Ends the transaction of `producer`. Answers which partitions' offsets a compaction would lose.
  mutating func end(_ producer: Int64, committed isCommitted: Bool) -> [PartitionName] {
    guard let ended = staged.removeValue(forKey: producer) else { return [] }
    count -= ended.count
    for (partition, staged) in ended {
      bytes -= Self.bytes(partition, staged.offset, isStaged: true)
      let left = (stagings[partition] ?? 1) - 1
      stagings[partition] = left > 0 ? left : nil
    }
    guard isCommitted else { return [] }
    var restated: [PartitionName] = []
    for (partition, staged) in ended {
      commit(staged.offset, of: partition)
      if staged.isOvertaken { restated.append(partition) }
    }
    return restated.sorted()
  }

  private mutating func overtake(_ partition: PartitionName) {
    guard isStaged(partition) else { return }
    for producer in staged.keys { staged[producer]?[partition]?.isOvertaken = true }
  }
}
