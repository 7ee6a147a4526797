package import ByteCodec

/// Chooses partitions as Kafka's Java producer does by default: records of one key share a partition in every client.
package enum Partitioner {
  /// The partition, of `count` (1 and up), of records with that key.
  package static func partition(forKey key: ByteSlice, of count: Int32) -> Int32 {
    (murmur2(key) & 0x7FFF_FFFF) % max(count, 1)
  }

  /// MurmurHash 2 of 32 bits with the seed that Kafka chose, as its signed Java result.
  package static func murmur2(_ bytes: ByteSlice) -> Int32 {
    let multiplier: UInt32 = 0x5BD1_E995
    return bytes.withUnsafeBytes { bytes in
      var hash = 0x9747_B28C ^ UInt32(truncatingIfNeeded: bytes.count)
      let whole = bytes.count & ~3
      for at in stride(from: 0, to: whole, by: 4) {
        var word = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)) &* multiplier
        word ^= word >> 24
        word = word &* multiplier
        hash = hash &* multiplier ^ word
      }
      var shift: UInt32 = 0
      var tail: UInt32 = 0
      for at in whole..<bytes.count {
        tail |= UInt32(bytes[at]) << shift
        shift += 8
      }
      if shift > 0 { hash = (hash ^ tail) &* multiplier }
      hash ^= hash >> 13
      hash = hash &* multiplier
      hash ^= hash >> 15
      return Int32(bitPattern: hash)
    }
  }
}
