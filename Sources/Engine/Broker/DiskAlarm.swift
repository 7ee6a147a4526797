package import Machine
import Units

/// How full the volume is, in steps that are told once when they are reached and once when they are left.
package struct DiskAlarm: Equatable, Sendable {
  package enum Level: Int, Comparable, CaseIterable, Sendable {
    case none, warning, critical

    package static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }

    /// The percentage of the volume in use at which it is reached.
    package var percent: Double {
      switch self {
      case .none: 0
      case .warning: 85
      case .critical: 95
      }
    }
  }

  /// A level is left so many points below where it was reached, so that it is not told again and again.
  package static let hysteresisPercent = 2.0

  package private(set) var level = Level.none

  package init() {}

  /// The percentage of `space` in use.
  package static func percentUsed(_ space: VolumeSpace) -> Double {
    guard space.total > .zero else { return 0 }
    let used = max(space.total.value - space.available.value, 0)
    return Double(used) * 100 / Double(space.total.value)
  }

  /// Takes a measurement in; the new level, when it is another.
  package mutating func observe(_ space: VolumeSpace) -> Level? {
    let percent = Self.percentUsed(space)
    let before = level
    let reached = Level.allCases.last { percent >= $0.percent } ?? .none
    let held = Level.allCases.last { percent >= $0.percent - Self.hysteresisPercent } ?? .none
    level = max(reached, min(before, held))
    return level == before ? nil : level
  }
}
