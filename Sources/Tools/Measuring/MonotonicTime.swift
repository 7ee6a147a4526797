import Glibc

/// The monotonic clock, in nanoseconds.
package func nanoseconds() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// Waits until the monotonic clock shows `moment`.
package func wait(until moment: Int64) {
  while true {
    let left = moment - nanoseconds()
    guard left > 0 else { return }
    var time = timespec(tv_sec: Int(left / 1_000_000_000), tv_nsec: Int(left % 1_000_000_000))
    nanosleep(&time, nil)
  }
}
