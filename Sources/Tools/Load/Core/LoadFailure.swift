import Glibc

/// Why a run ended early, in words.
package struct LoadFailure: Error, CustomStringConvertible {
  var reason: String

  package var description: String { reason }
}

/// The monotonic clock.
func nanoseconds() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
