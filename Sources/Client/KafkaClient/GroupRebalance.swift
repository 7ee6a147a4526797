import KafkaWire

/// Why a group last rebalanced, and who made it do so.
package struct GroupRebalance: Equatable, Sendable {
  /// "member-left", "session-expired" and so on.
  package var reason: String
  /// The member that caused it; empty where none did.
  package var member: String
  package var instance: String?
  package var clientID: String
  package var host: String
  /// What the client said of it.
  package var said: String?
  /// Milliseconds since 1970.
  package var atMs: Int64
  /// Rebalances since the broker started.
  package var count: Int64

  package init(
    reason: String, member: String, instance: String? = nil, clientID: String, host: String, said: String? = nil,
    atMs: Int64, count: Int64
  ) {
    self.reason = reason
    self.member = member
    self.instance = instance
    self.clientID = clientID
    self.host = host
    self.said = said
    self.atMs = atMs
    self.count = count
  }

  /// "member-left, by worker at 10.0.0.7".
  package var sentence: String {
    let who = clientID.isEmpty ? member : clientID
    let by = who.isEmpty ? "" : ", by \(who)" + (host.isEmpty ? "" : " at \(host)")
    return reason + by + (said.map { " (\"\($0)\")" } ?? "")
  }
}

extension KafkaClient {
  private static let groupResource: Int8 = 32

  /// The last rebalance of a group; nil where it had none since the broker started, or the broker is another one and
  /// does not tell.
  package func lastRebalance(of group: String) throws(ClientError) -> GroupRebalance? {
    let node = try coordinator(of: group)
    let resource = DescribeConfigsRequest.Resource(
      resourceType: Self.groupResource, resourceName: group,
      configurationKeys: RebalanceFact.allCases.map(\.rawValue))
    let answer = try exchange(DescribeConfigsRequest(resources: [resource]), on: try broker(node))
    guard let result = answer.results.first, result.errorCode == 0 else { return nil }
    let values = Dictionary(result.configs.map { ($0.name, $0.value) }) { $1 }
    func value(_ fact: RebalanceFact) -> String? { values[fact.rawValue] ?? nil }
    guard let reason = value(.reason), let at = value(.at).flatMap({ Int64($0) }) else { return nil }
    return GroupRebalance(
      reason: reason, member: value(.member) ?? "", instance: value(.instance), clientID: value(.clientID) ?? "",
      host: value(.host) ?? "", said: value(.said), atMs: at, count: value(.count).flatMap { Int64($0) } ?? 0)
  }
}
