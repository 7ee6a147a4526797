/// Sixteen bytes that name a topic, a cluster or a directory; written as Kafka writes them, in URL-safe base64.
@usableFromInline
package struct UniqueID: Hashable, Comparable, Sendable, CustomStringConvertible {
  @usableFromInline package var high: UInt64
  @usableFromInline package var low: UInt64

  @inlinable package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  @inlinable package static func < (a: UniqueID, b: UniqueID) -> Bool { (a.high, a.low) < (b.high, b.low) }

  /// All bits clear: "no id" on the wire.
  @inlinable package static var zero: UniqueID { UniqueID(high: 0, low: 0) }

  /// 22 characters of URL-safe base64 without padding.
  @usableFromInline package var description: String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(22)
    for sextet in 0..<22 {
      var bits = 0
      for bit in sextet * 6..<sextet * 6 + 6 {
        let word = bit < 64 ? high : low
        bits = bits << 1 | (bit < 128 ? Int(truncatingIfNeeded: word >> UInt64(63 - bit % 64)) & 1 : 0)
      }
      text.append(alphabet[bits])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The id that `text` (22 characters of URL-safe base64, padding allowed) names, or nil.
  package init?(_ text: String) {
    var words: (UInt64, UInt64) = (0, 0)
    var sextets = 0
    for byte in text.utf8 {
      let value: UInt64
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = UInt64(byte - UInt8(ascii: "A"))
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = UInt64(byte - UInt8(ascii: "a") + 26)
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = UInt64(byte - UInt8(ascii: "0") + 52)
      case UInt8(ascii: "-"), UInt8(ascii: "+"): value = 62
      case UInt8(ascii: "_"), UInt8(ascii: "/"): value = 63
      case UInt8(ascii: "=") where sextets == 22: continue
      default: return nil
      }
      guard sextets < 22 else { return nil }
      let width: UInt64 = sextets == 21 ? 2 : 6
      let bits = sextets == 21 ? value >> 4 : value
      words = (words.0 << width | words.1 >> (64 - width), words.1 << width | bits)
      sextets += 1
    }
    guard sextets == 22 else { return nil }
    (high, low) = words
  }

  /// 32 hexadecimal digits, for names of folders.
  package var hexadecimal: String {
    String(unsafeUninitializedCapacity: 32) { buffer in
      for place in 0..<32 {
        let digit = UInt8(truncatingIfNeeded: (place < 16 ? high : low) >> UInt64(60 - 4 * (place % 16))) & 15
        buffer.initializeElement(at: place, to: digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
      }
      return 32
    }
  }

  /// The id that 32 hexadecimal digits name, or nil.
  package init?(hexadecimal text: some StringProtocol) {
    guard text.utf8.count == 32, text.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
      let high = UInt64(text.prefix(16), radix: 16), let low = UInt64(text.suffix(16), radix: 16)
    else { return nil }
    self.init(high: high, low: low)
  }
}
