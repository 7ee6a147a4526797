import KafkaWire
import Units

/// A group in which the members choose a leader, and the leader decides who reads what: the protocol before KIP-848, and
/// the one of Connect workers and schema registries.
///
/// A round begins when the group prepares to rebalance: members join again, all of them or those that do so in time. Then
/// they sync: the leader brings the assignment, and everybody takes theirs. Only the outcome is written down; a round
/// that a crash interrupts begins anew.
struct ClassicGroup {
  enum State: String {
    case empty = "Empty"
    case preparingRebalance = "PreparingRebalance"
    case completingRebalance = "CompletingRebalance"
    case stable = "Stable"
  }

  /// What a call is told: the settings and the world.
  struct World {
    var settings: GroupCoordinatorSettings
    var context: CoordinatorContext
  }

  let id: String
  /// The group as it is written down; nil for a group that never had members, of which only offsets are.
  private(set) var record: [UInt8]?

  var state = State.empty
  var stateSince = Timestamp.none
  var generation: Int32 = 0
  /// Nil before the first member.
  var protocolType: String?
  var protocolName: String?
  var leader: String?
  var members: [String: ClassicMember] = [:]
  /// Member ids by static name.
  var staticMembers: [String: String] = [:]
  /// Ids given out with MEMBER_ID_REQUIRED that have not come back.
  private(set) var pending: Set<String> = []
  /// Members that have not synced in this generation.
  var syncsOwed: Set<String> = []
  /// How many members support a protocol.
  var supports: [String: Int] = [:]
  /// How many members have joined the round.
  var joined = 0
  var arrivals = 0
  /// The round that gathers is the first after the group was empty: it waits for company.
  var initialDelay: InitialDelay?
  /// What the members of a `consumer` group read; nil where that is not known.
  private(set) var subscribedTopics: Set<String>?
  /// About what all of it takes: see `GroupBytes`.
  private(set) var bytes = 0
  var lastCause: RebalanceCause?
  /// Rounds begun since the start of the process.
  var rebalances = 0

  /// The wait of a first round.
  struct InitialDelay {
    /// The wait that runs.
    var currentMs: Int64
    /// What may be added to it.
    var remainingMs: Int64
    /// Whether somebody has come in while it ran.
    var hasCompany = false
  }

  init(id: String) { self.id = id }

  var mark: CoordinatorMark { .membership(group: id) }

  /// Applies the group's record, or its removal: the durable part of the group is nothing else.
  mutating func replay(_ value: [UInt8]?) {
    bytes += (value?.count ?? 0) - (record?.count ?? 0)
    record = value
  }

  /// The members in the order in which they came.
  var membersInOrder: [ClassicMember] { members.values.sorted { $0.arrival < $1.arrival } }

  /// The longest time that a member allows for a round.
  var rebalanceTimeoutMs: Int64 { Int64(members.values.lazy.map(\.rebalanceTimeoutMs).max() ?? 0) }

  var hasEverybodyJoined: Bool { joined == members.count && pending.isEmpty }

  func isSubscribed(to topic: String) -> Bool {
    subscribedTopics?.contains(topic) ?? (protocolType == EmbeddedProtocol.name)
  }

  /// Why `member` is not who it says (KIP-345).
  func refusal(ofMember member: String, instance: String?) -> ErrorCode? {
    if let instance {
      guard let known = staticMembers[instance] else { return .unknownMemberId }
      guard known == member else { return .fencedInstanceId }
    }
    return members[member] == nil ? .unknownMemberId : nil
  }

  /// Why a member may not commit offsets. A group that gathers still takes commits: its members finish their work.
  func refusalOfCommit(_ claim: GroupCoordinator.CommitClaim) -> ErrorCode? {
    if claim.generation < 0, state == .empty { return nil }
    if claim.generation >= 0 || !claim.member.isEmpty || claim.instance != nil {
      if let refusal = refusal(ofMember: claim.member, instance: claim.instance) { return refusal }
      if claim.generation != generation { return .illegalGeneration }
    } else if !claim.isTransactional {
      return .unknownMemberId
    }
    return state == .completingRebalance && !claim.isTransactional ? .rebalanceInProgress : nil
  }

  mutating func enter(_ next: State, at time: Timestamp) {
    state = next
    stateSince = time
  }

  // MARK: Members

  /// Takes a member in, its offers counted.
  mutating func add(_ member: ClassicMember) {
    var member = member
    arrivals += 1
    member.arrival = arrivals
    if members.isEmpty { leader = leader ?? member.id }
    if leader == nil { leader = member.id }
    if let instance = member.instance { staticMembers[instance] = member.id }
    count(member, 1)
    if member.hasJoined { joined += 1 }
    stopExpecting(member.id)
    members[member.id] = member
  }

  /// Takes a member out; its waiters must have been answered, and `electLeader` is to follow.
  @discardableResult
  mutating func remove(_ id: String) -> ClassicMember? {
    stopExpecting(id)
    syncsOwed.remove(id)
    guard let member = members.removeValue(forKey: id) else { return nil }
    count(member, -1)
    if member.hasJoined { joined -= 1 }
    if let instance = member.instance, staticMembers[instance] == id { staticMembers[instance] = nil }
    if leader == id { leader = nil }
    return member
  }

  /// After members were taken out: the oldest of the rest leads, where the leader is gone. Once for all of them, since it
  /// looks at each member.
  mutating func electLeader() {
    guard leader == nil else { return }
    leader = members.values.min { $0.arrival < $1.arrival }?.id
  }

  /// Counts a member in, or out: before and after any change of what it said.
  mutating func count(_ member: ClassicMember, _ step: Int) {
    bytes += step * member.bytes
    for offer in member.offers {
      let left = supports[offer.name, default: 0] + step
      supports[offer.name] = left > 0 ? left : nil
    }
  }

  /// Gives a member its share.
  mutating func give(_ assignment: [UInt8], to id: String) {
    guard let before = members[id]?.assignment.count else { return }
    bytes += assignment.count - before
    members[id]?.assignment = assignment
  }

  /// An id was given out, and its member is to come back with it.
  mutating func expect(_ id: String) {
    if pending.insert(id).inserted { bytes += Self.pendingBytes(id) }
  }

  /// The id is not waited for any more; false where it was not.
  @discardableResult
  mutating func stopExpecting(_ id: String) -> Bool {
    guard pending.remove(id) != nil else { return false }
    bytes -= Self.pendingBytes(id)
    return true
  }

  /// Whether a member with these offers could speak with all others.
  func speaks(_ type: String, _ offers: [ClassicMember.Offer]) -> Bool {
    if state == .empty { return !type.isEmpty && !offers.isEmpty }
    return protocolType == type && offers.contains { supports[$0.name, default: 0] == members.count }
  }

  /// The protocol that most members prefer among those that all support; the oldest member's taste where it is a tie.
  func chooseProtocol() -> String? {
    var votes: [String: Int] = [:]
    for member in members.values {
      guard let vote = member.vote(among: supports, of: members.count) else { continue }
      votes[vote, default: 0] += 1
    }
    guard let most = votes.values.max(), let oldest = members.values.min(by: { $0.arrival < $1.arrival })
    else { return nil }
    return oldest.offers.first { votes[$0.name] == most }?.name ?? votes.filter { $0.value == most }.keys.min()
  }

  /// After members or their protocol have changed: what they read now.
  mutating func learnSubscriptions() {
    bytes -= GroupBytes.names(subscribedTopics ?? [])
    subscribedTopics = readSubscriptions()
    bytes += GroupBytes.names(subscribedTopics ?? [])
  }

  /// The topics of all members' subscriptions, where they can be read.
  private func readSubscriptions() -> Set<String>? {
    guard protocolType == EmbeddedProtocol.name else { return nil }
    guard let protocolName else { return members.isEmpty ? [] : nil }
    var all: Set<String> = []
    for member in members.values {
      guard let topics = EmbeddedProtocol.topics(in: member.metadata(of: protocolName)) else { return nil }
      all.formUnion(topics)
    }
    return all
  }
}
