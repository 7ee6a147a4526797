import Glibc

/// Lines that another thread writes, and a wait for one.
final class Lines: @unchecked Sendable {
  private var lines: [String] = []
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    pthread_cond_destroy(changed)
    mutex.deallocate()
    changed.deallocate()
  }

  func add(_ line: String) {
    pthread_mutex_lock(mutex)
    lines.append(line)
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(mutex)
  }

  /// The first line that contains `text`, waited for up to `seconds`.
  func first(containing text: String, seconds: Int = 30) -> String? {
    var end = timespec()
    clock_gettime(CLOCK_REALTIME, &end)
    end.tv_sec += seconds
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let line = lines.first(where: { $0.contains(text) }) { return line }
      if pthread_cond_timedwait(changed, mutex, &end) != 0 { return nil }
    }
  }

  var all: [String] {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return lines
  }
}
