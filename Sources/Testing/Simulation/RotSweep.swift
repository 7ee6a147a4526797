import SimMachine
import Units

/// Damages files at rest, one at a time, and starts the node on them: it refuses, or says which range is damaged, or
/// answers as if nothing had happened. It never gives other bytes, and never silently less.
package struct RotSweep {
  /// What was done to a file.
  package enum Damage: String, CaseIterable, Sendable {
    case flip = "bit flipped"
    case cut = "cut short"
    case extended = "made longer"
    case removed
    case exchanged = "exchanged with another"
    case doubled = "copied over another"
    case misdirected = "write gone astray"
  }

  /// What was damaged, and how.
  package struct Case: Hashable, Sendable {
    package var damage: Damage
    package var fileClass: String
  }

  /// What became of the damage, per kind of file.
  package struct Tally: Sendable {
    package var refused: [Case: Int] = [:]
    package var reported: [Case: Int] = [:]
    package var harmless: [Case: Int] = [:]
    /// Frames cut off because no later frame had seen them synced.
    package var unwitnessed: [Case: Int] = [:]

    package init() {}

    package var total: Int {
      [refused, reported, harmless, unwitnessed].reduce(0) { $0 + $1.values.reduce(0, +) }
    }

    package static func += (sum: inout Tally, more: Tally) {
      sum.refused.merge(more.refused, uniquingKeysWith: +)
      sum.reported.merge(more.reported, uniquingKeysWith: +)
      sum.harmless.merge(more.harmless, uniquingKeysWith: +)
      sum.unwitnessed.merge(more.unwitnessed, uniquingKeysWith: +)
    }

    mutating func add(_ verdict: RotFolder.Verdict, _ what: Case) {
      switch verdict {
      case .refused: refused[what, default: 0] += 1
      case .reported: reported[what, default: 0] += 1
      case .harmless: harmless[what, default: 0] += 1
      case .unwitnessed: unwitnessed[what, default: 0] += 1
      }
    }

    /// A line for each kind of damage and file, and their sum.
    package var summary: String {
      let all = Set([refused, reported, harmless, unwitnessed].flatMap(\.keys))
      let cases = all.sorted { ($0.damage.rawValue, $0.fileClass) < ($1.damage.rawValue, $1.fileClass) }
      func line(_ name: String, _ count: ([Case: Int]) -> Int) -> String {
        "\(name): start refused \(count(refused)), range reported \(count(reported)), harmless \(count(harmless)), "
          + "cut without a witness \(count(unwitnessed))"
      }
      let lines = cases.map { what in line("\(what.damage.rawValue), \(what.fileClass)") { $0[what] ?? 0 } }
      return (lines + [line("in all \(total)") { $0.values.reduce(0, +) }]).joined(separator: "\n")
    }
  }

  private let folder: RotFolder
  private var random: SeededRandom
  package private(set) var tally = Tally()

  /// A data folder of `kind` with something in every file, its power cut after it had been idle for a moment, or,
  /// without `idles`, before.
  package init(_ kind: TrialKind = .log, seed: UInt64, operations: Int, idles: Bool = true) throws(SimFailure) {
    random = SeededRandom(seed: seed)
    folder = try RotFolder(kind, seed: seed, operations: operations, idles: idles)
  }

  /// The files, and how long they are.
  private var files: [(path: String, size: Int)] {
    folder.disk.paths.filter { $0 != "lock" }.map { ($0, folder.disk.contents($0)?.count ?? 0) }
  }

  /// Flips `count` bits, chosen over all files so that small files get their share.
  package mutating func flipBits(_ count: Int) throws(SimFailure) {
    let files = files.filter { $0.size > 0 }
    for _ in 0..<count {
      let (path, size) = files[random.below(files.count)]
      let position = random.below(size), bit = random.below(8)
      try judge("flip of bit \(bit) of byte \(position) of \(path)", path, .flip) {
        $0.flipBit(path, at: FilePosition(Int64(position)), bit: bit)
      }
    }
  }

  /// Cuts, removes, exchanges and doubles files.
  package mutating func mixUpFiles() throws(SimFailure) {
    let files = files
    for (path, size) in files {
      for cut in Set([0, size / 3, size / 2, max(size - 1, 0)]).sorted() {
        try judge("\(path) cut to \(cut) of \(size) bytes", path, .cut) { $0.setSize(path, to: ByteCount(cut)) }
      }
      try judge("\(path) made longer", path, .extended) { $0.setSize(path, to: ByteCount(size + 5_000)) }
      try judge("\(path) removed", path, .removed) { $0.deleteAtRest(path) }
      for (other, _) in files where other > path && FileClass.of(other) == FileClass.of(path) {
        try judge("\(path) and \(other) exchanged", path, .exchanged) { $0.swapAtRest(path, other) }
        try judge("\(path) copied over \(other)", path, .doubled) { $0.duplicateAtRest(path, as: other) }
        try judge("\(other) copied over \(path)", path, .doubled) { $0.duplicateAtRest(other, as: path) }
      }
    }
  }

  /// Without any index file, everything is still there.
  package mutating func removeIndexes() throws(SimFailure) {
    let copy = folder.disk.afterCrash(.best)
    for path in copy.paths where path.hasSuffix(".blocks") { copy.deleteAtRest(path) }
    guard try folder.judge(copy, "all indexes removed") == .harmless else { throw .wrong("indexes were missed") }
  }

  private mutating func judge(
    _ what: String, _ path: String, _ damage: Damage, _ spoil: (SimDisk) -> Bool
  ) throws(SimFailure) {
    let copy = folder.disk.afterCrash(.best)
    guard spoil(copy) else { return }
    tally.add(try folder.judge(copy, what), Case(damage: damage, fileClass: FileClass.of(path)))
  }
}
