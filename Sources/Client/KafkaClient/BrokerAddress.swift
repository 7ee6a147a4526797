/// Where a broker listens: a name or an address, and a port.
package struct BrokerAddress: Hashable, Sendable, CustomStringConvertible {
  /// A host name, an IPv4 address, or an IPv6 address without brackets.
  package var host: String
  package var port: UInt16

  /// Kafka's port, for addresses that name none.
  package static let defaultPort: UInt16 = 9092
  /// Where a client looks when nobody tells it: this machine.
  package static let local = BrokerAddress(host: "127.0.0.1", port: defaultPort)
  /// The most addresses a list may name; more is a mistake.
  package static let maximumListed = 64

  package init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// The address that `text` names, such as "log.example:9092", "10.0.0.7" or "[::1]:9092"; nil where it names none.
  package init?(_ text: some StringProtocol) {
    var host = Substring(text)
    var digits: Substring?
    if host.first == "[" {
      guard let end = host.firstIndex(of: "]") else { return nil }
      let rest = host[host.index(after: end)...]
      host = host[..<end].dropFirst()
      guard rest.isEmpty || rest.first == ":" else { return nil }
      digits = rest.isEmpty ? nil : rest.dropFirst()
    } else if let colon = host.lastIndex(of: ":"), host.firstIndex(of: ":") == colon {
      digits = host[host.index(after: colon)...]
      host = host[..<colon]
    }
    guard !host.isEmpty, !host.contains(where: \.isWhitespace) else { return nil }
    guard let digits else {
      self.init(host: String(host), port: Self.defaultPort)
      return
    }
    guard let port = UInt16(digits), port > 0, digits.first != "+" else { return nil }
    self.init(host: String(host), port: port)
  }

  /// The addresses of a list with commas between them; nil where one is wrong, or none is there.
  package static func list(_ text: String) -> [BrokerAddress]? {
    var addresses: [BrokerAddress] = []
    for part in text.split(separator: ",") {
      let trimmed = part.drop(while: \.isWhitespace)
      guard let end = trimmed.lastIndex(where: { !$0.isWhitespace }) else { continue }
      guard let address = BrokerAddress(trimmed[...end]), addresses.count < maximumListed else { return nil }
      addresses.append(address)
    }
    return addresses.isEmpty ? nil : addresses
  }

  package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
