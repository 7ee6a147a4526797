package import Units

/// Moments at which something is due, by id: a binary heap. An id that is gone by then is skipped by its owner.
package struct DeadlineQueue {
  private var heap: [(at: Instant, id: UInt64)] = []

  package init() {}

  package var count: Int { heap.count }

  /// The earliest moment.
  package var first: Instant? { heap.first?.at }

  package mutating func add(_ id: UInt64, at moment: Instant) {
    heap.append((moment, id))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].at < heap[parent].at else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  /// Takes the earliest id that is due at `now`.
  package mutating func takeDue(at now: Instant) -> UInt64? {
    guard let first = heap.first, first.at <= now else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      sinkRoot()
    }
    return first.id
  }

  /// Rebuilds with only the ids that `isAlive` keeps: called when most entries are stale.
  package mutating func compact(_ isAlive: (UInt64) -> Bool) {
    let alive = heap.filter { isAlive($0.id) }
    heap = []
    for entry in alive { add(entry.id, at: entry.at) }
  }

  private mutating func sinkRoot() {
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].at < heap[least].at {
        least = child
      }
      if least == parent { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
