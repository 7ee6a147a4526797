/// What a seed's lives are about. The seed decides it, so that every stretch of seeds has its share of each kind.
package enum TrialKind: String, CaseIterable, Sendable {
  /// Topics, records, producers, transactions of the log, retention and deletion.
  case log
  /// The same with `durability=interval`.
  case interval
  /// Compacted topics.
  case keyed
  /// Groups and transactions, asked by clients.
  case coordinators

  /// Of ten seeds in a row, four are of logs, one of logs with an interval, two of compaction, three of coordinators.
  private static let turns: [TrialKind] = [
    .log, .keyed, .coordinators, .log, .interval, .coordinators, .log, .keyed, .log, .coordinators,
  ]

  /// The kind of trial that `seed` makes.
  package static func of(_ seed: UInt64) -> TrialKind { turns[Int(seed % UInt64(turns.count))] }

  func trial(_ seed: UInt64) -> any SeededTrial {
    switch self {
    case .log: Trial(seed: seed)
    case .interval: Trial(seed: seed, mode: .interval)
    case .keyed: KeyedTrial(seed: seed)
    case .coordinators: CoordinatorTrial(seed: seed)
    }
  }
}

/// Lives and power cuts on one simulated disk that a seed decides.
protocol SeededTrial {
  var tally: TrialTally { get }

  /// Runs until `crashPoints` cuts have been survived.
  mutating func run(crashPoints: Int) throws(SimFailure)
}
