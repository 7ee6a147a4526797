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
  /// the field of the polynomial. Takes a tenth of a microsecond.
  package static func combined(_ first: UInt32, _ second: UInt32, secondCount: Int) -> UInt32 {
    var power = first
    var rest = max(secondCount, 0)
    var row = 0
    while rest > 0 {
      if rest & 255 != 0 { power = product(power, powers[row + rest & 255]) }
      row += 256
      rest >>= 8
    }
    return power ^ second
  }

  /// The CRC-32C of what `previous` stands for and then `slice`, whose own CRC-32C is `known`: without looking at the
  /// bytes, where there are enough of them.
  package static func extended(_ previous: UInt32, by slice: ByteSlice, known: UInt32) -> UInt32 {
    slice.count < leastToCombine
      ? crc32c(slice, continuing: previous) : combined(previous, known, secondCount: slice.count)
  }

  /// Fewer bytes are read faster than their CRCs are combined.
  package static let leastToCombine = 4_096

  /// x to the power of 8 n 256^k, for a count's k-th byte n: 256 of them for each of an Int's bytes.
  private static let powers: [UInt32] = {
    var table: [UInt32] = []
    var base: UInt32 = 1 << 23  // x^8; the highest power is in the lowest bit
    for _ in 0..<Int.bitWidth / 8 {
      var power: UInt32 = 1 << 31  // 1
      for _ in 0..<256 {
        table.append(power)
        power = product(power, base)
      }
      base = power
    }
    return table
  }()

  /// The product of two polynomials, the highest power in the lowest bit: four powers of `a` at a time.
  private static func product(_ a: UInt32, _ b: UInt32) -> UInt32 {
    let once = timesX(b)
    let twice = timesX(once)
    let thrice = timesX(twice)
    var sum: UInt32 = 0
    for shift in stride(from: UInt32(0), to: 32, by: 4) {
      for _ in 0..<4 { sum = timesX(sum) }
      let digit = a >> shift
      sum ^= b & mask(digit >> 3) ^ once & mask(digit >> 2) ^ twice & mask(digit >> 1) ^ thrice & mask(digit)
    }
    return sum
  }

  @inline(__always)
  private static func timesX(_ value: UInt32) -> UInt32 { value >> 1 ^ 0x82F6_3B78 & mask(value) }

  /// All ones where the lowest bit is one.
  @inline(__always)
  private static func mask(_ value: UInt32) -> UInt32 { 0 &- (value & 1) }
}
