import Glibc

/// Which Host headers are answered: a guard against pages that lead a browser here under a name of their own.
struct HostRule: Sendable {
  private let name: String

  /// The rule of a front that listens on `host`.
  init(host: String) { name = host.lowercased() }

  /// Whether `header` (`name`, `name:port`, `address:port`, `[address]:port`) may be answered.
  func admits(_ header: String) -> Bool {
    let host = Self.withoutPort(header.lowercased())
    return host == name || host == "localhost" || Self.isAddress(host)
  }

  private static func withoutPort(_ header: String) -> String {
    if header.hasPrefix("[") { return String(header.dropFirst().prefix { $0 != "]" }) }
    return String(header.prefix { $0 != ":" })
  }

  private static func isAddress(_ host: String) -> Bool {
    var room = in6_addr()
    return inet_pton(AF_INET, host, &room) == 1 || inet_pton(AF_INET6, host, &room) == 1
  }
}
