import ByteCodec
import Compression

/// A cursor over the bytes of records, as they lie in memory or as they come out of a decompressor, chunk by chunk.
///
/// One concrete type for both, everything but the change of chunks inlined: as a local it lives in registers, and a
/// varint costs a nanosecond. Within a record no read goes past the record's own length.
struct RecordCursor {
  private var base: UnsafeRawPointer
  private var at = 0
  /// Where the chunk ends.
  private var chunkEnd: Int
  /// Where the record entered ends, or the chunk if that is first.
  private var stop = 0
  /// Bytes of the record entered that lie in chunks to come.
  private var beyond = 0
  private let decompressor: Decompressor?

  /// The records that lie in memory from `base`, where they stay for as long as the cursor is used.
  init(base: UnsafeRawPointer, count: Int) {
    self.base = base
    chunkEnd = count
    decompressor = nil
  }

  /// The records that come out of `decompressor`, which has begun on them. It keeps a chunk alive until the next.
  init(_ decompressor: Decompressor) throws(RefusalReason) {
    guard let first = try RecordCursor.chunk(of: decompressor) else { throw .malformedRecord }
    base = first.base
    chunkEnd = first.count
    self.decompressor = decompressor
  }

  /// Bytes left of the record entered.
  @inline(__always) var left: Int { stop &- at &+ beyond }

  /// Enters the record of `length` bytes that begins here.
  @inline(__always)
  mutating func enter(_ length: Int) throws(RefusalReason) {
    let here = chunkEnd &- at
    if length <= here {
      stop = at &+ length
      beyond = 0
    } else {
      guard decompressor != nil else { throw .malformedRecord }
      stop = chunkEnd
      beyond = length &- here
    }
  }

  /// One byte of the record entered.
  @inline(__always)
  mutating func byte() throws(RefusalReason) -> UInt8 {
    if at == stop { self = try inNextChunk() }
    let byte = base.load(fromByteOffset: at, as: UInt8.self)
    at &+= 1
    return byte
  }

  /// One byte before a record: of its length.
  @inline(__always)
  mutating func byteOfLength() throws(RefusalReason) -> UInt8 {
    if at == chunkEnd {
      guard let decompressor, let next = try RecordCursor.chunk(of: decompressor) else { throw .malformedRecord }
      (base, at, chunkEnd) = (next.base, 0, next.count)
    }
    let byte = base.load(fromByteOffset: at, as: UInt8.self)
    at &+= 1
    return byte
  }

  /// Moves over `count` bytes, not more than are `left`.
  @inline(__always)
  mutating func skip(_ count: Int) throws(RefusalReason) {
    if count <= stop &- at {
      at &+= count
    } else {
      self = try skippingChunks(count)
    }
  }

  /// Fails unless nothing remains.
  @inline(__always)
  mutating func finish() throws(RefusalReason) {
    guard at == chunkEnd else { throw .trailingBytes }
    guard let decompressor else { return }
    guard try RecordCursor.chunk(of: decompressor) == nil else { throw .trailingBytes }
  }

  /// This cursor in the next chunk. Out of line and by value, so that the cursor itself need not be in memory.
  @inline(never)
  private func inNextChunk() throws(RefusalReason) -> RecordCursor {
    guard beyond > 0, let decompressor, let next = try RecordCursor.chunk(of: decompressor) else {
      throw .malformedRecord
    }
    var cursor = self
    (cursor.base, cursor.at, cursor.chunkEnd) = (next.base, 0, next.count)
    cursor.stop = min(next.count, beyond)
    cursor.beyond &-= cursor.stop
    return cursor
  }

  /// This cursor `count` bytes on, which go past its chunk.
  @inline(never)
  private func skippingChunks(_ count: Int) throws(RefusalReason) -> RecordCursor {
    var cursor = self
    var rest = count
    while rest > cursor.stop &- cursor.at {  // each turn takes a chunk, of which the budget allows only so many
      rest &-= cursor.stop &- cursor.at
      cursor = try cursor.inNextChunk()
    }
    cursor.at &+= rest
    return cursor
  }

  /// The next chunk, never empty, or nil after the last.
  @inline(never)
  private static func chunk(of decompressor: Decompressor) throws(RefusalReason) -> UnsafeChunk? {
    do {
      guard let next = try decompressor.next() else { return nil }
      return next.withUnsafeBytes { bytes in bytes.baseAddress.map { UnsafeChunk(base: $0, count: bytes.count) } }
    } catch .tooLarge {
      throw .expandsTooMuch
    } catch {
      throw .corruptCompression
    }
  }

  private struct UnsafeChunk {
    var base: UnsafeRawPointer
    var count: Int
  }
}
