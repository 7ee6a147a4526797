import Machine
import Units

/// The time of a run.
enum Moment {
  private static let clock = SystemClock()

  /// Milliseconds of the monotonic clock.
  static func nowMs() -> Int { Int(clock.now().nanoseconds / 1_000_000) }
}
