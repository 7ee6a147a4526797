import CLinux
import Glibc

/// Randomness of the system (getrandom), drawn in blocks; any thread may ask.
package final class SystemEntropy: Entropy {
  /// Words drawn at once: 256 bytes, which getrandom gives without interruption.
  private static let wordsAtOnce = 32

  private let words = Locked<[UInt64]>([])

  package init() {}

  package func next() -> UInt64 {
    words.withLock { words in
      if let word = words.popLast() { return word }
      words = Self.draw()
      return words.popLast() ?? 0
    }
  }

  private static func draw() -> [UInt64] {
    [UInt64](unsafeUninitializedCapacity: wordsAtOnce) { buffer, count in
      let bytes = UnsafeMutableRawBufferPointer(buffer)
      var filled = 0
      while filled < bytes.count {
        let got = linux_getrandom(bytes.baseAddress.map { $0 + filled }, bytes.count - filled)
        if got > 0 {
          filled += got
        } else {
          // Ids and secrets that could be guessed are worse than no server.
          precondition(errno == EINTR, "the system gives no random numbers (getrandom)")
        }
      }
      count = wordsAtOnce
    }
  }
}
