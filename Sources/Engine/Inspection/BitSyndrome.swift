package import ByteCodec

/// Finds the one bit that was turned over in bytes whose CRC-32C is known: below 256 MiB the difference of the two CRCs
/// belongs to one bit only, and no two bits give the difference of another.
package enum BitSyndrome {
  /// CRC-32C, reflected.
  private static let polynomial: UInt32 = 0x82F6_3B78
  /// Beyond this the answer would not be certain.
  private static let largest = 256 << 20

  /// The place of the bit whose turning over changes a CRC of `count` bytes by `difference`; nil when there is none.
  package static func bit(count: Int, difference: UInt32) -> (byte: Int, bit: Int)? {
    guard difference != 0, count > 0, count < largest else { return nil }
    var effect = polynomial
    for fromEnd in 0..<8 * count {
      if effect == difference {
        let place = 8 * count - 1 - fromEnd
        return (place / 8, place % 8)
      }
      effect = effect & 1 == 1 ? effect >> 1 ^ polynomial : effect >> 1
    }
    return nil
  }

  /// `bytes` with the one bit turned back that makes their CRC `checksum`; nil when no single bit does.
  package static func restored(_ bytes: ByteSlice, checksum: UInt32) -> (bytes: ByteSlice, byte: Int, bit: Int)? {
    guard let found = bit(count: bytes.count, difference: Checksum.crc32c(bytes) ^ checksum) else { return nil }
    var copy = bytes.copy()
    copy[found.byte] ^= 1 << UInt8(found.bit)
    let restored = ByteSlice(copying: copy)
    return Checksum.crc32c(restored) == checksum ? (restored, found.byte, found.bit) : nil
  }
}
