import CLinux
import Glibc
package import Units

/// The clocks of the machine.
package final class SystemClock: Clock {
  package init() {}

  /// CLOCK_MONOTONIC.
  package func now() -> Instant { Instant(nanoseconds: Self.read(CLOCK_MONOTONIC)) }

  /// CLOCK_BOOTTIME.
  package func sinceBoot() -> Instant { Instant(nanoseconds: Self.read(CLOCK_BOOTTIME)) }

  /// CLOCK_REALTIME.
  package func wallClock() -> Timestamp { Timestamp(milliseconds: Self.read(CLOCK_REALTIME) / 1_000_000) }

  private static func read(_ clock: Int32) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}
