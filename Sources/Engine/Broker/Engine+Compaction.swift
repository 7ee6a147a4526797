package import LogStore
import Machine
import Settings
package import Units

/// The search for what to compact, and the pace of the compaction under way.
struct Cleaner {
  /// After a compaction that came to nothing, at least this pause.
  static let retryMs: Int64 = 1_000

  /// When the next search begins.
  var dueAt: Instant
  var sweep: Sweep?
  var best: (key: PartitionKey, dirtiness: Dirtiness)?
  /// Something waits only for a checkpoint.
  var wantsCheckpoint = false
  /// When the compaction under way may go on; nil while a job has it.
  var continueAt: Instant?
  /// Partitions in which damage was found: left alone by this run.
  var damaged: [PartitionKey: String] = [:]
  var tally = CompactionTally()
  /// What the keys of a compaction may take, if the setting does not say less.
  var memoryBytes = Int64.max
}

/// What compaction has done since the start.
package struct CompactionTally: Sendable {
  package var done = 0
  package var abandoned = 0
  /// Bytes read and written.
  package var bytes: Int64 = 0
  package var lastReason: String?
}

extension Engine {
  /// Gives the keys of a compaction a share of the process's memory, whatever `log.cleaner.dedupe.buffer.size` allows.
  package func limitCompactionMemory(to bytes: Int64) { cleaner.memoryBytes = bytes }

  /// What compaction has done since the start.
  package var compactions: CompactionTally { cleaner.tally }

  /// Partitions that are not compacted because damage was found in them, and what it is.
  package var uncompactable: [PartitionKey: String] { cleaner.damaged }

  var cleanerDeadline: Instant {
    if store.compacting != nil { return cleaner.continueAt ?? .distantFuture }
    return cleaner.sweep == nil ? cleaner.dueAt : clock.now()
  }

  /// Goes on with the compaction under way, or with the search for the partition that needs one most.
  func compactionDue(_ now: Instant) {
    if store.compacting != nil {
      guard let due = cleaner.continueAt, due <= now else { return }
      cleaner.continueAt = nil
      return store.continueCompaction()
    }
    if cleaner.sweep == nil {
      guard cleaner.dueAt <= now else { return }
      cleaner.sweep = Sweep(topicOrder.topics(catalogue))
      cleaner.best = nil
      cleaner.wantsCheckpoint = false
    }
    search(now)
  }

  private func search(_ now: Instant) {
    guard var sweep = cleaner.sweep else { return }
    let time = store.trustedNow()
    var budget = Sweep.costPerTurn
    while budget > 0 {
      let next = sweep.next(catalogue, budget: &budget) { topicSettings($0).cleanupPolicy.contains(.compact) }
      guard let key = next else { return searchEnded(now, time) }
      guard let partition = store.partition(key), cleaner.damaged[key] == nil else { continue }
      budget -= partition.segments.count / 8
      consider(partition, time)
    }
    cleaner.sweep = sweep
  }

  private func consider(_ partition: PartitionLog, _ time: TrustedTime.Reading) {
    let rules = compactionRules(partition.key.topic)
    partition.closeActive(
      olderThan: min(topicSettings(partition.key.topic).segmentMs, rules.maxLagMs), now: time.steady)
    guard let found = partition.dirtiness(rules, now: time, checkpointed: store.checkpointed), found.isDue(rules) else {
      return
    }
    if found.needsCheckpoint {
      cleaner.wantsCheckpoint = true
    } else if cleaner.best.map({ $0.dirtiness.ratio < found.ratio }) ?? true {
      cleaner.best = (partition.key, found)
    }
  }

  private func searchEnded(_ now: Instant, _ time: TrustedTime.Reading) {
    cleaner.sweep = nil
    cleaner.dueAt = now.advanced(byMs: max(settings.upkeep.cleanerBackoffMs, 1))
    if let best = cleaner.best, let partition = store.partition(best.key) {
      store.beginCompaction(of: partition, best.dirtiness, rules: compactionRules(best.key.topic), now: time.steady)
    }
    if cleaner.wantsCheckpoint, upkeep.forcedCheckpointAt <= now { forceCheckpoint(now) }
  }

  /// The rules that a topic's settings make.
  package func compactionRules(_ topic: UniqueID) -> CompactionPlan.Rules {
    let topic = topicSettings(topic)
    var rules = CompactionPlan.Rules()
    rules.segmentBytes = ByteCount(Int64(topic.segmentBytes))
    rules.deleteRetentionMs = topic.deleteRetentionMs
    rules.minLagMs = topic.minCompactionLagMs
    rules.maxLagMs = topic.maxCompactionLagMs
    rules.minDirtyRatio = topic.minCleanableDirtyRatio
    rules.memoryBytes = min(settings.upkeep.cleanerDedupeBufferBytes, cleaner.memoryBytes)
    return rules
  }

  /// A step of the compaction under way is done: the next one follows at once, or when the rate allows it.
  func compactionStepped(_ progress: CompactionProgress) {
    let now = clock.now()
    switch progress {
    case .stepped(let bytes):
      cleaner.tally.bytes += Int64(bytes)
      let pause = Double(bytes) * 1_000 / max(settings.upkeep.cleanerMaxBytesPerSecond, 1)
      guard pause >= 1 else { return store.continueCompaction() }
      cleaner.continueAt = now.advanced(byMs: Int64(min(pause, 60_000)))
    case .done(_, let bytes):
      cleaner.tally.bytes += Int64(bytes)
      cleaner.tally.done += 1
      cleaner.dueAt = now  // there may be more to do
    case .abandoned(let key, let reason, let isDamage):
      cleaner.tally.abandoned += 1
      cleaner.tally.lastReason = reason
      if isDamage { cleaner.damaged[key] = reason }
      cleaner.dueAt = now.advanced(byMs: max(settings.upkeep.cleanerBackoffMs, Cleaner.retryMs))
    }
  }
}
