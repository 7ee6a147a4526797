/// A piece of owned memory that several slices may share; freed with its last slice.
///
/// One writer fills it before it is shared; afterwards it is read only, save for the few header bytes that the engine
/// stamps before it hands the slice on. That order, and nothing else, makes it safe to pass between threads.
@usableFromInline
package final class ByteBlock: @unchecked Sendable {
  /// The first byte; `capacity` bytes are owned.
  @usableFromInline package let base: UnsafeMutableRawPointer
  @usableFromInline package let capacity: Int

  /// Memory for `capacity` bytes, not cleared, at a multiple of `alignment`. The caller has checked `capacity` against a
  /// limit.
  package init(capacity: Int, alignment: Int = 16) {
    self.capacity = max(capacity, 0)
    base = UnsafeMutableRawPointer.allocate(byteCount: max(capacity, 1), alignment: alignment)
  }

  /// A block that holds a copy of `bytes`.
  package convenience init(copying bytes: [UInt8]) {
    self.init(capacity: bytes.count)
    bytes.withUnsafeBytes { source in
      if let start = source.baseAddress { base.copyMemory(from: start, byteCount: source.count) }
    }
  }

  deinit { base.deallocate() }

  /// The slice of `count` bytes from `start`; both are held within the block.
  package func slice(from start: Int = 0, count: Int) -> ByteSlice {
    let from = min(max(start, 0), capacity)
    return ByteSlice(block: self, start: from, count: min(max(count, 0), capacity - from))
  }
}

/// A range of a block. Copying it shares the block.
@usableFromInline
package struct ByteSlice: Sendable {
  @usableFromInline package let block: ByteBlock
  /// The first byte's place in the block.
  @usableFromInline package let start: Int
  @usableFromInline package let count: Int

  @usableFromInline
  init(block: ByteBlock, start: Int, count: Int) {
    self.block = block
    self.start = start
    self.count = count
  }

  /// A slice of its own block, holding a copy of `bytes`.
  package init(copying bytes: [UInt8]) {
    self.init(block: ByteBlock(copying: bytes), start: 0, count: bytes.count)
  }

  package static let empty = ByteSlice(copying: [])

  @inlinable package var isEmpty: Bool { count == 0 }

  /// The bytes, lent.
  @inlinable package var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      let span = RawSpan(_unsafeStart: UnsafeRawPointer(block.base + start), byteCount: count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// The bytes as C calls want them; the pointer must not outlive `body`.
  @inlinable
  package func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeRawBufferPointer(start: block.base + start, count: count))
  }

  /// The part of this slice from `offset`, `length` bytes long; both are held within the slice.
  @inlinable
  package func part(from offset: Int, count length: Int) -> ByteSlice {
    let from = min(max(offset, 0), count)
    return ByteSlice(block: block, start: start + from, count: min(max(length, 0), count - from))
  }

  /// The rest of this slice from `offset`.
  @inlinable
  package func dropping(_ offset: Int) -> ByteSlice { part(from: offset, count: count) }

  /// The bytes, copied.
  package func copy() -> [UInt8] {
    withUnsafeBytes { Array($0) }
  }

  /// Overwrites bytes at `offset`; whatever would fall outside is dropped. Only for the sole writer of the block.
  package func stamp(_ value: some FixedWidthInteger, at offset: Int) {
    let width = value.bitWidth / 8
    guard offset >= 0, offset + width <= count else { return }
    Swift.withUnsafeBytes(of: value.bigEndian) { source in
      if let first = source.baseAddress { (block.base + start + offset).copyMemory(from: first, byteCount: width) }
    }
  }
}
