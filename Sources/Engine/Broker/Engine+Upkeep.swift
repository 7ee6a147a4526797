import LogStore
import Machine
import Settings
package import Units

/// What falls due by itself.
struct Upkeep {
  /// Idle for so long after the last sync, the node writes a witness.
  static let witnessDelayMs: Int64 = 50

  /// When the idle witness is due; nil while nothing is unwitnessed.
  var witnessAt: Instant?
  /// What had been decided when `witnessAt` was set.
  var decidedThen = JournalSequence.start
  /// The sequence of the last witness.
  var witness = JournalSequence.start
  var retentionAt: Instant

  init(now: Instant) { retentionAt = now }
}

extension Engine {
  /// When `timePassed` should next be called, if nothing else happens.
  package var nextDeadline: Instant {
    min(
      upkeep.witnessAt ?? .distantFuture, upkeep.retentionAt, fetches.deadlines.first ?? .distantFuture,
      store.nextDeadline)
  }

  /// Does what is due: answers fetches whose time is up, witnesses an idle journal, enforces retention.
  package func timePassed() {
    let now = clock.now()
    fetchDeadlinesPassed(now)
    if upkeep.retentionAt <= now {
      enforceRetention()
      upkeep.retentionAt = now.advanced(byMs: max(settings.upkeep.retentionCheckIntervalMs, 1))
    }
    store.timePassed()
    witnessWhenIdle(now)
  }

  /// A node that has been idle for a moment writes one empty frame: from then on everything acknowledged has a later frame
  /// that saw it synced, and a damaged last frame is told from a torn one.
  private func witnessWhenIdle(_ now: Instant) {
    guard let due = upkeep.witnessAt, due <= now else { return }
    upkeep.witnessAt = nil
    guard upkeep.decidedThen == store.decided, store.durable == store.decided else { return armWitness(now) }
    store.submitWitness()
    store.flush()
    upkeep.witness = store.decided
  }

  /// Something was decided that no frame has witnessed: a witness is due when it stays quiet.
  func armWitness(_ now: Instant) {
    guard upkeep.witnessAt == nil, store.decided != upkeep.witness else { return }
    upkeep.decidedThen = store.decided
    upkeep.witnessAt = now.advanced(byMs: Upkeep.witnessDelayMs)
  }

  /// Moves log starts over segments that are too old or too many. Whole closed segments go; the active one goes when all
  /// its records are too old.
  private func enforceRetention() {
    let now = clock.wallClock()
    for topic in catalogue.topicsByName {
      let id = topic.description.id
      let settings = topicSettings(id)
      guard settings.cleanupPolicy.contains(.delete) else { continue }
      for index in 0..<topic.description.partitionCount {
        guard let partition = store.partition(PartitionKey(topic: id, index: index)) else { continue }
        let target = partition.retentionStart(
          now: now, retentionMs: settings.retentionMs, retentionBytes: settings.retentionBytes)
        if target > partition.start { store.change([.logStartMoved(partition.key, offset: target)]) }
      }
    }
  }
}
