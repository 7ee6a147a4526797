import Broker
import ByteCodec
import Coordination
import LogStore
import Machine
import SimMachine
import Units

/// Lives of groups and transactions on one simulated disk under one seed: requests that come late, twice, out of order or
/// from before a restart, a power cut at some IO step, and a start, whose state must be, byte for byte, what the
/// coordinators were when the last surviving unit of the journal was decided.
package struct CoordinatorTrial: SeededTrial {
  /// All that must survive: the state of both coordinators, and of the producers in the partitions they decide about.
  struct Seen: Equatable {
    var groups: [UInt8]
    var transactions: [CoordinatorWrite]
    var partitions: [[UInt8]]

    init(_ engine: Engine, _ topic: UniqueID?) {
      groups = engine.groups.encoded
      transactions = engine.transactions.snapshot()
      partitions = (0..<CoordinatorClients.partitions).compactMap { index in
        guard let topic, let log = engine.store.partition(PartitionKey(topic: topic, index: index)) else {
          return nil
        }
        var writer = ByteWriter()
        writer.writeInt64(log.end.value)
        log.producers.encode(to: &writer)
        return writer.takeArray()
      }
    }
  }

  /// The state when the unit `through` was the last one decided.
  private struct Moment {
    var through: JournalSequence
    var seen: Seen
    /// One request led to it, which has its effect whole or not at all. Time and turns may have several.
    var isOfOneRequest: Bool

    init(_ node: SimNode, _ topic: UniqueID?, isOfOneRequest: Bool = false) {
      self.isOfOneRequest = isOfOneRequest
      through = node.engine.store.decided
      seen = Seen(node.engine, topic)
    }
  }

  private static let operationsInLife = 120

  private var random: SeededRandom
  private var disk: SimDisk
  private let clock = ManualClock()
  private let seed: UInt64
  private var lives: UInt64 = 0
  private var clients = CoordinatorClients()
  /// What was after each decision of this life.
  private var history: [Moment] = []
  private var acknowledged = JournalSequence.start
  package private(set) var tally = TrialTally()

  package init(seed: UInt64) {
    self.seed = seed
    random = SeededRandom(seed: seed)
    var options = SimDisk.Options(seed: seed)
    options.countsSites = true
    options.fileClass = FileClass.of
    disk = SimDisk(options)
  }

  /// Lives and cuts, each at a step chosen by the seed.
  package mutating func run(crashPoints: Int) throws(SimFailure) {
    defer {
      tally.operations = tally.coordinators.requests
      tally.simulatedMs = clock.elapsedMs
    }
    for _ in 0..<crashPoints {
      let isOver = try live(operations: Self.operationsInLife, cutInStep: 1 + random.below(160))
      if !isOver { disk.cutPower() }
      crash()
    }
    _ = try start()
  }

  /// A fixed life, cut in each of its steps in turn, and what each cut leaves in three ways.
  package static func cutEverywhere(seed: UInt64, operations: Int) throws(SimFailure) -> TrialTally {
    var tally = TrialTally()
    var step = 1
    while true {
      var trial = CoordinatorTrial(seed: seed)
      guard try trial.live(operations: operations, cutInStep: step) else { return tally }
      for fate in [CrashFate.worst, .best, .seeded(UInt64(step))] {
        var one = trial
        one.crash(fate)
        _ = try one.start()
        tally += one.tally
      }
      step += 1
    }
  }

  /// Starts, compares and works; true when the power went.
  private mutating func live(operations: Int, cutInStep step: Int) throws(SimFailure) -> Bool {
    let node = try start()
    if lives == 1 { try makeTopic(node) }
    disk.cutPower(inStep: step)
    for _ in 0..<operations where node.isUp {
      try work(node)
      note(node)
      node.engine.turnEnded()
      note(node)
      for _ in 0..<random.below(4) {
        node.runLane(&random)
        note(node)
      }
    }
    if let failure = node.failure, !failure.isPowerCut { throw .wrong("the node failed: \(failure)") }
    try checkBytes(node)
    try checkOpenTransactions(node)
    acknowledged = node.acknowledged
    return disk.isCut
  }

  /// A life without a cut: what is found when the power went at its end.
  mutating func fill(
    operations: Int, idles: Bool
  ) throws(SimFailure) -> (disk: SimDisk, clock: ManualClock, settled: JournalSequence) {
    let node = try start()
    try makeTopic(node)
    for _ in 0..<operations where node.isUp {
      try work(node)
      node.engine.turnEnded()
      for _ in 0..<random.below(4) { node.runLane(&random) }
    }
    node.quiesce(&random)
    let settled = idles ? node.acknowledged : node.witnessed
    if idles { node.idle(&random) }
    if let failure = node.failure { throw .wrong("the node failed: \(failure)") }
    return (disk, clock, settled)
  }

  private mutating func makeTopic(_ node: SimNode) throws(SimFailure) {
    guard case .success(let made) = node.engine.createTopic("data", partitions: 3, overrides: [:]) else {
      throw .wrong("the topic was refused")
    }
    clients.topic = made.value.id
    note(node)
    node.quiesce(&random)
    note(node)
  }

  private mutating func work(_ node: SimNode) throws(SimFailure) {
    switch random.below(100) {
    case ..<40: clients.send(life: lives, &random)
    case ..<85:
      var noted: [Moment] = []
      defer { history += noted }
      let topic = clients.topic
      try clients.deliver(to: node, life: lives, &random, &tally.coordinators) {
        noted.append(Moment(node, topic, isOfOneRequest: true))
      }
    case ..<92:
      if random.chance(permille: 100) { setClock() }
      clock.advance(byMs: Int64(random.below(random.chance(permille: 50) ? 70_000 : 2_000)))
      node.engine.timePassed()
    case ..<95: node.engine.store.beginCheckpoint()
    default: node.quiesce(&random)
    }
  }

  /// The wall clock jumps by an hour or by ten years, or is right again.
  private mutating func setClock() {
    let wrongMs: Int64 = [0, 3_600_000, -3_600_000, 315_532_800_000, -315_532_800_000][random.below(5)]
    clock.setWallClock(Timestamp(milliseconds: clock.trueWall.milliseconds + wrongMs))
    tally.clockJumps += 1
  }

  /// Remembers the state, if something was decided since the last time.
  private mutating func note(_ node: SimNode) {
    if history.last?.through != node.engine.store.decided { history.append(Moment(node, clients.topic)) }
  }

  private mutating func crash(_ fate: CrashFate? = nil) {
    tally.crashPoints += 1
    if let site = disk.lastSite { tally.sites[site, default: 0] += 1 }
    let chosen = fate ?? (random.chance(permille: 200) ? .worst : .seeded(random.next()))
    disk = disk.afterCrash(chosen)
  }

  /// Starts on what the cut left, and compares.
  private mutating func start() throws(SimFailure) -> SimNode {
    lives += 1
    var loaded: Seen?
    let node = try SimNode(
      disk: disk, clock: clock, seed: seed &* 1_000_003 &+ lives,
      loaded: { engine, hasDecided in
        if !hasDecided { loaded = Seen(engine, clients.topic) }
      })
    let kept = node.recovered
    guard kept >= acknowledged else {
      throw .wrong("\(kept.value) was recovered, though \(acknowledged.value) had been acknowledged")
    }
    let next = history.first { $0.through > kept }
    let last = history.last { $0.through <= kept }
    if let loaded, let last, last.through == kept || next?.isOfOneRequest == true {
      // A cut between two units of one request leaves what was before it or what was after, never a part.
      guard last.seen == loaded || (last.through < kept && next?.seen == loaded) else {
        throw .wrong("life \(lives): \(Self.difference(last.seen, loaded))")
      }
      tally.coordinators.compared += 1
    } else if lives > 1 {
      tally.coordinators.notCompared += 1
    }
    try checkBytes(node)
    try checkOpenTransactions(node)
    history = []
    note(node)
    clients.restarted()
    return node
  }

  /// What decides whether more may be kept is counted as it changes: it must be what is there.
  private func checkBytes(_ node: SimNode) throws(SimFailure) {
    let (groups, transactions) = (node.engine.groups, node.engine.transactions)
    guard groups.heldBytes == groups.recountedBytes, transactions.heldBytes == transactions.recountedBytes else {
      throw .wrong(
        "groups are counted as \(groups.heldBytes) bytes and take \(groups.recountedBytes), transactions as "
          + "\(transactions.heldBytes) and take \(transactions.recountedBytes)")
    }
  }

  /// A transaction that is open in a partition, its coordinator knows of: else nobody would ever end it, and readers of
  /// committed records would wait for ever.
  private func checkOpenTransactions(_ node: SimNode) throws(SimFailure) {
    var expected: [Int64: Set<PartitionKey>] = [:]
    for transaction in node.engine.transactions.transactions.values where transaction.state == .ongoing {
      for (name, indexes) in transaction.partitions {
        guard let topic = node.engine.catalogue.id(of: name) else { continue }
        expected[transaction.producer.id, default: []].formUnion(
          indexes.map { PartitionKey(topic: topic, index: $0) })
      }
    }
    for partition in node.engine.store.state.partitions.values {
      for (id, producer) in partition.producers.producers where producer.transactionStart != nil {
        guard expected[id]?.contains(partition.key) == true else {
          throw .wrong("\(partition.key.folder): a transaction of producer \(id) is open that nobody will end")
        }
      }
    }
  }

  private static func difference(_ before: Seen, _ after: Seen) -> String {
    if before.transactions != after.transactions {
      return "the transactions were \(before.transactions), and are \(after.transactions)"
    }
    if before.partitions != after.partitions { return "the producers of the partitions are not what they were" }
    return "the groups were \(before.groups.count) bytes, and are \(after.groups.count) others"
  }
}
