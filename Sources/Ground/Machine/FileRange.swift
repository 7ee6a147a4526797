package import ByteCodec
import Synchronization
package import Units

/// How many files are lent for sending: each keeps a descriptor open until its peer has taken everything, whatever else
/// is closed meanwhile, so they are counted.
package final class FileLoans: Sendable {
  private let limit: Int
  private let lent = Atomic<Int>(0)

  package init(limit: Int) { self.limit = limit }

  /// Loans that have not ended.
  package var count: Int { lent.load(ordering: .relaxed) }

  /// Lends `file`; nil where too many are lent.
  package func lend(_ file: any DiskFile) -> LentFile? {
    guard lent.wrappingAdd(1, ordering: .relaxed).newValue <= limit else {
      ended()
      return nil
    }
    return LentFile(file, self)
  }

  fileprivate func ended() { lent.wrappingSubtract(1, ordering: .relaxed) }
}

/// A file that stays open as long as this is held.
package final class LentFile: Sendable {
  package let file: any DiskFile
  private let loans: FileLoans

  fileprivate init(_ file: any DiskFile, _ loans: FileLoans) {
    self.file = file
    self.loans = loans
  }

  deinit { loans.ended() }
}

/// Bytes of a lent file that are to be sent without passing through this process, where the disk allows it.
package struct FileRange: Sendable {
  package let source: LentFile
  package private(set) var position: FilePosition
  package private(set) var count: Int

  package init(_ source: LentFile, at position: FilePosition, count: Int) {
    self.source = source
    self.position = position
    self.count = max(count, 0)
  }

  package var file: any DiskFile { source.file }

  /// The first `length` bytes.
  package func prefix(_ length: Int) -> FileRange { FileRange(source, at: position, count: min(length, count)) }

  /// What is left behind the first `length` bytes.
  package func dropping(_ length: Int) -> FileRange {
    let dropped = min(max(length, 0), count)
    return FileRange(source, at: position.advanced(by: ByteCount(dropped)), count: count - dropped)
  }

  /// Whether all of it is in memory now.
  package var isCached: Bool { file.isCached(from: position, count: count) }

  /// The bytes, waiting for the disk where it must; fewer than `count` when the file ends before.
  package func read() throws(DiskError) -> ByteSlice { try file.read(count: count, at: position) }

  /// The bytes without waiting for the disk, or nil; fewer than `count` when the file ends before.
  package func readIfCached() throws(DiskError) -> ByteSlice? { try file.readIfCached(count: count, at: position) }
}
