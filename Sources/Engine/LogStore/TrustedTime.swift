import Machine
package import Units

/// The wall clock as far as it can be believed: what is deleted by age must not go because somebody set the clock.
///
/// As long as the wall clock moves with the monotonic one, give or take an hour, it is followed. After a larger jump time
/// goes on from where it was, until the clock comes back or has stood by its new time for a day.
package struct TrustedTime: Sendable {
  /// A jump larger than this is not believed at once.
  package static let toleranceMs: Int64 = 3_600_000
  /// A jump that has lasted so long is.
  package static let confirmationMs: Int64 = 24 * 3_600_000

  private var wall: Timestamp
  private var monotonic: Instant
  private var suspectSince: Instant?

  /// Believes the wall clock as it is now.
  package init(wall: Timestamp, monotonic: Instant) {
    self.wall = wall
    self.monotonic = monotonic
  }

  /// The time to go by, and whether the wall clock is in doubt, so that nothing should be deleted by age.
  package mutating func read(wall now: Timestamp, monotonic moment: Instant) -> (time: Timestamp, isInDoubt: Bool) {
    let passed = max(moment.nanoseconds &- monotonic.nanoseconds, 0) / 1_000_000
    let expected = Timestamp(milliseconds: wall.milliseconds &+ passed)
    let jump = now.milliseconds.subtracted(expected.milliseconds)
    #if PLANTED_BUGS
      if PlantedBug.is(.jumpBelieved) { return believe(now, moment) }
    #endif
    if jump >= -Self.toleranceMs, jump <= Self.toleranceMs { return believe(now, moment) }
    let since = suspectSince ?? moment
    suspectSince = since
    if moment.nanoseconds &- since.nanoseconds >= Self.confirmationMs * 1_000_000 { return believe(now, moment) }
    return (expected, true)
  }

  private mutating func believe(_ now: Timestamp, _ moment: Instant) -> (time: Timestamp, isInDoubt: Bool) {
    wall = now
    monotonic = moment
    suspectSince = nil
    return (now, false)
  }
}

extension LogStore {
  /// The time to go by where age decides, and whether the wall clock is in doubt.
  package func trustedNow() -> (time: Timestamp, isInDoubt: Bool) {
    trustedTime.read(wall: clock.wallClock(), monotonic: clock.now())
  }
}
