/// What the device holds of one file's pending changes after a power cut.
extension SimContent {
  /// Takes everything back that no sync covered.
  mutating func settleWorst() {
    for change in changes.reversed() { undo(change) }
    finish(size: durableSize, reservedPages: durableReservedPages)
  }

  /// Keeps everything but what a failed sync lost.
  mutating func settleBest(sectorSize: Int) {
    makeDurable(sectorSize: sectorSize)
    if hasLost { settleWorst() } else { finish(size: size, reservedPages: reservedPages) }
  }

  /// Chooses for each sector one of its versions or a mix of two, and a size, each on its own.
  mutating func settle(using random: inout SeededRandom, sectorSize: Int) {
    // How much of this file got through: chosen per file, so that "all but one sector" is as likely as "half of them".
    let keep = [0, 60, 500, 940, 1000][random.below(5)]
    var touches: [(sector: Int, change: Int)] = []
    for (index, change) in changes.enumerated() {
      for sector in Self.sectors(change.range, of: sectorSize) { touches.append((sector, index)) }
    }
    touches.sort { ($0.sector, $0.change) < ($1.sector, $1.change) }
    var start = 0
    while start < touches.count {
      var end = start + 1
      while end < touches.count, touches[end].sector == touches[start].sector { end += 1 }
      settle(sector: touches[start].sector, touched: touches[start..<end].map(\.change), keep, &random, sectorSize)
      start = end
    }
    let candidates = sizes.filter { !$0.isLost }.map(\.value)
    var newSize = durableSize
    if let last = candidates.last, random.chance(permille: keep == 0 || keep == 1000 ? keep : 600) {
      newSize = random.chance(permille: 600) ? last : candidates[random.below(candidates.count)]
    }
    let reserved = random.chance(permille: 500) ? reservedPages : min(reservedPages, durableReservedPages)
    finish(size: newSize, reservedPages: reserved)
  }

  private mutating func settle(
    sector: Int, touched: [Int], _ keep: Int, _ random: inout SeededRandom, _ sectorSize: Int
  ) {
    let range = sector * sectorSize..<(sector + 1) * sectorSize
    /// Version 0 is the durable one, version n the one after the n-th change of `touched`.
    let versions = [0] + touched.indices.filter { !changes[touched[$0]].isLost }.map { $0 + 1 }
    func choose() -> Int {
      if !random.chance(permille: keep) { return 0 }
      return random.chance(permille: 600) ? versions[versions.count - 1] : versions[random.below(versions.count)]
    }
    var choices = [choose()]
    if versions.count > 1, random.chance(permille: 60) { choices.append(versions[random.below(versions.count)]) }
    var content = bytes.bytes(range)
    if choices.count == 1, choices[0] == touched.count { return }
    var found = [[UInt8]](repeating: [], count: choices.count)
    for version in (0...touched.count).reversed() {
      for (index, choice) in choices.enumerated() where choice == version { found[index] = content }
      if version > 0 { changes[touched[version - 1]].takeBack(from: &content, at: range) }
    }
    var result = found[0]
    if found.count == 2 {
      let tear = 1 + random.below(sectorSize - 1)
      result.replaceSubrange(tear..., with: found[1][tear...])
    }
    result.withUnsafeBytes { bytes.write($0, at: range.lowerBound) }
  }

  private mutating func finish(size newSize: Int, reservedPages reserved: Int) {
    size = newSize
    durableSize = newSize
    bytes.cut(to: newSize)
    changes = []
    sizes = []
    hasLost = false
    isListed = false
    reservedPages = reserved
    durableReservedPages = reserved
    recount()
  }
}

extension SimContent.Change {
  /// Puts what stood there before this change into `content`, the bytes of `window`.
  func takeBack(from content: inout [UInt8], at window: Range<Int>) {
    let overlap = range.clamped(to: window)
    guard !overlap.isEmpty else { return }
    let target = overlap.lowerBound - window.lowerBound..<overlap.upperBound - window.lowerBound
    if before.isEmpty {
      for index in target { content[index] = 0 }
    } else {
      content.replaceSubrange(target, with: before[overlap.lowerBound - position..<overlap.upperBound - position])
    }
  }
}
