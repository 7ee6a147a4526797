/// A file or folder of a simulated disk; numbers are never used twice.
struct NodeID: Hashable, Sendable {
  var number: Int
  var isFolder: Bool

  static let root = NodeID(number: 0, isFolder: true)
}

/// One folder: its names as calls see them.
struct SimFolder: Sendable {
  var entries: [String: NodeID] = [:]
  /// Names that lead here now.
  var links = 0
  /// Pending name changes that, taken back, would lead here again.
  var pins = 0
}

/// A change of names that no folder sync has made durable; a rename has two parts.
struct NameOperation: Sendable {
  struct Part: Sendable {
    var folder: NodeID
    var name: String
    var before: NodeID?
    var after: NodeID?

    var place: Place { Place(folder: folder, name: name) }
  }

  /// A name in a folder.
  struct Place: Hashable, Sendable {
    var folder: NodeID
    var name: String
  }

  var sequence: Int
  var parts: [Part]
  /// A folder sync failed over it: no later sync makes it durable.
  var isLost = false
}

/// The name changes that are pending on a volume, in the order they were made.
struct NameLog: Sendable {
  private(set) var operations: [NameOperation] = []
  /// The number of the last change made.
  private(set) var last = 0
  /// On a file system that orders names, everything up to here is durable.
  private(set) var committed = 0

  var isEmpty: Bool { operations.isEmpty }

  mutating func append(_ parts: [NameOperation.Part]) {
    last += 1
    operations.append(NameOperation(sequence: last, parts: parts))
  }

  /// A folder sync that succeeded; answers the parts that are durable now.
  mutating func makeDurable(_ folder: NodeID) -> [NameOperation.Part] {
    // A name that changed again after a failed sync is written anew, whatever became of the lost change.
    var rewritten: [NameOperation.Place: Int] = [:]
    for operation in operations where !operation.isLost {
      for part in operation.parts where part.folder == folder {
        rewritten[part.place] = operation.sequence
        committed = max(committed, operation.sequence)
      }
    }
    var settled: [NameOperation.Part] = []
    for index in operations.indices {
      let sequence = operations[index].sequence
      operations[index].parts.removeAll { part in
        guard let until = rewritten[part.place], sequence <= until else { return false }
        settled.append(part)
        return true
      }
    }
    operations.removeAll(where: \.parts.isEmpty)
    return settled
  }

  /// A folder sync that failed.
  mutating func lose(_ folder: NodeID) {
    for index in operations.indices where operations[index].parts.contains(where: { $0.folder == folder }) {
      operations[index].isLost = true
    }
  }

  /// Chooses what a power cut takes back, last change first.
  func undone(by fate: CrashFate, using random: inout SeededRandom) -> [NameOperation.Part] {
    var survivors = Set<Int>()
    switch (fate.kind, fate.names) {
    case (.worst, .adversarial): break
    case (.worst, .ordered): survivors = prefix(through: committed)
    case (.best, _): survivors = subset { _ in true }
    case (.seeded, .ordered):
      let pending = operations.filter { $0.sequence > committed }.map(\.sequence)
      let cut = random.below(pending.count + 1)
      survivors = prefix(through: cut == 0 ? committed : pending[cut - 1])
    case (.seeded, .adversarial):
      let keep = [0, 100, 500, 900, 1000][random.below(5)]
      survivors = subset { _ in random.chance(permille: keep) }
    }
    return operations.reversed().filter { !survivors.contains($0.sequence) }.flatMap { $0.parts.reversed() }
  }

  private func prefix(through sequence: Int) -> Set<Int> { subset { $0.sequence <= sequence } }

  /// The changes that `isKept` keeps, held to causality: none survives an earlier one of the same name that did not.
  private func subset(_ isKept: (NameOperation) -> Bool) -> Set<Int> {
    var gone: Set<NameOperation.Place> = []
    var survivors: Set<Int> = []
    for operation in operations {
      if !operation.isLost, !operation.parts.contains(where: { gone.contains($0.place) }), isKept(operation) {
        survivors.insert(operation.sequence)
      } else {
        gone.formUnion(operation.parts.map(\.place))
      }
    }
    return survivors
  }
}
