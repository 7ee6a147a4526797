/// The bytes of a simulated file in pages that copies share until one of them writes. Unwritten pages take no memory
/// and read as zeros. Positions are never negative here.
struct SparseBytes: Sendable {
  static let pageSize = 4096

  /// An empty array stands for a page of zeros that was never written.
  private var pages: [[UInt8]] = []

  /// The number of pages that were written, from page `first` on.
  func writtenPages(from first: Int, below end: Int = .max) -> Int {
    let last = min(end, pages.count)
    return first < last ? pages[first..<last].reduce(0) { $0 + ($1.isEmpty ? 0 : 1) } : 0
  }

  /// Whether page `index` was written.
  func isWritten(page index: Int) -> Bool { index < pages.count && !pages[index].isEmpty }

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
        pages[page].withUnsafeBytes {
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
      materialise(page: page)
      pages[page].withUnsafeMutableBytes {
        UnsafeMutableRawBufferPointer(rebasing: $0[offset..<offset + count]).copyMemory(from: part)
      }
      done += count
    }
  }

  /// Makes `range` zeros without taking memory for it.
  mutating func zero(_ range: Range<Int>) {
    var at = range.lowerBound
    let end = min(range.upperBound, pages.count * Self.pageSize)
    while at < end {
      let (page, offset) = at.quotientAndRemainder(dividingBy: Self.pageSize)
      let count = min(Self.pageSize - offset, end - at)
      if isWritten(page: page) {
        pages[page].withUnsafeMutableBytes {
          for index in offset..<offset + count { $0[index] = 0 }
        }
      }
      at += count
    }
  }

  /// Forgets all bytes from `size` on.
  mutating func cut(to size: Int) {
    let keep = (size + Self.pageSize - 1) / Self.pageSize
    if keep < pages.count { pages.removeLast(pages.count - keep) }
    zero(size..<max(size, keep * Self.pageSize))
  }

  private mutating func materialise(page: Int) {
    while pages.count <= page { pages.append([]) }
    if pages[page].isEmpty { pages[page] = [UInt8](repeating: 0, count: Self.pageSize) }
  }
}
