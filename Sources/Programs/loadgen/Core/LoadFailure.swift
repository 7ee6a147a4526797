import Glibc

/// Why a run ended early, in words.
struct LoadFailure: Error {
  var reason: String
}

/// The monotonic clock.
func nanoseconds() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
