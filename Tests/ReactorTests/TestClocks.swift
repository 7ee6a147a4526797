import Glibc
import Machine
import Reactor
import Units

/// The system's monotonic clock.
final class SystemClock: Clock {
  func now() -> Instant {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  func wallClock() -> Timestamp { .none }
}

/// A clock that stands until it is moved.
final class HandClock: Clock, @unchecked Sendable {
  private let lock = Lock()
  private var moment = Instant(nanoseconds: 1_000_000_000_000)

  func now() -> Instant { lock.withLock { moment } }
  func wallClock() -> Timestamp { .none }
  func move(byMs milliseconds: Int64) { lock.withLock { moment = moment.advanced(byMs: milliseconds) } }
}
