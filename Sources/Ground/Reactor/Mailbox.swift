import CLinux
import Glibc

/// Work that other threads hand to a loop. Bounded; a wake-up costs a system call only when the loop sleeps.
final class Mailbox: @unchecked Sendable {
  private let lock = Lock()
  private let bell: Descriptor
  private let bound: Int
  private var items: [Work] = []
  private var isAsleep = false
  private var isClosed = false

  init(bound: Int) throws(SystemError) {
    self.bound = bound
    bell = try Descriptor(of: "eventfd", eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC)))
  }

  /// What the loop polls: readable after a wake-up.
  var descriptor: Int32 { bell.number }

  /// Adds work; false when the bound is reached or the loop has ended.
  func post(_ work: @escaping @Sendable () -> Void) -> Bool {
    var mustWake = false
    let isTaken = lock.withLock {
      guard !isClosed, items.count < bound else { return false }
      items.append(Work(work))
      mustWake = isAsleep
      isAsleep = false
      return true
    }
    if mustWake { ring() }
    return isTaken
  }

  /// Wakes the loop without work.
  func wake() {
    let mustWake = lock.withLock {
      defer { isAsleep = false }
      return isAsleep
    }
    if mustWake { ring() }
  }

  /// Says that the loop is about to sleep; false when there is work already. Loop thread only, as all below.
  func fallAsleep() -> Bool {
    lock.withLock {
      isAsleep = items.isEmpty
      return isAsleep
    }
  }

  /// Everything posted so far, in order; the loop counts as awake from here on. `spare` becomes the next inbox.
  func take(_ spare: inout [Work]) {
    lock.withLock {
      isAsleep = false
      swap(&items, &spare)
    }
  }

  /// Refuses all that comes later.
  func close() { lock.withLock { isClosed = true } }

  /// Forgets wake-ups that were rung.
  func silence() {
    var count: UInt64 = 0
    _ = read(bell.number, &count, 8)
  }

  private func ring() {
    var one: UInt64 = 1
    _ = write(bell.number, &one, 8)
  }
}
