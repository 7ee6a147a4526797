/// The bytes of a simulated file in pages that copies share until one of them writes. Unwritten pages take no memory
/// and read as zeros. Positions are never negative here.
struct SparseBytes: Sendable {
  static let pageSize = 4096

  /// Pages kept together, so that a copy of a large file costs a short list.
  private static let pagesPerGroup = 64

  /// An empty array stands for a page of zeros that was never written, an empty group for a group of such pages.
  private var groups: [[[UInt8]]] = []
  private var writtenCount = 0

  private var pageCount: Int { groups.count * Self.pagesPerGroup }

  /// The number of pages that were written, from page `first` on.
  func writtenPages(from first: Int, below end: Int = .max) -> Int {
    if first == 0, end >= pageCount { return writtenCount }
    var count = 0
    var page = first
    while page < min(end, pageCount) {
      if groups[page / Self.pagesPerGroup].isEmpty {
        page = (page / Self.pagesPerGroup + 1) * Self.pagesPerGroup
      } else {
        count += isWritten(page: page) ? 1 : 0
        page += 1
      }
    }
    return count
  }

  /// Whether page `index` was written.
  func isWritten(page index: Int) -> Bool {
    let (group, place) = index.quotientAndRemainder(dividingBy: Self.pagesPerGroup)
    return group < groups.count && !groups[group].isEmpty && !groups[group][place].isEmpty
  }

  /// Whether any page that `range` touches was written.
  func isWritten(_ range: Range<Int>) -> Bool {
    guard !range.isEmpty else { return false }
    let first = range.lowerBound / Self.pageSize
    return writtenPages(from: first, below: (range.upperBound - 1) / Self.pageSize + 1) > 0
  }

  func read(into buffer: UnsafeMutableRawBufferPointer, at position: Int) {
    var done = 0
    while done < buffer.count {
      let (page, offset) = (position + done).quotientAndRemainder(dividingBy: Self.pageSize)
      let count = min(Self.pageSize - offset, buffer.count - done)
      let target = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count])
      if isWritten(page: page) {
        groups[page / Self.pagesPerGroup][page % Self.pagesPerGroup].withUnsafeBytes {
          target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count]))
        }
      } else {
        target.initializeMemory(as: UInt8.self, repeating: 0)
      }
      done += count
    }
  }

  func bytes(_ range: Range<Int>) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      read(into: UnsafeMutableRawBufferPointer(buffer), at: range.lowerBound)
      count = range.count
    }
  }

  mutating func write(_ source: UnsafeRawBufferPointer, at position: Int) {
    var done = 0
    while done < source.count {
      let (page, offset) = (position + done).quotientAndRemainder(dividingBy: Self.pageSize)
      let count = min(Self.pageSize - offset, source.count - done)
      let part = UnsafeRawBufferPointer(rebasing: source[done..<done + count])
      change(page: page) {
        UnsafeMutableRawBufferPointer(rebasing: $0[offset..<offset + count]).copyMemory(from: part)
      }
      done += count
    }
  }

  /// Makes `range` zeros without taking memory for it.
  mutating func zero(_ range: Range<Int>) {
    var at = range.lowerBound
    let end = min(range.upperBound, pageCount * Self.pageSize)
    while at < end {
      let (page, offset) = at.quotientAndRemainder(dividingBy: Self.pageSize)
      let count = min(Self.pageSize - offset, end - at)
      if isWritten(page: page) {
        change(page: page) { bytes in
          for index in offset..<offset + count { bytes[index] = 0 }
        }
      }
      at += count
    }
  }

  /// Forgets all bytes from `size` on.
  mutating func cut(to size: Int) {
    let keep = (size + Self.pageSize - 1) / Self.pageSize
    let keptGroups = (keep + Self.pagesPerGroup - 1) / Self.pagesPerGroup
    let end = min(keep, pageCount)
    if writtenPages(from: end) > 0 {
      writtenCount -= writtenPages(from: end)
      for page in end..<min(keptGroups * Self.pagesPerGroup, pageCount) where isWritten(page: page) {
        groups[page / Self.pagesPerGroup][page % Self.pagesPerGroup] = []
      }
    }
    if keptGroups < groups.count { groups.removeLast(groups.count - keptGroups) }
    zero(size..<max(size, keep * Self.pageSize))
  }

  private mutating func change(page: Int, _ body: (UnsafeMutableRawBufferPointer) -> Void) {
    let (group, place) = page.quotientAndRemainder(dividingBy: Self.pagesPerGroup)
    while groups.count <= group { groups.append([]) }
    if groups[group].isEmpty { groups[group] = Array(repeating: [], count: Self.pagesPerGroup) }
    if groups[group][place].isEmpty {
      groups[group][place] = [UInt8](repeating: 0, count: Self.pageSize)
      writtenCount += 1
    }
    groups[group][place].withUnsafeMutableBytes { body($0) }
  }
}
