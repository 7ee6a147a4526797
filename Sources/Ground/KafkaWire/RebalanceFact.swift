/// What Millrace tells of a group's last rebalance, by the names that DescribeConfigs takes for it. No settings: no list
/// has them, nobody changes them, and a broker that does not know them leaves them out.
package enum RebalanceFact: String, CaseIterable, Sendable {
  /// Why it began.
  case reason = "millrace.last.rebalance.reason"
  /// The member that caused it, and its static name.
  case member = "millrace.last.rebalance.member"
  case instance = "millrace.last.rebalance.instance"
  case clientID = "millrace.last.rebalance.client.id"
  case host = "millrace.last.rebalance.host"
  /// What the client said of it (KIP-800).
  case said = "millrace.last.rebalance.said"
  /// When, in milliseconds since 1970.
  case at = "millrace.last.rebalance.at.ms"
  /// Rebalances since the start of the process.
  case count = "millrace.rebalances"
}
