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
  /// The pass of retention under way.
  var retention: Sweep?
  /// When the next files are removed.
  var removalAt: Instant
  /// Files are removed so often: with `Removal.filesPerJob` each time, twenty a second.
  static let removalIntervalMs: Int64 = 1_000
  /// A checkpoint that others wait for is not forced again before this.
  var forcedCheckpointAt: Instant
  /// Between two forced checkpoints.
  static let checkpointPauseMs: Int64 = 5_000

  init(now: Instant) {
    retentionAt = now
    removalAt = now
    forcedCheckpointAt = now
  }
}

extension Engine {
  /// When `timePassed` should next be called, if nothing else happens: never after a failure.
  package var nextDeadline: Instant {
    guard store.failure == nil else { return .distantFuture }
    if shutDown != nil { return store.nextDeadline }
    return min(
      upkeep.witnessAt ?? .distantFuture, upkeep.retention == nil ? upkeep.retentionAt : clock.now(),
      fetches.deadlines.first ?? .distantFuture, store.nextDeadline, cleanerDeadline, scrubDeadline,
      coordinatorDeadline,
      store.doomedCount > 0 ? upkeep.removalAt : .distantFuture)
  }

  /// Does what is due: answers fetches whose time is up, witnesses an idle journal, enforces retention, compacts,
  /// scrubs. In a stop only the log's own work is due.
  package func timePassed() {
    guard shutDown == nil else { return store.timePassed() }
    let now = clock.now()
    fetchDeadlinesPassed(now)
    coordinatorTimersPassed(now)
    if upkeep.retentionAt <= now {
      if upkeep.retention == nil { upkeep.retention = Sweep(topicOrder.topics(catalogue)) }
      upkeep.retentionAt = now.advanced(byMs: max(settings.upkeep.retentionCheckIntervalMs, 1))
    }
    continueRetention()
    compactionDue(now)
    scrubDue(now)
    if upkeep.removalAt <= now, store.doomedCount > 0 {
      removeFiles(now)
      upkeep.removalAt = now.advanced(byMs: Upkeep.removalIntervalMs)
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
}
