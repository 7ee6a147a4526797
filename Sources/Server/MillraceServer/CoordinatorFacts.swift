import Broker
import Coordination
import LogStore
import Metrics
import Units

/// What the metrics show of groups and transactions.
struct CoordinatorFacts: Sendable {
  /// How far a group is behind in one partition.
  struct Lag: Sendable {
    var group: String
    var topic: String
    var partition: Int32
    var records: Int64
  }

  /// Rows of lag in one answer: beyond them a group is counted, not shown.
  static let lagRows = 5_000

  /// Groups by type and state.
  let groups: [(type: String, state: String, count: Int)]
  let members: Int
  /// Groups that are looked at for members and lag in one answer.
  static let groupsShown = 2_000
  let rebalances: [(trigger: String, count: UInt64)]
  let commits: UInt64
  let lag: [Lag]
  let parkedCalls: Int
  let transactions: [(state: String, count: Int)]
  /// How long the oldest open transaction is open; 0 without one.
  let oldestTransactionMs: Int64

  init(_ engine: Engine) {
    let coordinator = engine.groups
    groups = coordinator.census.sorted { $0.key < $1.key }.flatMap { type, states in
      states.sorted { $0.key < $1.key }.map { (type, $0.key, $0.value) }
    }
    let names = coordinator.groupNames.prefix(Self.groupsShown)
    members = names.reduce(0) { $0 + (coordinator.facts(of: $1)?.members.count ?? 0) }
    rebalances = RebalanceCause.Trigger.allCases.map { ($0.rawValue, coordinator.rebalances[$0] ?? 0) }
    commits = coordinator.committedOffsets
    var lag: [Lag] = []
    for name in names where lag.count < Self.lagRows {
      for (place, offset) in coordinator.offsets(of: name).prefix(Self.lagRows - lag.count) {
        guard let topic = engine.catalogue.id(of: place.topic),
          let partition = engine.store.partition(PartitionKey(topic: topic, index: place.partition))
        else { continue }
        let behind = partition.stableEnd.value - max(offset.offset, partition.durableStart.value)
        lag.append(Lag(group: name, topic: place.topic, partition: place.partition, records: max(behind, 0)))
      }
    }
    self.lag = lag
    parkedCalls = engine.parkedCalls
    let machine = engine.transactions
    let counts = machine.counts
    transactions = Transaction.State.allCases.map { ($0.name, counts[$0] ?? 0) }
    oldestTransactionMs = machine.oldestOpen.map { max(engine.coordinatorWall.milliseconds - $0.milliseconds, 0) } ?? 0
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
    text.single("millrace_group_offsets_committed_total", .counter, "Offsets committed.", commits)
    text.family(
      "millrace_group_lag_records", .gauge,
      "Offsets between what a group has committed and the stable end; at most \(Self.lagRows) rows.")
    for row in lag {
      text.sample(
        "millrace_group_lag_records",
        [("group", row.group), ("topic", row.topic), ("partition", String(row.partition))], row.records)
    }
    text.single(
      "millrace_parked_group_requests", .gauge, "Requests of members that wait for others of their group.", parkedCalls)
    text.family("millrace_transactions", .gauge, "Transactional ids by the state of their transaction.")
    for (state, count) in transactions { text.sample("millrace_transactions", [("state", state)], count) }
    text.single(
      "millrace_oldest_transaction_seconds", .gauge,
      "How long the oldest open transaction is open; 0 without one.",
      oldestTransactionMs / 1_000)
  }
}
