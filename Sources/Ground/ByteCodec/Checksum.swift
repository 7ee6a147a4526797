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
}
