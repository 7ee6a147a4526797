import Glibc

/// A mutex with one condition. Built on pthreads, which the thread sanitizer understands.
///
/// Held for a few instructions only: no callback, no system call that can block, no second lock inside.
package final class Lock: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  package init() {
    mutex.initialize(to: pthread_mutex_t())
    condition.initialize(to: pthread_cond_t())
    let made = pthread_mutex_init(mutex, nil) == 0 && pthread_cond_init(condition, nil) == 0
    precondition(made, "the system refused a mutex")
  }

  deinit {
    pthread_mutex_destroy(mutex)
    pthread_cond_destroy(condition)
    mutex.deallocate()
    condition.deallocate()
  }

  /// Runs `body` alone among all that use this lock.
  package func withLock<Result>(_ body: () -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }

  /// Inside `withLock`: lets others in until `notify`, then goes on. May return early; ask again in a loop.
  package func wait() { pthread_cond_wait(condition, mutex) }

  /// Wakes one that waits, inside `withLock` or after it.
  package func notify() { pthread_cond_signal(condition) }
}
