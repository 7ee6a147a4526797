import ByteCodec
import Glibc
import Machine
import Synchronization
import Testing
import Units

/// A file without a name; closed with its last owner. Says what it is told to of the page cache.
final class ScratchFile: DiskFile {
  let path = "scratch"
  private let number: Int32
  private let canBeSent: Bool
  private let isResident = Atomic<Bool>(true)
  private let onDeath: @Sendable () -> Void

  init(_ bytes: [UInt8], canBeSent: Bool = true, onDeath: @escaping @Sendable () -> Void = {}) throws {
    var path = Array("/tmp/reactor-test-XXXXXX".utf8CString)
    number = mkstemp(&path)
    self.canBeSent = canBeSent
    self.onDeath = onDeath
    try #require(number >= 0)
    unlink(path)
    try #require(bytes.withUnsafeBytes { Glibc.write(number, $0.baseAddress, $0.count) } == bytes.count)
  }

  deinit {
    close(number)
    onDeath()
  }

  var descriptor: Int32? { canBeSent ? number : nil }

  func setResident(_ value: Bool) { isResident.store(value, ordering: .sequentiallyConsistent) }

  /// A range of the file, lent.
  func range(_ position: Int, _ count: Int, _ loans: FileLoans = FileLoans(limit: 10)) throws -> FileRange {
    FileRange(try #require(loans.lend(self)), at: FilePosition(Int64(position)), count: count)
  }

  func read(into buffer: UnsafeMutableRawBufferPointer, at position: FilePosition) throws(DiskError) -> Int {
    let count = pread(number, buffer.baseAddress, buffer.count, off_t(position.value))
    if count < 0 { throw DiskError(call: .read, path: path, code: errno) }
    return count
  }

  func readIfCached(
    into buffer: UnsafeMutableRawBufferPointer, at position: FilePosition
  ) throws(DiskError) -> Int? { isCached(from: position, count: 0) ? try read(into: buffer, at: position) : nil }

  func isCached(from position: FilePosition, count: Int) -> Bool { isResident.load(ordering: .sequentiallyConsistent) }

  func writeSome(_ slices: ArraySlice<ByteSlice>, at position: FilePosition) throws(DiskError) -> Int {
    throw DiskError(call: .write, path: path, code: EBADF)
  }

  func sync() {}
  func size() -> ByteCount { .zero }

  func truncate(to size: ByteCount) throws(DiskError) {
    if ftruncate(number, off_t(size.value)) != 0 { throw DiskError(call: .truncate, path: path, code: errno) }
  }

  func reserve(upTo end: FilePosition) {}
  func startWriteback(from position: FilePosition, count: ByteCount) {}
}
