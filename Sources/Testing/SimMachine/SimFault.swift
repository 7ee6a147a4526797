package import Machine

/// A failure that a simulated disk will answer with.
package struct SimFault: Sendable {
  /// Which paths a fault concerns.
  package enum Paths: Sendable {
    case all
    case exactly(String)
    case under(String)
    case ending(String)

    func contains(_ path: String) -> Bool {
      switch self {
      case .all: true
      case .exactly(let whole): path == whole
      case .under(let folder): path.hasPrefix(folder)
      case .ending(let suffix): path.hasSuffix(suffix)
      }
    }
  }

  /// The call that fails; nil for any.
  package var call: DiskError.Call?
  package var paths: Paths
  /// Which of the matching calls fails, counted from 1.
  package var nth: Int
  /// The error number it fails with.
  package var code: Int32
  /// Whether every matching call after that fails too.
  package var isSticky: Bool

  /// A fault in the `nth` matching call from when it is set. A failed `sync` or `syncDirectory` leaves what was pending
  /// readable and never durable; every other failed call has no effect.
  package init(
    _ call: DiskError.Call?, on paths: Paths = .all, nth: Int = 1, code: Int32 = 5, isSticky: Bool = false
  ) {
    self.call = call
    self.paths = paths
    self.nth = nth
    self.code = code
    self.isSticky = isSticky
  }
}

/// Where in the work of a disk a mutating call stood: its kind and the kind of its file. For coverage counts.
package struct SimSite: Hashable, Sendable {
  package var call: DiskError.Call
  package var fileClass: String

  package init(call: DiskError.Call, fileClass: String) {
    self.call = call
    self.fileClass = fileClass
  }
}
