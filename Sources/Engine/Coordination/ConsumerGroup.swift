package import KafkaWire
import Units

/// What one consumer group obeys. Times in milliseconds; what may be set for one group alone comes from its own settings.
package struct ConsumerGroupSettings: Equatable, Sendable {
  /// `consumer.heartbeat.interval.ms`: how long a member at rest may take between its calls.
  package var heartbeatIntervalMs: Int32 = 5_000
  /// Calls of members at rest that the node wants to hear in a second, from all groups together. As long as there are
  /// fewer, members are asked to call as often as in a rebalance: they hear of a change with their next call.
  package var restingCallsPerSecond = 500
  /// Groups of the node, each of which has the same share of these calls.
  package var groupCount = 1
  /// How often a member is asked to call that must give up partitions or waits for some: this decides how long a
  /// rebalance takes. Never longer than at rest.
  package var busyHeartbeatIntervalMs: Int32 = 500
  /// `consumer.session.timeout.ms`.
  package var sessionTimeoutMs: Int32 = 45_000
  /// `consumer.assignment.interval.ms`: between two computations of the target assignment.
  package var assignmentIntervalMs: Int32 = 1_000
  /// `group.consumer.regex.refresh.interval.ms`.
  package var patternRefreshIntervalMs: Int32 = 600_000
  /// `group.consumer.max.size`.
  package var maxSize: Int32 = .max
  /// `group.consumer.assignors`: the first is used where no member votes.
  package var assignors: [Assignor] = Assignor.allCases

  /// Kafka's defaults.
  package init() {}
}

/// A consumer group of the new protocol (KIP-848): the server shares out the partitions, and tells each member with its
/// heartbeat what to give up and what to take.
///
/// The promise: a partition has a new owner only after the old one has said that it does not own it any more, or was
/// fenced. Three things keep it against requests that were delayed, repeated or overtaken on other connections. A member
/// is told to give partitions up under an epoch that it never had, so no earlier request can pass for the answer. A member
/// that joins gets an epoch it never had in an earlier life. And a request of the epoch before, from a member whose last
/// answer was lost, is answered but moves nothing.
package struct ConsumerGroup: Equatable, Sendable {
  package let id: String
  package internal(set) var state = ConsumerGroupState()

  /// Who holds a partition: owns it, or has not said yet that it gave it up. Follows from `state`.
  var owners: [TopicPartition: String] = [:]
  /// The static members' ids, by instance. Follows from `state`.
  var statics: [String: String] = [:]

  /// When the target was last computed; nil after a restart.
  var lastAssigned: Instant?
  /// Whether a member has joined that no target was computed for yet. Follows from `state`.
  var hasUnassigned = false
  /// What members are waited for, with their rebalance timeout running.
  var waits: [String: Wait] = [:]
  /// Why the members' shares last changed.
  package internal(set) var lastRebalance: Rebalance?

  /// What a member must do before its rebalance timeout.
  enum Wait: Equatable, Sendable {
    case revoke
    /// It was told again what it owns, and shall say that it knows.
    case confirm
    case rejoin
    case sync
  }

  /// Why the group's epoch last went up.
  package struct Rebalance: Equatable, Sendable {
    package enum Reason: String, Sendable {
      case joined, left, fenced, subscription, topics
    }
    package var reason: Reason
    /// The member that caused it; nil for a change of topics.
    package var member: String?
    /// Its static name.
    package var instance: String?
    package var clientID = ""
    package var host = ""

    init(_ reason: Reason) { self.reason = reason }

    init(_ reason: Reason, _ id: String, _ member: ConsumerMember?) {
      self.reason = reason
      self.member = id
      guard let member else { return }
      instance = member.instanceID
      clientID = member.clientID
      host = member.clientHost
    }
  }

  /// The group epoch from which on members are sent back to the start: the distance to the end is more than what happens
  /// between two heartbeats.
  static let lastEpoch = Int32.max - 65_536

  package init(id: String) { self.id = id }

  /// Equal durable state.
  package static func == (a: ConsumerGroup, b: ConsumerGroup) -> Bool { a.id == b.id && a.state == b.state }

  /// What a reply about this group shows.
  var mark: CoordinatorMark { .membership(group: id) }

  /// Records of one call, in the order they were applied.
  typealias Draft = [CoordinatorRecord]

  /// Why a request is refused.
  struct Refusal: Error {
    var code: ErrorCode
    var message: String

    init(_ code: ErrorCode, _ message: String) {
      self.code = code
      self.message = message
    }
  }

  /// Serves a heartbeat, in versions 0 and 1: joins at epoch 0, leaves at -1 (for a while at -2), and is told at every
  /// other one what to own. The group may be new; a request that is refused leaves it as it was.
  package mutating func heartbeat(
    _ request: ConsumerGroupHeartbeatRequest, from caller: Caller, waiter: Waiter, _ settings: ConsumerGroupSettings,
    _ context: CoordinatorContext, into effects: inout Effects
  ) {
    var draft = Draft()
    var response: ConsumerGroupHeartbeatResponse
    do throws(Refusal) {
      try check(request, caller.version, settings)
      dissolveIfExhausted(&draft, into: &effects)
      if request.memberEpoch < 0 {
        response = try leave(request, settings, context, &draft, into: &effects)
      } else {
        response = try beat(request, caller, settings, context, &draft, into: &effects)
      }
    } catch {
      response = ConsumerGroupHeartbeatResponse(errorCode: error.code.rawValue, errorMessage: error.message)
    }
    finish(draft, into: &effects)
    effects.reply(to: waiter, response, sees: [mark])
  }

  /// Applies a record and keeps it for the call's batch.
  mutating func put(_ record: ConsumerGroupRecord, _ draft: inout Draft) {
    let encoded = record.encoded(of: id)
    replay(encoded)
    draft.append(encoded)
  }

  /// Refuses a member that could not be written down, before anything is decided about it.
  func checkSize(of member: ConsumerMember, _ id: String) throws(Refusal) {
    // Texts and bytes that the record holds, and more.
    guard ConsumerGroupState.bytes(id, member) > GroupLimits.recordBytes else { return }
    throw Refusal(.unknownServerError, "the member's record would be larger than \(GroupLimits.recordBytes) bytes")
  }

  /// Hands the call's records over, as one batch.
  func finish(_ draft: Draft, into effects: inout Effects) {
    guard !draft.isEmpty else { return }
    effects.writes.append(CoordinatorWrite(topic: .consumerOffsets, owner: id, records: draft, marks: [mark, .groups]))
  }

  /// Applies one of this group's records: the only way durable state changes, live as after a restart. False for a record
  /// that is none of a consumer group, or cannot be read.
  @discardableResult
  package mutating func replay(_ record: CoordinatorRecord) -> Bool {
    guard let record = ConsumerGroupRecord(record) else { return false }
    switch record {
    case .member(let id, let member):
      if let instance = state.members[id]?.instanceID, statics[instance] == id { statics[instance] = nil }
      if let instance = member?.instanceID { statics[instance] = id }
    case .current(let id, let assignment):
      if let old = state.current[id] {
        for partition in old.assigned.keys where owners[partition] == id { owners[partition] = nil }
        for partition in old.pending.keys where owners[partition] == id { owners[partition] = nil }
      }
      if let assignment {
        for partition in assignment.assigned.keys { owners[partition] = id }
        for partition in assignment.pending.keys { owners[partition] = id }
      }
    default: break
    }
    state.apply(record)
    return true
  }

  /// The shortest list of records whose replay gives this group's durable state.
  package func snapshot() -> [CoordinatorRecord] { state.records().map { $0.encoded(of: id) } }

  /// The records that remove the group.
  package func removalRecords() -> [CoordinatorRecord] { state.removals().map { $0.encoded(of: id) } }

  /// Whether nothing of the group is left, so that its entry can go.
  package var isBlank: Bool { state.isBlank }
  /// Whether it has no members.
  package var isEmpty: Bool { state.members.isEmpty }
  /// Whether it has members and all of them speak the classic protocol: it can become a classic group.
  package var isClassicOnly: Bool { !isEmpty && state.members.values.allSatisfy { $0.classic != nil } }

  /// Where `member` is; the start, for one without a record.
  func current(_ member: String) -> MemberAssignment { state.current[member] ?? MemberAssignment() }
}
