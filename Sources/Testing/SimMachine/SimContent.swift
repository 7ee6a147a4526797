/// One file of a simulated disk: its bytes as reads see them, and how to take back what no sync has made durable.
///
/// Every change since the last successful sync keeps the bytes it replaced. Undoing the changes that touch a sector, one
/// by one from the last, gives the versions of that sector that the device may hold after a power cut.
struct SimContent: Sendable {
  /// A change of bytes that is not durable yet.
  struct Change: Sendable {
    var position: Int
    var count: Int
    /// What stood there; empty for zeros.
    var before: [UInt8]
    /// A sync failed over it: it stays readable, but no later sync makes it durable.
    var isLost = false

    var range: Range<Int> { position..<position + count }
  }

  /// A size that is not durable yet.
  struct Size: Sendable {
    var value: Int
    var isLost = false
  }

  var bytes = SparseBytes()
  var size = 0
  var durableSize = 0
  var changes: [Change] = []
  var sizes: [Size] = []
  /// Pages from the first on that were set aside, and how many of them a power cut cannot take.
  var reservedPages = 0
  var durableReservedPages = 0
  /// Pages the file holds on the volume, set aside or written.
  var chargedPages = 0
  /// Names that lead here now.
  var links = 0
  /// Pending name changes that, taken back, would lead here again.
  var pins = 0
  var hasLost = false
  /// It is on its volume's list of dirty files.
  var isListed = false
  /// Its pages were given back: no name and no handle leads here.
  var isFreed = false

  var isDirty: Bool { !changes.isEmpty || !sizes.isEmpty || reservedPages != durableReservedPages }

  static func pages(_ size: Int) -> Int { (size + SparseBytes.pageSize - 1) / SparseBytes.pageSize }

  /// How many more pages a write to `range` takes.
  func pagesNeeded(_ range: Range<Int>) -> Int {
    guard !range.isEmpty else { return 0 }
    let first = max(range.lowerBound / SparseBytes.pageSize, reservedPages)
    let end = Self.pages(range.upperBound)
    return first < end ? end - first - bytes.writtenPages(from: first, below: end) : 0
  }

  /// How many more pages setting `count` leading pages aside takes.
  func pagesNeeded(reserving count: Int) -> Int {
    count > reservedPages ? count - reservedPages - bytes.writtenPages(from: reservedPages, below: count) : 0
  }

  mutating func write(_ source: UnsafeRawBufferPointer, at position: Int, keepsHistory: Bool) {
    let range = position..<position + source.count
    chargedPages += pagesNeeded(range)
    if keepsHistory {
      remember(range)
      if range.upperBound > size || (hasLost && range.upperBound > durableSize) {
        sizes.append(Size(value: max(size, range.upperBound)))
      }
    }
    bytes.write(source, at: position)
    size = max(size, range.upperBound)
    if !keepsHistory { durableSize = size }
  }

  mutating func truncate(to newSize: Int, keepsHistory: Bool) {
    if newSize < size {
      if keepsHistory, bytes.isWritten(newSize..<size) { remember(newSize..<size) }
      bytes.cut(to: newSize)
    }
    // Sectors freed by the cut are this file's own again after a crash: only the count in use shrinks.
    reservedPages = min(reservedPages, Self.pages(newSize))
    if newSize != size, keepsHistory { sizes.append(Size(value: newSize)) }
    size = newSize
    if !keepsHistory {
      durableSize = newSize
      durableReservedPages = reservedPages
    }
    recount()
  }

  mutating func reserve(pages count: Int, keepsHistory: Bool) {
    chargedPages += pagesNeeded(reserving: count)
    reservedPages = max(reservedPages, count)
    if !keepsHistory { durableReservedPages = reservedPages }
  }

  /// A sync that succeeded: what is pending is durable, what an earlier sync lost stays lost, save where a later write
  /// to the same sector carried its bytes along.
  mutating func makeDurable(sectorSize: Int) {
    durableReservedPages = reservedPages
    guard hasLost else {
      durableSize = size
      changes.removeAll(keepingCapacity: true)
      sizes.removeAll(keepingCapacity: true)
      return
    }
    if sizes.contains(where: { !$0.isLost }) {
      durableSize = size
      sizes.removeAll()
    }
    var carried: Set<Int> = []
    for change in changes where !change.isLost { carried.formUnion(Self.sectors(change.range, of: sectorSize)) }
    changes = changes.filter(\.isLost).flatMap { $0.parts(of: sectorSize, where: { !carried.contains($0) }) }
    hasLost = !changes.isEmpty || !sizes.isEmpty
  }

  /// A sync that failed: what is pending is clean now, and not durable.
  mutating func loseDirty() {
    for index in changes.indices { changes[index].isLost = true }
    for index in sizes.indices { sizes[index].isLost = true }
    hasLost = !changes.isEmpty || !sizes.isEmpty
  }

  /// Lets go of what a failed sync left in the cache: reads see the device again, save in sectors written since.
  mutating func dropLost(sectorSize: Int) {
    guard hasLost else { return }
    var dirty: Set<Int> = []
    for change in changes where !change.isLost { dirty.formUnion(Self.sectors(change.range, of: sectorSize)) }
    for change in changes.reversed() where change.isLost {
      for part in change.parts(of: sectorSize, where: { !dirty.contains($0) }) { undo(part) }
    }
    changes = changes.flatMap { change in
      change.isLost ? change.parts(of: sectorSize, where: dirty.contains) : [change]
    }
    sizes.removeAll(where: \.isLost)
    if sizes.isEmpty {
      size = max(durableSize, changes.filter { !$0.isLost }.map(\.range.upperBound).max() ?? 0)
      if size > durableSize { sizes.append(Size(value: size)) }
    }
    bytes.cut(to: size)
    hasLost = changes.contains(where: \.isLost)
    recount()
  }

  mutating func undo(_ change: Change) {
    if change.before.isEmpty {
      bytes.zero(change.range)
    } else {
      change.before.withUnsafeBytes { bytes.write($0, at: change.position) }
    }
  }

  mutating func recount() { chargedPages = reservedPages + bytes.writtenPages(from: reservedPages) }

  private mutating func remember(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    let before = bytes.isWritten(range) ? bytes.bytes(range) : []
    changes.append(Change(position: range.lowerBound, count: range.count, before: before))
  }

  static func sectors(_ range: Range<Int>, of sectorSize: Int) -> Range<Int> {
    range.isEmpty ? 0..<0 : range.lowerBound / sectorSize..<(range.upperBound - 1) / sectorSize + 1
  }
}

extension SimContent.Change {
  /// The parts of this change in the sectors that `isWanted` names.
  func parts(of sectorSize: Int, where isWanted: (Int) -> Bool) -> [SimContent.Change] {
    let own = SimContent.sectors(range, of: sectorSize)
    if own.allSatisfy(isWanted) { return [self] }
    return own.filter(isWanted).map { sector in
      part(range.clamped(to: sector * sectorSize..<(sector + 1) * sectorSize))
    }
  }

  /// The part of this change within `part`, which lies in its range.
  func part(_ part: Range<Int>) -> SimContent.Change {
    var copy = self
    copy.position = part.lowerBound
    copy.count = part.count
    if !before.isEmpty { copy.before = Array(before[part.lowerBound - position..<part.upperBound - position]) }
    return copy
  }
}
