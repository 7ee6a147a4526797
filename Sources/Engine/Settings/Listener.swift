/// An address to listen on or to advertise: `NAME://host:port`. IPv6 hosts stand in brackets.
package struct Listener: Equatable, Sendable, CustomStringConvertible {
  /// The name, in capitals: PLAINTEXT, SSL, or one's own.
  package let name: String
  /// The host without brackets; empty means every address.
  package let host: String
  /// 0 asks for a free one.
  package let port: UInt16

  /// The listener that `text` describes, or nil.
  package init?(_ text: String) {
    guard let mark = text.firstRange(of: "://") else { return nil }
    let name = text[..<mark.lowerBound]
    let address = text[mark.upperBound...]
    guard !name.isEmpty, name.utf8.allSatisfy(Listener.isNameByte),
      let colon = address.lastIndex(of: ":"), let port = UInt16(address[address.index(after: colon)...])
    else { return nil }
    var host = address[..<colon]
    if host.first == "[" {
      guard host.last == "]", host.count > 2 else { return nil }
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    guard host.utf8.count <= 255, host.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") }) else {
      return nil
    }
    self.name = name.uppercased()
    self.host = String(host)
    self.port = port
  }

  /// The address as a settings file spells it.
  package var description: String { "\(name)://\(host.contains(":") ? "[\(host)]" : host):\(port)" }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."): true
    default: false
    }
  }
}
