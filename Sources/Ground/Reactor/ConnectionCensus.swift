package import Units

/// How many connections there are, in all and per address, and whether one more may come. Shared by all listeners of a
/// server; safe from any thread.
package final class ConnectionCensus: @unchecked Sendable {
  package struct Limits: Sendable {
    /// All connections (`max.connections`).
    package var total: Int
    /// Connections of one address (`max.connections.per.ip`); nil for no limit. An IPv6 address stands for its /64.
    package var perAddress: Int?
    /// New connections of one address in a second; nil for no limit.
    package var newPerSecond: Int?

    package init(total: Int, perAddress: Int? = nil, newPerSecond: Int? = nil) {
      self.total = total
      self.perAddress = perAddress
      self.newPerSecond = newPerSecond
    }
  }

  package enum Verdict: Equatable, Sendable { case welcome, tooMany, tooManyOfAddress, tooFastOfAddress }

  private struct Row {
    var open = 0
    var second: Int64 = 0
    var newInSecond = 0
  }

  private let limits: Limits
  private let lock = Lock()
  private var open = 0
  private var rows: [SocketAddress.LimitKey: Row] = [:]
  private var sweptSecond: Int64 = 0

  package init(_ limits: Limits) { self.limits = limits }

  /// Connections open now.
  package var count: Int { lock.withLock { open } }

  /// Counts a connection in, if it may come; then `left` is owed. Loopback is held to the total only.
  package func arrived(_ peer: SocketAddress, now: Instant) -> Verdict {
    lock.withLock {
      guard open < limits.total else { return .tooMany }
      if countsAddress(peer) {
        let second = now.nanoseconds / 1_000_000_000
        sweep(second)
        var row = rows[peer.limitKey] ?? Row()
        if row.second != second { (row.second, row.newInSecond) = (second, 0) }
        if let most = limits.perAddress, row.open >= most { return .tooManyOfAddress }
        if let most = limits.newPerSecond, row.newInSecond >= most { return .tooFastOfAddress }
        row.open += 1
        row.newInSecond += 1
        rows[peer.limitKey] = row
      }
      open += 1
      return .welcome
    }
  }

  /// Counts a connection out.
  package func left(_ peer: SocketAddress) {
    lock.withLock {
      open -= 1
      if countsAddress(peer) { rows[peer.limitKey]?.open -= 1 }
    }
  }

  private func countsAddress(_ peer: SocketAddress) -> Bool {
    !peer.isLoopback && (limits.perAddress != nil || limits.newPerSecond != nil)
  }

  /// Once a second, forgets the addresses that have gone: the table is bounded by `total` and one second's newcomers.
  private func sweep(_ second: Int64) {
    guard second != sweptSecond else { return }
    sweptSecond = second
    rows = rows.filter { $0.value.open > 0 || $0.value.second == second }
  }
}
