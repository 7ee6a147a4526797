import SimMachine

/// What happens to a frame.
package enum FrameFate: Equatable, Sendable {
  case pass
  case hold(ms: Int)
  /// The first `bytes` go on, then the connection ends on both sides.
  case cut(bytes: Int)
}

/// Decides the fate of one connection's frames, from a seed.
package struct FramePlan: Sendable {
  private var random: SeededRandom

  /// The plan that belongs to the seed of a run and the number of a connection in it.
  package init(seed: UInt64, connection: Int) {
    random = SeededRandom(seed: seed ^ (UInt64(truncatingIfNeeded: connection) &* 0x9e37_79b9_7f4a_7c15))
  }

  package mutating func fate(of sight: FrameSight, in weather: Weather) -> FrameFate {
    if random.chance(permille: weather.cutPermille) { return .cut(bytes: random.below(2) * sight.size) }
    if random.chance(permille: weather.tearPermille) { return .cut(bytes: 1 + random.below(max(sight.size - 1, 1))) }
    if sight.changes, random.chance(permille: weather.changeHoldPermille) {
      return .hold(ms: 1 + random.below(weather.longestChangeHoldMs))
    }
    if random.chance(permille: weather.holdPermille) { return .hold(ms: 1 + random.below(weather.longestHoldMs)) }
    return .pass
  }
}
