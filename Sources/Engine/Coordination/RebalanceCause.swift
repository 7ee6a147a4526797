package import Units

/// Why a group rebalances, and who made it do so: what an operator asks first.
package struct RebalanceCause: Equatable, Sendable {
  package enum Trigger: String, CaseIterable, Sendable {
    case memberJoined = "member-joined"
    case memberRejoined = "member-rejoined"
    case leaderRejoined = "leader-rejoined"
    case subscriptionChanged = "subscription-changed"
    case staticMemberReplaced = "static-member-replaced"
    case memberLeft = "member-left"
    case sessionExpired = "session-expired"
    case syncMissed = "sync-missed"
    case assignmentTooLarge = "assignment-too-large"
    case tooManyMembers = "too-many-members"
    case topicsChanged = "topics-changed"
    case protocolChanged = "protocol-changed"
  }

  package var trigger: Trigger
  /// The member that caused it, or nothing.
  package var member: String
  /// Its static name.
  package var instance: String?
  package var clientID: String
  package var host: String
  /// What the client said (KIP-800).
  package var reason: String?
  package var at: Timestamp

  /// Characters of each text that are kept: each group keeps its last cause when all members are gone.
  private static let textLimit = 255

  package init(
    _ trigger: Trigger, member: String = "", instance: String? = nil, clientID: String = "", host: String = "",
    reason: String? = nil, at: Timestamp
  ) {
    func short(_ text: String) -> String {
      text.utf8.count <= Self.textLimit ? text : String(text.prefix(Self.textLimit))
    }
    self.trigger = trigger
    self.member = short(member)
    self.instance = instance.map(short)
    self.clientID = short(clientID)
    self.host = host
    self.reason = reason.map(short)
    self.at = at
  }

  init(_ trigger: Trigger, _ member: ClassicMember, reason: String? = nil, at: Timestamp) {
    self.init(
      trigger, member: member.id, instance: member.instance, clientID: member.clientID, host: member.host,
      reason: reason, at: at)
  }
}
