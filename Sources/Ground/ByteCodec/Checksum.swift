import CISAL

/// CRC-32C (Castagnoli), as record batches, journal frames and checksum files use it. ISA-L does the work.
@usableFromInline
package enum Checksum {
  /// The CRC-32C of `bytes`, going on from `previous` (the CRC of what came before; 0 at the start).
  package static func crc32c(_ bytes: UnsafeRawBufferPointer, continuing previous: UInt32 = 0) -> UInt32 {
    guard var start = bytes.baseAddress else { return previous }
    var crc = ~previous
    var rest = bytes.count
    while rest > 0 {  // ISA-L counts in a C int
      let step = min(rest, 1 << 30)
      let source = UnsafeMutablePointer(mutating: start.assumingMemoryBound(to: UInt8.self))
      crc = crc32_iscsi(source, Int32(step), crc)
      start += step
      rest -= step
    }
    return ~crc
  }

  /// The CRC-32C of `slice`, going on from `previous`.
  package static func crc32c(_ slice: ByteSlice, continuing previous: UInt32 = 0) -> UInt32 {
    slice.withUnsafeBytes { crc32c($0, continuing: previous) }
  }

  /// The CRC-32C of `span`, going on from `previous`.
  package static func crc32c(_ span: RawSpan, continuing previous: UInt32 = 0) -> UInt32 {
    span.withUnsafeBytes { crc32c($0, continuing: previous) }
  }

  /// The CRC-32C of two pieces in a row, from the CRC of each: x to the power of the second's bits, times the first, in
  /// the field of the polynomial. Takes about a microsecond.
  package static func combined(_ first: UInt32, _ second: UInt32, secondCount: Int) -> UInt32 {
    var shift: UInt32 = 1 << 31  // 1
    var power: UInt32 = 1 << 23  // x^8
    var rest = max(secondCount, 0)
    while rest > 0 {
      if rest & 1 == 1 { shift = product(shift, power) }
      power = product(power, power)
      rest >>= 1
    }
    return product(shift, first) ^ second
  }

  /// The product of two polynomials, the highest power in the lowest bit.
  private static func product(_ a: UInt32, _ b: UInt32) -> UInt32 {
    var sum: UInt32 = 0
    var b = b
    for bit in (0..<UInt32(32)).reversed() {
      if a >> bit & 1 == 1 { sum ^= b }
      b = b & 1 == 1 ? b >> 1 ^ 0x82F6_3B78 : b >> 1
    }
    return sum
  }
}
