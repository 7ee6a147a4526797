package import Units

/// A cursor over bytes from outside. Big-endian; every read checks what remains; nothing traps.
///
/// It carries an allowance for decoded objects (16 times the input and 1 MiB), so that no count on the wire can make a
/// decoder allocate more than the bytes it came with entitle it to.
@usableFromInline
package struct ByteReader: ~Escapable {
  @usableFromInline let span: RawSpan
  /// How many bytes have been read.
  @usableFromInline package var position: Int = 0
  /// What decoded objects may still take. Whoever has less to spare than the input's length allows lowers it.
  @usableFromInline package var allowance: Int
  /// The slice the bytes came from, so that payloads can be shared instead of copied.
  @usableFromInline let origin: ByteSlice?
  /// Whether unknown tagged fields are kept (tools) or skipped (the server).
  @usableFromInline package var keepsUnknownTags = false

  /// A cursor over `span`; payloads are copied out.
  @inlinable
  @_lifetime(copy span)
  package init(_ span: RawSpan) {
    self.span = span
    origin = nil
    allowance = span.byteCount &* 16 &+ 1_048_576
  }

  /// A cursor over the bytes of `slice`; payloads read by `readPayload` share its block.
  @inlinable
  @_lifetime(borrow slice)
  package init(_ slice: borrowing ByteSlice) {
    let bytes = RawSpan(_unsafeStart: UnsafeRawPointer(slice.block.base + slice.start), byteCount: slice.count)
    span = unsafe _overrideLifetime(bytes, borrowing: slice)
    origin = copy slice
    allowance = slice.count &* 16 &+ 1_048_576
  }

  @inlinable package var remaining: Int { span.byteCount &- position }

  /// Takes `bytes` from the allowance for decoded objects.
  @inlinable
  package mutating func charge(_ bytes: Int) throws(WireError) {
    guard bytes <= allowance else { throw .budgetExceeded }
    allowance &-= bytes
  }

  @inlinable
  mutating func load<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) throws(WireError) -> T {
    let width = MemoryLayout<T>.size
    guard remaining >= width else { throw .truncated }
    let value = span.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: T.self)
    position &+= width
    return T(bigEndian: value)
  }

  @inlinable package mutating func readInt8() throws(WireError) -> Int8 { try load(Int8.self) }
  @inlinable package mutating func readUInt8() throws(WireError) -> UInt8 { try load(UInt8.self) }
  @inlinable package mutating func readInt16() throws(WireError) -> Int16 { try load(Int16.self) }
  @inlinable package mutating func readUInt16() throws(WireError) -> UInt16 { try load(UInt16.self) }
  @inlinable package mutating func readInt32() throws(WireError) -> Int32 { try load(Int32.self) }
  @inlinable package mutating func readUInt32() throws(WireError) -> UInt32 { try load(UInt32.self) }
  @inlinable package mutating func readInt64() throws(WireError) -> Int64 { try load(Int64.self) }
  @inlinable package mutating func readUInt64() throws(WireError) -> UInt64 { try load(UInt64.self) }
  @inlinable package mutating func readBool() throws(WireError) -> Bool { try load(UInt8.self) != 0 }
  @inlinable package mutating func readFloat64() throws(WireError) -> Double {
    Double(bitPattern: try load(UInt64.self))
  }

  package mutating func readUUID() throws(WireError) -> UniqueID {
    UniqueID(high: try readUInt64(), low: try readUInt64())
  }

  /// An unsigned LEB128 number of at most five bytes and 32 bits.
  @inlinable
  package mutating func readVarUInt32() throws(WireError) -> UInt32 {
    var value: UInt32 = 0
    var shift: UInt32 = 0
    while true {
      let byte = try readUInt8()
      if shift == 28, byte > 0x0F { throw .badVarint }
      value |= UInt32(byte & 0x7F) &<< shift
      if byte < 0x80 { return value }
      shift &+= 7
    }
  }

  /// An unsigned LEB128 number of at most ten bytes and 64 bits.
  @inlinable
  package mutating func readVarUInt64() throws(WireError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try readUInt8()
      if shift == 63, byte > 0x01 { throw .badVarint }
      value |= UInt64(byte & 0x7F) &<< shift
      if byte < 0x80 { return value }
      shift &+= 7
    }
  }

  /// A zig-zag varint of 32 bits, as record fields use it.
  @inlinable
  package mutating func readVarInt32() throws(WireError) -> Int32 {
    let raw = try readVarUInt32()
    return Int32(bitPattern: raw >> 1) ^ -Int32(bitPattern: raw & 1)
  }

  /// A zig-zag varint of 64 bits.
  @inlinable
  package mutating func readVarInt64() throws(WireError) -> Int64 {
    let raw = try readVarUInt64()
    return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
  }

  /// Moves over `count` bytes.
  @inlinable
  package mutating func skip(_ count: Int) throws(WireError) {
    guard count >= 0 else { throw .badLength }
    guard count <= remaining else { throw .truncated }
    position &+= count
  }

  /// `count` bytes, lent from the input.
  @inlinable
  @_lifetime(copy self)
  package mutating func readSpan(_ count: Int) throws(WireError) -> RawSpan {
    guard count >= 0 else { throw .badLength }
    guard count <= remaining else { throw .truncated }
    let start = position
    position &+= count
    return span.extracting(unchecked: start..<start &+ count)
  }

  /// `count` bytes, copied and charged.
  @inlinable
  package mutating func readBytes(_ count: Int) throws(WireError) -> [UInt8] {
    try charge(count)
    return try readSpan(count).withUnsafeBytes { Array($0) }
  }

  /// `count` bytes that share the input's block where there is one, else a copy.
  package mutating func readPayload(_ count: Int) throws(WireError) -> ByteSlice {
    guard count >= 0 else { throw .badLength }
    guard count <= remaining else { throw .truncated }
    guard let origin else { return ByteSlice(copying: try readBytes(count)) }
    position &+= count
    return origin.part(from: position &- count, count: count)
  }

  /// `count` bytes of UTF-8.
  @inlinable
  package mutating func readText(_ count: Int) throws(WireError) -> String {
    try charge(count)
    let text = try readSpan(count).withUnsafeBytes { bytes in Self.text(bytes) }
    guard let text else { throw .badText }
    return text
  }

  /// The text, nil where it is not UTF-8. Names are nearly always ASCII, which is seen eight bytes at a time.
  @usableFromInline
  static func text(_ bytes: UnsafeRawBufferPointer) -> String? {
    var high: UInt64 = 0
    var at = 0
    while at + 8 <= bytes.count {
      high |= bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
      at += 8
    }
    while at < bytes.count {
      high |= UInt64(bytes[at])
      at += 1
    }
    guard high & 0x8080_8080_8080_8080 == 0 else { return String(validating: bytes, as: UTF8.self) }
    return String(unsafeUninitializedCapacity: bytes.count) { room in
      UnsafeMutableRawBufferPointer(room).copyMemory(from: bytes)
      return bytes.count
    }
  }

  /// Checks a count of elements against what remains (each takes at least `minimumSize` bytes) and charges their memory.
  @inlinable
  package mutating func admit(count: Int, minimumSize: Int, stride: Int) throws(WireError) {
    guard count >= 0 else { throw .badLength }
    guard count <= remaining / max(minimumSize, 1) else { throw .truncated }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: stride)
    guard !overflow else { throw .budgetExceeded }
    try charge(bytes)
  }

  /// Fails unless everything has been read.
  @inlinable
  package func finish() throws(WireError) {
    guard remaining == 0 else { throw .trailingBytes }
  }
}
