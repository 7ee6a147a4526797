import Machine
package import SimMachine

/// What trials did, for the report.
package struct TrialTally: Sendable {
  package var crashPoints = 0
  package var operations = 0
  package var recoveryCuts = 0
  package var replays = 0
  /// Worst cuts tried at an instant, without one.
  package var ghosts = 0
  /// Files that starts found and nothing referred to.
  package var orphans = 0
  /// Log starts that retention moved by itself.
  package var retained = 0
  /// Times the wall clock was set.
  package var clockJumps = 0
  /// Cuts with `durability=interval` that took something acknowledged, always a suffix.
  package var suffixesLost = 0
  /// Compactions whose result was swapped in.
  package var swaps = 0
  package var coordinators = CoordinatorTally()
  package var simulatedMs: Int64 = 0
  package var sites: [SimSite: Int] = [:]

  package init() {}

  package static func += (sum: inout TrialTally, more: TrialTally) {
    sum.crashPoints += more.crashPoints
    sum.operations += more.operations
    sum.recoveryCuts += more.recoveryCuts
    sum.replays += more.replays
    sum.ghosts += more.ghosts
    sum.orphans += more.orphans
    sum.retained += more.retained
    sum.clockJumps += more.clockJumps
    sum.suffixesLost += more.suffixesLost
    sum.swaps += more.swaps
    sum.coordinators += more.coordinators
    sum.simulatedMs += more.simulatedMs
    sum.sites.merge(more.sites, uniquingKeysWith: +)
  }

  /// Simulated hours, with one decimal.
  package var simulatedHours: Double { (Double(simulatedMs) / 360_000).rounded() / 10 }

  /// The lines a person reads after a campaign.
  package var summary: String {
    let named = sites.map { (count: $0.value, name: "\($0.key.call.rawValue) \($0.key.fileClass)") }
    let places = named.sorted { ($1.count, $0.name) < ($0.count, $1.name) }.map { "  \($0.name): \($0.count)" }
    return """
      \(crashPoints) crash points, \(operations) operations, \(simulatedHours) simulated hours
      logs: \(recoveryCuts) cuts during recovery, \(replays) replays compared, \(ghosts) worst cuts tried in passing, \
      \(orphans) orphans moved, \(retained) log starts moved by retention, \(clockJumps) clock jumps, \
      \(suffixesLost) suffixes lost with durability=interval, \(swaps) compactions swapped in
      coordinators: \(coordinators.summary)
      cut at \(sites.count) sites:
      \(places.joined(separator: "\n"))
      """
  }
}

/// What trials of groups and transactions did.
package struct CoordinatorTally: Sendable {
  package var requests = 0
  /// Requests that arrived in a later life of the server than they were sent in.
  package var lateRequests = 0
  package var endedTransactions = 0
  package var committedOffsets = 0
  /// Requests of producers that had been replaced, all of them refused.
  package var fencedRequests = 0
  /// Starts whose state was compared with the state before the cut.
  package var compared = 0
  /// Starts that decided something at once, such as a new assignment, and those between two decisions of one turn.
  package var notCompared = 0

  package init() {}

  package static func += (sum: inout CoordinatorTally, more: CoordinatorTally) {
    sum.requests += more.requests
    sum.lateRequests += more.lateRequests
    sum.endedTransactions += more.endedTransactions
    sum.committedOffsets += more.committedOffsets
    sum.fencedRequests += more.fencedRequests
    sum.compared += more.compared
    sum.notCompared += more.notCompared
  }

  var summary: String {
    "\(requests) requests, \(lateRequests) of them from an earlier life and \(fencedRequests) of replaced producers, "
      + "\(endedTransactions) transactions ended, \(committedOffsets) offsets committed, "
      + "\(compared) starts compared, \(notCompared) not comparable"
  }
}
