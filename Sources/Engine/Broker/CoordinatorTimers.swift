package import Coordination
package import Units

/// The timers of all coordinators: one moment for each name. Moving a timer to a later moment, which every heartbeat
/// does, leaves the queue alone: the entry is looked at when its old moment comes, and put back.
package struct CoordinatorTimers {
  private struct Armed {
    var due: Instant
    /// The moment of the entry that stands for it in the queue, never after `due`.
    var queued: Instant
    var id: UInt64
  }

  private var armed: [CoordinatorTimer: Armed] = [:]
  private var names: [UInt64: CoordinatorTimer] = [:]
  private var queue = DeadlineQueue()
  private var nextID: UInt64 = 1
  /// Entries of the queue that stand for nothing may be as many as those that do, and so many more, before it is
  /// made anew.
  private static let staleEntries = 1_000

  package init() {}

  package var count: Int { armed.count }

  /// When `takeDue` should be called next: the earliest timer is not due before.
  package var next: Instant? { queue.first }

  /// When the timer of that name is due.
  package func due(_ timer: CoordinatorTimer) -> Instant? { armed[timer]?.due }

  package mutating func arm(_ timer: CoordinatorTimer, at due: Instant) {
    if var known = armed[timer] {
      if known.queued <= due {
        known.due = due
        armed[timer] = known
        return
      }
      names[known.id] = nil
    }
    let id = nextID
    nextID += 1
    armed[timer] = Armed(due: due, queued: due, id: id)
    names[id] = timer
    queue.add(id, at: due)
    dropStale()
  }

  package mutating func cancel(_ timer: CoordinatorTimer) {
    guard let known = armed.removeValue(forKey: timer) else { return }
    names[known.id] = nil
    dropStale()
  }

  /// Takes a timer that is due at `now`: the earliest, as far as no other was moved.
  package mutating func takeDue(at now: Instant) -> CoordinatorTimer? {
    while let id = queue.takeDue(at: now) {
      guard let timer = names[id], var known = armed[timer] else { continue }
      if known.due <= now {
        names[id] = nil
        armed[timer] = nil
        return timer
      }
      known.queued = known.due
      armed[timer] = known
      queue.add(id, at: known.due)
    }
    return nil
  }

  private mutating func dropStale() {
    guard queue.count > 2 * names.count + Self.staleEntries else { return }
    queue.compact { names[$0] != nil }
  }
}
