package import Units

extension LogStore {
  /// The first segment of `partition` from base offset `from` on that is full and synced, as a scrub to be begun; nil
  /// when there is none.
  package func scrub(of partition: PartitionLog, from: Offset) -> SegmentScrub? {
    let last = partition.segments.count - 1
    for at in partition.segments.indices {
      let segment = partition.segments[at]
      guard segment.base >= from, segment.size > .zero, at < last || segment.isClosed else { continue }
      guard segment.end <= partition.durable.end else { return nil }
      let known = segment.damage == nil ? segment.index.map(\.allRows) : nil
      return SegmentScrub(partition.segmentKey(at), segment.description, rows: known)
    }
    return nil
  }

  /// Lets a lane do the next step of `scrub`; what it finds comes with `LogProgress.scrub`.
  package func submit(_ scrub: SegmentScrub) {
    guard failure == nil else { return }
    lanes.submit(.scrub(scrub))
  }

  /// Blocks found damaged are looked at again by every read from now on, which so refuses their range and no other. A
  /// segment that was removed or replaced meanwhile has no damage.
  func scrubStepped(_ step: ScrubStep, _ progress: inout LogProgress) {
    var step = step
    let key = step.scrub.segment
    if let partition = state.partition(key.partition), let at = partition.index(of: key) {
      for damage in step.damages {
        if let row = damage.row { partition.segments[at].index?.distrust(row) }
      }
    } else {
      step.damages = []
      step.isDone = true
    }
    progress.scrub = step
  }
}
