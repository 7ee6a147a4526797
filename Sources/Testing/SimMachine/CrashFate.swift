/// What a power cut leaves of everything that no sync covered.
package struct CrashFate: Sendable {
  /// Which pending changes of names may survive together.
  package enum NameOrder: Sendable {
    /// All changes up to one moment, over the whole volume, and none after: a journalling file system like ext4.
    case ordered
    /// Any set in which each single name changes in its order.
    case adversarial
  }

  enum Kind: Sendable { case worst, best, seeded }

  var kind: Kind
  var names: NameOrder
  var seed: UInt64

  /// Whether everything that was pending survives, save what a failed sync lost.
  package var keepsAll: Bool { kind == .best }

  /// Nothing that was pending survives.
  package static let worst = CrashFate(kind: .worst, names: .adversarial, seed: 0)

  /// Everything that was pending survives, save what a failed sync lost.
  package static let best = CrashFate(kind: .best, names: .adversarial, seed: 0)

  /// Sectors, sizes and names survive as `seed` decides: each sector in any of its versions or torn between two, each
  /// size independent of the bytes. A fixed scenario reaches every legal outcome over the seeds.
  package static func seeded(_ seed: UInt64, names: NameOrder = .adversarial) -> CrashFate {
    CrashFate(kind: .seeded, names: names, seed: seed)
  }

  /// Nothing pending survives, but names keep the order of `names`.
  package static func worst(names: NameOrder) -> CrashFate { CrashFate(kind: .worst, names: names, seed: 0) }
}
