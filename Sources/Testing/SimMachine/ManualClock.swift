import Machine
package import Units

/// A clock moved by hand. Monotonic time only goes on; the wall clock may be set to anything.
package final class ManualClock: Clock {
  private struct Times {
    var monotonic: Instant
    var wall: Timestamp
    var nanosecondsOfWall: Int64 = 0
  }

  private let times: Locked<Times>

  /// A clock that shows `now` and `wall`.
  package init(
    now: Instant = Instant(nanoseconds: 0), wall: Timestamp = Timestamp(milliseconds: 1_700_000_000_000)
  ) {
    times = Locked(Times(monotonic: now, wall: wall))
  }

  package func now() -> Instant { times.withLock { $0.monotonic } }
  package func wallClock() -> Timestamp { times.withLock { $0.wall } }

  /// Moves both clocks on; a negative time changes nothing.
  package func advance(byMs milliseconds: Int64) {
    times.withLock { times in
      times.monotonic = times.monotonic.advanced(byMs: max(milliseconds, 0))
      times.wall = Timestamp(milliseconds: times.wall.milliseconds &+ max(milliseconds, 0))
    }
  }

  /// Moves both clocks on by less than milliseconds count; the wall clock follows when they add up to one.
  package func advance(byNanoseconds nanoseconds: Int64) {
    times.withLock { times in
      times.monotonic = Instant(nanoseconds: times.monotonic.nanoseconds &+ max(nanoseconds, 0))
      times.nanosecondsOfWall &+= max(nanoseconds, 0)
      times.wall = Timestamp(milliseconds: times.wall.milliseconds &+ times.nanosecondsOfWall / 1_000_000)
      times.nanosecondsOfWall %= 1_000_000
    }
  }

  /// Moves both clocks to the moment `instant` of the monotonic one; a past moment changes nothing.
  package func advance(to instant: Instant) {
    advance(byNanoseconds: times.withLock { instant.nanoseconds &- $0.monotonic.nanoseconds })
  }

  /// Lets the wall clock jump, either way.
  package func jump(byMs milliseconds: Int64) {
    times.withLock { $0.wall = $0.wall.advanced(byMs: milliseconds) }
  }

  /// Lets the wall clock show `wall`.
  package func setWallClock(_ wall: Timestamp) { times.withLock { $0.wall = wall } }
}
