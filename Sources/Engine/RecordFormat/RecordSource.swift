import ByteCodec
import Compression

/// Where the bytes of records come from, one after another: memory, or a decompressor's chunks.
protocol RecordSource: ~Copyable {
  /// Bytes left of the record that was entered.
  var left: Int { get }
  /// Sets `left`; fails where fewer than `length` bytes are known to remain.
  mutating func enter(_ length: Int) throws(RefusalReason)
  /// One byte of the record entered.
  mutating func byte() throws(RefusalReason) -> UInt8
  /// One byte of a record's length, which lies before the record.
  mutating func byteOfLength() throws(RefusalReason) -> UInt8
  /// Moves over `count` bytes, not more than are `left`.
  mutating func skip(_ count: Int) throws(RefusalReason)
  /// Fails unless nothing remains.
  mutating func finish() throws(RefusalReason)
}

/// Records that lie in memory as they are.
struct PlainSource: RecordSource, ~Copyable {
  private let base: UnsafeRawPointer
  private let count: Int
  private var at = 0
  private var limit = 0

  /// The `count` bytes from `base`, which must stay alive for as long as the source.
  init(base: UnsafeRawPointer, count: Int) {
    self.base = base
    self.count = count
  }

  @inline(__always) var left: Int { limit &- at }

  @inline(__always)
  mutating func enter(_ length: Int) throws(RefusalReason) {
    guard length <= count &- at else { throw .malformedRecord }
    limit = at &+ length
  }

  @inline(__always)
  mutating func byte() throws(RefusalReason) -> UInt8 {
    guard at < limit else { throw .malformedRecord }
    defer { at &+= 1 }
    return base.load(fromByteOffset: at, as: UInt8.self)
  }

  @inline(__always)
  mutating func byteOfLength() throws(RefusalReason) -> UInt8 {
    guard at < count else { throw .malformedRecord }
    defer { at &+= 1 }
    return base.load(fromByteOffset: at, as: UInt8.self)
  }

  @inline(__always)
  mutating func skip(_ skipped: Int) throws(RefusalReason) { at &+= skipped }

  mutating func finish() throws(RefusalReason) {
    guard at == count else { throw .trailingBytes }
  }
}

/// Records that come out of a decompressor, of which only one chunk is in memory at a time.
struct StreamedSource: RecordSource, ~Copyable {
  private let decompressor: Decompressor
  private var chunk = ByteSlice.empty
  private var base: UnsafeRawPointer?
  private var at = 0
  private var count = 0
  private(set) var left = 0

  /// `decompressor` has begun on the records.
  init(_ decompressor: Decompressor) { self.decompressor = decompressor }

  mutating func enter(_ length: Int) throws(RefusalReason) { left = length }

  @inline(__always)
  mutating func byte() throws(RefusalReason) -> UInt8 {
    guard left > 0 else { throw .malformedRecord }
    left &-= 1
    return try byteOfLength()
  }

  @inline(__always)
  mutating func byteOfLength() throws(RefusalReason) -> UInt8 {
    if at == count {
      guard try refill() else { throw .malformedRecord }
    }
    guard let base else { throw .malformedRecord }
    defer { at &+= 1 }
    return base.load(fromByteOffset: at, as: UInt8.self)
  }

  mutating func skip(_ skipped: Int) throws(RefusalReason) {
    left &-= skipped
    var rest = skipped
    while rest > count &- at {  // each turn takes a chunk, of which there are as many as the budget allows
      rest &-= count &- at
      guard try refill() else { throw .malformedRecord }
    }
    at &+= rest
  }

  mutating func finish() throws(RefusalReason) {
    guard at == count, try !refill() else { throw .trailingBytes }
  }

  /// Whether there was another chunk.
  private mutating func refill() throws(RefusalReason) -> Bool {
    do {
      guard let next = try decompressor.next() else { return false }
      chunk = next
    } catch .tooLarge {
      throw .expandsTooMuch
    } catch {
      throw .corruptCompression
    }
    base = chunk.withUnsafeBytes { $0.baseAddress }
    at = 0
    count = chunk.count
    return true
  }
}
