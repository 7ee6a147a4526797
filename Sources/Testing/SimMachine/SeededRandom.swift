import Machine

/// Random numbers that a seed decides (xoshiro256**, seeded by splitmix64): the same on every machine.
package struct SeededRandom: RandomNumberGenerator, Sendable {
  private var words: (UInt64, UInt64, UInt64, UInt64)

  /// The sequence that belongs to `seed`; any seed will do.
  package init(seed: UInt64) {
    var mix = seed
    func word() -> UInt64 {
      mix &+= 0x9e37_79b9_7f4a_7c15
      var z = mix
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      return z ^ (z >> 31)
    }
    words = (word(), word(), word(), word())
  }

  /// The next 64 bits.
  package mutating func next() -> UInt64 {
    let product = words.1 &* 5
    let result = (product << 7 | product >> 57) &* 9
    let shifted = words.1 << 17
    words.2 ^= words.0
    words.3 ^= words.1
    words.1 ^= words.2
    words.0 ^= words.3
    words.2 ^= shifted
    words.3 = words.3 << 45 | words.3 >> 19
    return result
  }

  /// A number from 0 up to, not including, `bound`; 0 when `bound` is below 1.
  package mutating func below(_ bound: Int) -> Int {
    bound < 1 ? 0 : Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// True `permille` times in a thousand.
  package mutating func chance(permille: Int) -> Bool { permille > 0 && below(1000) < permille }

  /// A generator of its own, decided by this one: its use does not move this one further.
  package mutating func fork() -> SeededRandom { SeededRandom(seed: next()) }
}

/// Entropy from a seed, for simulations. Any thread may ask; the order of asking decides who gets what.
package final class SeededEntropy: Entropy {
  private let random: Locked<SeededRandom>

  /// The sequence that belongs to `seed`.
  package init(seed: UInt64) { random = Locked(SeededRandom(seed: seed)) }

  package func next() -> UInt64 { random.withLock { $0.next() } }
}
