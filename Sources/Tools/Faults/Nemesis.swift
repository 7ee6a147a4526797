import SimMachine

/// Chooses what goes wrong next, from a seed: first every kind once, then bag after bag in which the kinds have their share.
package struct Nemesis: Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    case kill, pause, cut, isolate, weather, killWorker
  }

  package enum Fault: Equatable, Sendable {
    /// The server is killed and started again after that time.
    case kill(downMs: Int)
    /// The server stands still for that time (SIGSTOP).
    case pause(ms: Int)
    /// Every connection is cut at once.
    case cut
    /// Every connection is cut, and none is let in for that time.
    case isolate(ms: Int)
    /// The proxy's weather from now on, until the next one.
    case weather(Weather.Kind)
    /// A worker is killed and started again: the one with this number, counted round.
    case killWorker(Int)

    package var kind: Kind {
      switch self {
      case .kill: .kill
      case .pause: .pause
      case .cut: .cut
      case .isolate: .isolate
      case .weather: .weather
      case .killWorker: .killWorker
      }
    }
  }

  private static let full: [Kind] = [
    .kill, .kill, .kill, .pause, .cut, .isolate, .weather, .weather, .weather, .killWorker, .killWorker, .killWorker,
  ]

  private var random: SeededRandom
  private var bag: [Kind]
  private var weathers: [Weather.Kind] = []
  private let longestPauseMs: Int
  private let pace: Int

  /// The faults that belong to `seed`. In a short run no pause takes more than a tenth of it. With a `pace` above 1 they
  /// come that much more slowly, for a server that takes long to start.
  package init(seed: UInt64, runMs: Int, pace: Int = 1) {
    self.pace = pace
    random = SeededRandom(seed: seed)
    bag = Kind.allCases.shuffled(using: &random)
    longestPauseMs = min(max(runMs / 10, 1_000), 20_000)
  }

  /// How long to wait, in milliseconds, and what to do then.
  package mutating func next() -> (waitMs: Int, fault: Fault) {
    if bag.isEmpty { bag = Self.full.shuffled(using: &random) }
    let kind = bag.removeLast()
    let fault: Fault =
      switch kind {
      case .kill: .kill(downMs: random.chance(permille: 700) ? 0 : random.below(2_000))
      case .pause: .pause(ms: 1_000 + random.below(longestPauseMs - 999))
      case .cut: .cut
      case .isolate: .isolate(ms: 200 + random.below(min(longestPauseMs, 5_000)))
      case .weather: .weather(nextWeather())
      case .killWorker: .killWorker(random.below(1_000))
      }
    return ((300 + random.below(2_700)) * pace, fault)
  }

  private mutating func nextWeather() -> Weather.Kind {
    if weathers.isEmpty { weathers = [.cuts, .delays, .disorder].shuffled(using: &random) + [.calm] }
    return weathers.removeFirst()
  }
}
