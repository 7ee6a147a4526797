package import Units

/// Names a timer; stale once it fired or was cancelled.
package struct TimerID: Hashable, Sendable {
  let slot: UInt32
  let generation: UInt32
}

/// Timers by deadline: a binary heap whose cancelled entries stay until they surface or outnumber the living.
///
/// Pure: it knows no clock. Scheduling and firing cost O(log n), cancelling O(1).
package struct TimerQueue {
  private struct Entry {
    let deadline: Instant
    /// Breaks ties, so that timers of one moment fire in the order they were made.
    let sequence: UInt64
    let id: TimerID
  }

  private struct Slot {
    var generation: UInt32 = 0
    var work: (() -> Void)?
  }

  private var heap: [Entry] = []
  private var slots: [Slot] = []
  private var freeSlots: [UInt32] = []
  private var sequence: UInt64 = 0

  /// Nothing is due.
  package init() {}

  /// Timers that will still fire.
  package var count: Int { slots.count - freeSlots.count }

  /// Entries in the heap, cancelled ones included: at most twice the living, and a few.
  package var heldEntries: Int { heap.count }

  package mutating func schedule(at deadline: Instant, _ work: @escaping () -> Void) -> TimerID {
    let slot: UInt32
    if let free = freeSlots.popLast() {
      slot = free
    } else {
      slot = UInt32(slots.count)
      slots.append(Slot())
    }
    slots[Int(slot)].work = work
    let id = TimerID(slot: slot, generation: slots[Int(slot)].generation)
    sequence += 1
    heap.append(Entry(deadline: deadline, sequence: sequence, id: id))
    siftUp(heap.count - 1)
    return id
  }

  /// Takes the timer back; false when it fired or was cancelled before.
  @discardableResult
  package mutating func cancel(_ id: TimerID) -> Bool {
    guard takeWork(id) != nil else { return false }
    if heap.count > 64, heap.count > 2 * count { dropCancelled() }
    return true
  }

  /// The earliest deadline that still counts.
  package mutating func nextDeadline() -> Instant? {
    while let first = heap.first {
      if isAlive(first.id) { return first.deadline }
      removeFirst()
    }
    return nil
  }

  /// The work of the earliest timer that is due at `now`; that timer is done.
  package mutating func takeDue(_ now: Instant) -> (() -> Void)? {
    guard let deadline = nextDeadline(), deadline <= now, let first = heap.first else { return nil }
    removeFirst()
    return takeWork(first.id)
  }

  /// Forgets all timers.
  package mutating func removeAll() { self = TimerQueue() }

  private func isAlive(_ id: TimerID) -> Bool {
    Int(id.slot) < slots.count && slots[Int(id.slot)].generation == id.generation
  }

  private mutating func takeWork(_ id: TimerID) -> (() -> Void)? {
    guard isAlive(id), let work = slots[Int(id.slot)].work else { return nil }
    slots[Int(id.slot)].work = nil
    slots[Int(id.slot)].generation &+= 1
    freeSlots.append(id.slot)
    return work
  }

  private mutating func dropCancelled() {
    heap = heap.filter { isAlive($0.id) }
    for index in stride(from: heap.count / 2, through: 0, by: -1) { siftDown(index) }
  }

  private mutating func removeFirst() {
    guard let last = heap.popLast(), !heap.isEmpty else { return }
    heap[0] = last
    siftDown(0)
  }

  private func precedes(_ a: Int, _ b: Int) -> Bool {
    let (first, second) = (heap[a], heap[b])
    return first.deadline == second.deadline ? first.sequence < second.sequence : first.deadline < second.deadline
  }

  private mutating func siftUp(_ start: Int) {
    var index = start
    while index > 0 {
      let parent = (index - 1) / 2
      guard precedes(index, parent) else { return }
      heap.swapAt(index, parent)
      index = parent
    }
  }

  private mutating func siftDown(_ start: Int) {
    var index = start
    while true {
      var least = index
      let left = 2 * index + 1
      if left < heap.count, precedes(left, least) { least = left }
      if left + 1 < heap.count, precedes(left + 1, least) { least = left + 1 }
      guard least != index else { return }
      heap.swapAt(index, least)
      index = least
    }
  }
}
