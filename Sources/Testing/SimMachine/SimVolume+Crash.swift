extension SimVolume {
  /// The volume as it is found after a power cut now.
  func afterCrash(_ fate: CrashFate) -> SimVolume {
    var survivor = self
    survivor.settle(fate)
    return survivor
  }

  private mutating func settle(_ fate: CrashFate) {
    var random = SeededRandom(seed: fate.seed)
    let hadNames = !names.isEmpty || !unnamed.isEmpty
    for part in names.undone(by: fate, using: &random) { set(part.place, to: part.before) }
    names = NameLog()
    handles = [:]
    // Sorted, so that the seed alone decides which file gets which random numbers.
    for node in dirty.sorted(by: { $0.number < $1.number }) {
      switch fate.kind {
      case .worst: files[node]?.settleWorst()
      case .best: files[node]?.settleBest(sectorSize: sectorSize)
      case .seeded: files[node]?.settle(using: &random, sectorSize: sectorSize)
      }
    }
    dirty = []
    if hadNames { sweep() }
    usedPages = files.sum { $0.chargedPages }
  }

  /// Forgets what no name leads to, and counts the names anew.
  private mutating func sweep() {
    var links = NodeTable<Int>()
    links[.root] = 1
    var found: [NodeID] = [.root]
    var queue: [NodeID] = [.root]
    while let folder = queue.popLast() {
      for node in folders[folder]?.entries.values ?? [:].values {
        if let count = links[node] {
          links[node] = count + 1
          continue
        }
        links[node] = 1
        found.append(node)
        if node.isFolder { queue.append(node) }
      }
    }
    files.filter { links[NodeID(number: $0, isFolder: false)] != nil }
    folders.filter { links[NodeID(number: $0, isFolder: true)] != nil }
    for node in found {
      guard let count = links[node] else { continue }
      if node.isFolder {
        folders[node]?.links = count
        folders[node]?.pins = 0
      } else {
        files[node]?.links = count
        files[node]?.pins = 0
        files[node]?.isFreed = false
      }
    }
    unnamed = []
  }
}
