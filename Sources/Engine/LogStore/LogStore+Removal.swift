import Machine
package import Units

/// The removal of files that nothing refers to.
struct Removal {
  /// Files in one job, in ordinary times: a mass of unlinks would hold up whoever else needs the file system.
  static let filesPerJob = 20
  /// Files in one job when room is short.
  static let filesPerJobWhenShort = 2_000
  /// Room is short when less than this share of the volume, one in so many, is free.
  static let shortSpaceShare: Int64 = 10

  var isRunning = false
  /// Paths that could not be removed; they wait for the next checkpoint.
  var refused: Set<String> = []
}

extension LogStore {
  /// Files given up and not yet removed.
  package var doomedCount: Int { state.doomed.count }

  /// Whether a doomed file, its delay over, waits only for a checkpoint behind the frame that gave it up.
  package func doomedNeedsCheckpoint(now: Instant) -> Bool {
    state.doomed.contains { $0.sequence > checkpoints.last && ($0.dueAt ?? .distantFuture) <= now }
  }

  /// Removes a few doomed files that a checkpoint covers and whose delay is over; `delay` says how long, in milliseconds,
  /// a topic's files stay after they were given up. Those of earlier runs go at once: nobody can be reading them.
  package func removeDoomed(now: Instant, delay: (UniqueID) -> Int64) {
    guard failure == nil else { return }
    for index in state.doomed.indices where state.doomed[index].dueAt == nil {
      state.doomed[index].dueAt = state.doomed[index].topic.map { now.advanced(byMs: delay($0)) } ?? now
    }
    submitRemoval(now: now)
  }

  private func submitRemoval(now: Instant) {
    guard !removal.isRunning, failure == nil else { return }
    let covered = checkpoints.last
    let (removal, isShort) = (removal, isSpaceShort)
    let due = state.doomed.lazy.filter { doomed in
      doomed.sequence <= covered && !removal.refused.contains(doomed.path)
        && (isShort || (doomed.dueAt ?? .distantFuture) <= now)
    }
    let paths = Array(due.prefix(isShort ? Removal.filesPerJobWhenShort : Removal.filesPerJob).map(\.path))
    guard !paths.isEmpty else { return }
    self.removal.isRunning = true
    lanes.submit(.remove(paths, isDoomed: true))
  }

  func removalFinished(_ files: RemovedFiles) {
    guard files.isDoomed else { return }
    removal.isRunning = false
    let gone = Set(files.gone)
    removal.refused.formUnion(files.asked.filter { !gone.contains($0) })
    state.doomed.removeAll { gone.contains($0.path) }
    if isSpaceShort { submitRemoval(now: clock.now()) }
  }

  /// Whether removals should hurry, and not wait for delays.
  private var isSpaceShort: Bool {
    guard let last = space.last else { return false }
    return isFull || last.available.value < last.total.value / Removal.shortSpaceShare
  }
}
