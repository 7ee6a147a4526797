import LogStore
import Machine
import Settings
import Units

extension Engine {
  /// Looks at some more partitions of the pass under way: moves their log starts over segments that are too old or too
  /// many, by one rule and once in a pass, and ends segments that nobody appends to any more.
  func continueRetention() {
    guard var sweep = upkeep.retention else { return }
    let now = store.trustedNow()
    watchClock(now)
    var budget = Sweep.costPerTurn
    while budget > 0 {
      guard let key = sweep.next(catalogue, budget: &budget, where: { _ in true }) else {
        upkeep.retention = nil
        return
      }
      guard let partition = store.partition(key) else { continue }
      budget -= partition.segments.count / 8
      let topic = topicSettings(key.topic)
      partition.closeActive(olderThan: topic.segmentMs, now: now.steady)
      guard topic.cleanupPolicy.contains(.delete) else { continue }
      let target = partition.retentionStart(
        now: now, retentionMs: now.isInDoubt ? -1 : topic.retentionMs, retentionBytes: topic.retentionBytes)
      if target > partition.start { store.change([.logStartMoved(key, offset: target)]) }
    }
    upkeep.retention = sweep
  }

  /// Lets files go that nothing refers to, and sees to the checkpoint that must come before.
  func removeFiles(_ now: Instant) {
    store.removeDoomed(now: now) { topicSettings($0).fileDeleteDelayMs }
    if store.doomedNeedsCheckpoint(now: now), upkeep.forcedCheckpointAt <= now { forceCheckpoint(now) }
  }

  /// A checkpoint ahead of its time, which others wait for; not too often.
  func forceCheckpoint(_ now: Instant) {
    upkeep.forcedCheckpointAt = now.advanced(byMs: Upkeep.checkpointPauseMs)
    store.beginCheckpoint()
  }
}
