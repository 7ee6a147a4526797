import Broker
import Coordination
import LogStore
import Metrics
import Units

/// What the metrics show of groups and transactions.
struct CoordinatorFacts: Sendable {
  /// Rows of lag in one answer: what is beyond them is counted.
  static let lagRows = 5_000
  /// Of these, so many that are behind are shown with the age of what is unread.
  static let agedRows = 1_000

  /// Groups by type and state.
  let groups: [(type: String, state: String, count: Int)]
  let members: Int
  /// Groups that are looked at for members and lag in one answer.
  static let groupsShown = 2_000
  /// Groups beyond these.
  let groupsLeftOut: Int
  let rebalances: [(trigger: String, count: UInt64)]
  /// Of the groups looked at that have rebalanced since the start.
  let lastRebalances: [(group: String, cause: RebalanceCause)]
  let commits: UInt64
  /// Its ages are added before it is shown.
  var lag: [LagRow]
  /// Offsets of the groups looked at for which there was no row.
  let offsetsLeftOut: Int
  let parkedCalls: Int
  let transactions: [(state: String, count: Int)]
  let fencings: [(reason: String, count: UInt64)]
  /// How long the oldest open transaction is open; 0 without one.
  let oldestTransactionMs: Int64
  /// What each coordinator keeps, and may keep, in bytes.
  let memory: [(coordinator: String, held: Int, limit: Int)]

  init(_ engine: Engine) {
    let coordinator = engine.groups
    groups = coordinator.census.sorted { $0.key < $1.key }.flatMap { type, states in
      states.sorted { $0.key < $1.key }.map { (type, $0.key, $0.value) }
    }
    let all = coordinator.groupNames
    let names = all.prefix(Self.groupsShown)
    groupsLeftOut = all.count - names.count
    members = names.reduce(0) { $0 + coordinator.memberCount(of: $1) }
    rebalances = RebalanceCause.Trigger.allCases.map { ($0.rawValue, coordinator.rebalances[$0] ?? 0) }
    lastRebalances = names.compactMap { name in coordinator.lastRebalance(of: name).map { (name, $0.cause) } }
    commits = coordinator.committedOffsets
    lag = engine.lag(groups: names, limit: Self.lagRows)
    parkedCalls = engine.parkedCalls
    offsetsLeftOut = max(names.reduce(0) { $0 + coordinator.offsetCount(of: $1) } - Self.lagRows, 0)
    let machine = engine.transactions
    let counts = machine.counts
    transactions = Transaction.State.allCases.map { ($0.name, counts[$0] ?? 0) }
    fencings = TransactionCoordinator.Fencing.allCases.map { ($0.rawValue, machine.fencings[$0] ?? 0) }
    oldestTransactionMs = machine.oldestOpen.map { max(engine.coordinatorWall.milliseconds - $0.milliseconds, 0) } ?? 0
    memory = [
      ("group", coordinator.heldBytes, coordinator.limitBytes),
      ("transaction", machine.heldBytes, machine.limitBytes),
    ]
  }

  private static func labels(_ row: LagRow) -> [(String, String)] {
    [("group", row.group), ("topic", row.topic), ("partition", String(row.partition.index))]
  }

  func add(to text: inout MetricsText) {
    text.family("millrace_groups", .gauge, "Groups by type and state.")
    for group in groups {
      text.sample("millrace_groups", [("type", group.type), ("state", group.state)], group.count)
    }
    text.single(
      "millrace_group_members", .gauge, "Members of the first \(Self.groupsShown) groups by name.", members)
    text.family("millrace_group_rebalances_total", .counter, "Rounds of rebalancing begun, by what began them.")
    for (trigger, count) in rebalances {
      text.sample("millrace_group_rebalances_total", [("reason", trigger)], count)
    }
    text.family(
      "millrace_group_last_rebalance_timestamp_seconds", .gauge,
      "When a group last began to rebalance, why, and the client whose member caused it.")
    for (group, cause) in lastRebalances {
      text.sample(
        "millrace_group_last_rebalance_timestamp_seconds",
        [("group", group), ("reason", cause.trigger.rawValue), ("client_id", cause.clientID)],
        seconds: Double(cause.at.milliseconds) / 1_000)
    }
    text.single("millrace_group_offsets_committed_total", .counter, "Offsets committed.", commits)
    text.family(
      "millrace_group_lag_records", .gauge,
      "Offsets between what a group has committed and the stable end; at most \(Self.lagRows) rows.")
    for row in lag { text.sample("millrace_group_lag_records", Self.labels(row), row.records) }
    text.family(
      "millrace_group_lag_seconds", .gauge,
      "Age of the next unread record, by the first timestamp of its batch, 0 where all is read; the first "
        + "\(Self.agedRows) rows that are behind have one, as soon as it is known.")
    for row in lag {
      guard let age = row.records == 0 ? 0 : row.ageMs else { continue }
      text.sample("millrace_group_lag_seconds", Self.labels(row), seconds: Double(age) / 1_000)
    }
    text.single(
      "millrace_groups_left_out", .gauge, "Groups beyond the first \(Self.groupsShown): no members, no lag.",
      groupsLeftOut)
    text.single(
      "millrace_group_offsets_left_out", .gauge, "Offsets of the groups looked at, beyond \(Self.lagRows) rows of lag.",
      offsetsLeftOut)
    text.single(
      "millrace_parked_group_requests", .gauge, "Requests of members that wait for others of their group.", parkedCalls)
    text.family("millrace_transactions", .gauge, "Transactional ids by the state of their transaction.")
    for (state, count) in transactions { text.sample("millrace_transactions", [("state", state)], count) }
    text.family(
      "millrace_producer_fencings_total", .counter,
      "Producers whose transactional id was taken from them: their transaction was open for too long, or the id was "
        + "asked for anew, as each start of a program does. What they are answered is in millrace_kafka_errors_total.")
    for (reason, count) in fencings { text.sample("millrace_producer_fencings_total", [("reason", reason)], count) }
    text.family("millrace_coordinator_memory_bytes", .gauge, "What groups and transactional ids take, about.")
    for part in memory {
      text.sample("millrace_coordinator_memory_bytes", [("coordinator", part.coordinator)], part.held)
    }
    text.family(
      "millrace_coordinator_memory_limit_bytes", .gauge,
      "What they may take, a share of memory.limit. From four fifths of it on, new groups are told to come back later, and "
        + "the transactional ids that are idle for longest are forgotten.")
    for part in memory {
      text.sample("millrace_coordinator_memory_limit_bytes", [("coordinator", part.coordinator)], part.limit)
    }
    text.single(
      "millrace_oldest_transaction_seconds", .gauge,
      "How long the oldest open transaction is open; 0 without one.",
      oldestTransactionMs / 1_000)
  }
}
