package import ByteCodec

/// SipHash-2-4 with 128 bits of output: who does not know the key cannot find two record keys of the same hash, and by
/// chance two among a thousand million collide once in 10^20 compactions.
package struct KeyHash: Sendable {
  package struct Value: Hashable, Sendable {
    package var low: UInt64
    package var high: UInt64
  }

  private let first: UInt64
  private let second: UInt64

  /// Hashes under a secret of two words.
  package init(_ first: UInt64, _ second: UInt64) {
    self.first = first
    self.second = second
  }

  /// The hash of `bytes`.
  package func hash(_ bytes: ByteSlice) -> Value {
    bytes.withUnsafeBytes { bytes in
      var state = State(first, second)
      var at = 0
      while at + 8 <= bytes.count {
        state.take(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
        at += 8
      }
      var last = UInt64(truncatingIfNeeded: bytes.count) << 56
      for (shift, byte) in bytes[at...].enumerated() { last |= UInt64(byte) << UInt64(8 * shift) }
      state.take(last)
      return state.finish()
    }
  }

  private struct State {
    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64

    init(_ first: UInt64, _ second: UInt64) {
      v0 = first ^ 0x736f_6d65_7073_6575
      v1 = second ^ 0x646f_7261_6e64_6f6d ^ 0xee
      v2 = first ^ 0x6c79_6765_6e65_7261
      v3 = second ^ 0x7465_6462_7974_6573
    }

    mutating func take(_ word: UInt64) {
      v3 ^= word
      rounds(2)
      v0 ^= word
    }

    mutating func finish() -> Value {
      v2 ^= 0xee
      rounds(4)
      let low = v0 ^ v1 ^ v2 ^ v3
      v1 ^= 0xdd
      rounds(4)
      return Value(low: low, high: v0 ^ v1 ^ v2 ^ v3)
    }

    private mutating func rounds(_ count: Int) {
      for _ in 0..<count {
        v0 &+= v1
        v2 &+= v3
        v1 = v1 << 13 | v1 >> 51
        v3 = v3 << 16 | v3 >> 48
        v1 ^= v0
        v3 ^= v2
        v0 = v0 << 32 | v0 >> 32
        v2 &+= v1
        v0 &+= v3
        v1 = v1 << 17 | v1 >> 47
        v3 = v3 << 21 | v3 >> 43
        v1 ^= v2
        v3 ^= v0
        v2 = v2 << 32 | v2 >> 32
      }
    }
  }
}
