package import Units

/// A piece of a message: bytes, or the place of so many that whoever sends it puts in.
package enum WrittenPiece: Sendable {
  case bytes(ByteSlice)
  case gap(Int)
}

/// Builds a message: big-endian fields in growing memory, with payloads spliced in without copying them.
@usableFromInline
package struct ByteWriter {
  private var block: ByteBlock
  /// Where the part of `block` begins that is not yet in `parts`.
  private var start = 0
  private var end = 0
  private var parts: [ByteSlice] = []
  /// Gaps, and how many of `parts` stand before each.
  private var gaps: [(place: Int, count: Int)] = []
  private var countBefore = 0

  package init(capacity: Int = 512) { block = ByteBlock(capacity: capacity) }

  /// Bytes written, spliced ones and gaps included.
  package var count: Int { countBefore + end - start }

  /// Room for `size` more bytes, found or made; returns where they go.
  private mutating func claim(_ size: Int) -> UnsafeMutableRawPointer {
    if block.capacity - end < size {
      let used = end - start
      let larger = ByteBlock(capacity: max(2 * used + size, 512))
      larger.base.copyMemory(from: block.base + start, byteCount: used)
      (block, start, end) = (larger, 0, used)
    }
    end += size
    return block.base + (end - size)
  }

  private mutating func put<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
    claim(MemoryLayout<T>.size).storeBytes(of: value.bigEndian, as: T.self)
  }

  package mutating func writeInt8(_ value: Int8) { put(value) }
  package mutating func writeUInt8(_ value: UInt8) { put(value) }
  package mutating func writeInt16(_ value: Int16) { put(value) }
  package mutating func writeUInt16(_ value: UInt16) { put(value) }
  package mutating func writeInt32(_ value: Int32) { put(value) }
  package mutating func writeUInt32(_ value: UInt32) { put(value) }
  package mutating func writeInt64(_ value: Int64) { put(value) }
  package mutating func writeUInt64(_ value: UInt64) { put(value) }
  package mutating func writeBool(_ value: Bool) { put(value ? 1 as UInt8 : 0) }
  package mutating func writeFloat64(_ value: Double) { put(value.bitPattern) }

  package mutating func writeUUID(_ value: UniqueID) {
    put(value.high)
    put(value.low)
  }

  package mutating func writeVarUInt32(_ value: UInt32) { writeVarUInt64(UInt64(value)) }

  package mutating func writeVarUInt64(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      put(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    put(UInt8(truncatingIfNeeded: rest))
  }

  /// Zig-zag.
  package mutating func writeVarInt32(_ value: Int32) {
    writeVarUInt32(UInt32(bitPattern: value &<< 1) ^ UInt32(bitPattern: value >> 31))
  }

  /// Zig-zag.
  package mutating func writeVarInt64(_ value: Int64) {
    writeVarUInt64(UInt64(bitPattern: value &<< 1) ^ UInt64(bitPattern: value >> 63))
  }

  package mutating func writeBytes(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { writeBytes($0) }
  }

  package mutating func writeBytes(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    claim(bytes.count).copyMemory(from: source, byteCount: bytes.count)
  }

  /// The text's UTF-8, without a length.
  package mutating func writeText(_ text: String) {
    var text = text
    text.withUTF8 { writeBytes(UnsafeRawBufferPointer($0)) }
  }

  /// Adds `slice` without copying it, unless it is so small that a copy is cheaper than one more part.
  package mutating func splice(_ slice: ByteSlice) {
    guard slice.count > 256 else { return slice.withUnsafeBytes { writeBytes($0) } }
    seal()
    parts.append(slice)
    countBefore += slice.count
  }

  /// Leaves the place of `count` bytes open: such a message is taken with `takePieces`.
  package mutating func leaveGap(_ count: Int) {
    seal()
    gaps.append((parts.count, count))
    countBefore += count
  }

  /// Writes `value` over the four bytes at `position`, which must lie in the part before the first splice.
  package mutating func overwriteInt32(_ value: Int32, at position: Int) {
    (parts.first ?? block.slice(from: start, count: end - start)).stamp(value, at: position)
  }

  /// The CRC-32C of the last `count` bytes, going on from `previous`; of as many as follow the last splice.
  package func checksum(ofLast count: Int, continuing previous: UInt32) -> UInt32 {
    let least = min(max(count, 0), end - start)
    return Checksum.crc32c(block.slice(from: end - least, count: least), continuing: previous)
  }

  private mutating func seal() {
    guard end > start else { return }
    if parts.isEmpty { parts.reserveCapacity(4) }
    parts.append(block.slice(from: start, count: end - start))
    countBefore += end - start
    start = end
  }

  /// How many pieces `takePieces` hands over, at the most.
  package var mostPieces: Int { parts.count + gaps.count + 1 }

  /// Hands everything over in order, gaps included. The writer starts anew.
  package mutating func takePieces(_ take: (WrittenPiece) -> Void) {
    let gaps = gaps
    let parts = takeParts()
    var next = gaps.startIndex
    for place in 0...parts.count {
      while next < gaps.endIndex, gaps[next].place == place {
        take(.gap(gaps[next].count))
        next += 1
      }
      if place < parts.count { take(.bytes(parts[place])) }
    }
  }

  /// All parts in order; a message with gaps is taken with `takePieces`. The writer starts anew.
  package mutating func takeParts() -> [ByteSlice] {
    seal()
    defer {
      parts = []
      gaps = []
      countBefore = 0
    }
    return parts
  }

  /// All parts so far, in order; the writer goes on behind them.
  package var gathered: [ByteSlice] {
    mutating get {
      seal()
      return parts
    }
  }

  /// Starts anew, in the same memory, unless somebody holds a slice of it or it has grown beyond `kept` bytes.
  package mutating func clear(keeping kept: Int) {
    parts.removeAll(keepingCapacity: true)
    if block.capacity > kept || !isKnownUniquelyReferenced(&block) {
      block = ByteBlock(capacity: min(block.capacity, kept))
    }
    (start, end, countBefore) = (0, 0, 0)
  }

  /// All bytes in one slice, copied together where there was a splice. The writer starts anew.
  package mutating func takeSlice() -> ByteSlice {
    let all = takeParts()
    if all.count == 1 { return all[0] }
    let whole = ByteBlock(capacity: all.reduce(0) { $0 + $1.count })
    var at = 0
    for part in all {
      part.withUnsafeBytes { bytes in
        if let source = bytes.baseAddress { (whole.base + at).copyMemory(from: source, byteCount: bytes.count) }
      }
      at += part.count
    }
    return whole.slice(count: at)
  }

  /// All bytes, copied into an array. The writer starts anew.
  package mutating func takeArray() -> [UInt8] { takeSlice().copy() }
}
