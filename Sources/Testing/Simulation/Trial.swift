import Broker
import ByteCodec
import LogStore
import Machine
package import SimMachine
import Units

/// A life of a data folder under one seed: operations, a power cut at some IO step, recovery, comparison; again and again.
package struct Trial {
  /// What trials did, for the report.
  package struct Tally: Sendable {
    package var crashPoints = 0
    package var operations = 0
    package var recoveryCuts = 0
    package var replays = 0
    /// Worst cuts tried at an instant, without one.
    package var ghosts = 0
    /// Files that starts found and nothing referred to.
    package var orphans = 0
    package var simulatedMs: Int64 = 0
    package var sites: [SimSite: Int] = [:]
  }

  /// Operations between two cuts, at the least.
  static let operationsBeforeCut = 50
  /// After how many operations in a thousand the worst cut is tried.
  static let ghostsPermille = 2
  /// The same for an operation in which a checkpoint came to count.
  static let freshGhostsPermille = 100

  let seed: UInt64
  private var random: SeededRandom
  private var model = Model()
  private var disk: SimDisk
  private let clock = ManualClock()
  /// The leader epoch of the life before, and whether anything was acknowledged in it.
  private var before: (epoch: Int32, acknowledged: Bool) = (-1, true)
  private var lives: UInt64 = 0
  package private(set) var tally = Tally()

  package init(seed: UInt64) {
    self.seed = seed
    random = SeededRandom(seed: seed)
    var options = SimDisk.Options(seed: seed)
    options.countsSites = true
    options.fileClass = FileClass.of
    options.uncachedPermille = 30
    options.shortWritesPermille = 10
    options.shortReadsPermille = 10
    disk = SimDisk(options)
  }

  /// Runs until `crashPoints` cuts have been survived.
  package mutating func run(crashPoints: Int) throws(SimFailure) {
    for _ in 0..<crashPoints { try liveAndCrash() }
    tally.simulatedMs = clock.wallClock().milliseconds - 1_700_000_000_000
  }

  private mutating func start() throws(SimFailure) -> SimNode {
    lives += 1
    return try SimNode(disk: disk, clock: clock, seed: seed &* 1_000_003 &+ lives)
  }

  /// One life: start, compare, work, cut.
  private mutating func liveAndCrash() throws(SimFailure) {
    let node = try startThroughCuts()
    guard node.engine.store.epoch >= before.epoch + (before.acknowledged ? 1 : 0) else {
      throw .wrong("the leader epoch is \(node.engine.store.epoch) after a cut, it was \(before.epoch) before")
    }
    model.crashed(keeping: node.recovered)
    try Comparison.all(node, model, &random)
    try checkOrphans(node)
    if random.chance(permille: 100) { try compareReplay(node) }
    var acknowledged = node.recovered
    node.durableMoved = { acknowledged = max(acknowledged, $0) }
    var workload = Workload(node: node, random: random.fork())
    disk.cutPower(inStep: 1 + random.below(220))
    var operations = 0
    var checkpointed = node.engine.store.checkpointed
    while node.isUp || operations < Self.operationsBeforeCut {
      guard node.isUp else { break }
      try workload.step(&model)
      operations += 1
      if operations % 16 == 0 { try observeStarts(node) }
      let isFresh = node.engine.store.checkpointed != checkpointed
      checkpointed = node.engine.store.checkpointed
      if node.isUp, random.chance(permille: isFresh ? Self.freshGhostsPermille : Self.ghostsPermille) {
        try checkGhost(node, acknowledged)
      }
      if operations >= 4 * Self.operationsBeforeCut { disk.cutPower() }
    }
    tally.operations += operations
    if let failure = node.failure, !failure.isPowerCut { throw .wrong("the node failed: \(failure)") }
    before = (node.engine.store.epoch, acknowledged > node.recovered)
    model.settle(through: acknowledged)
    if let site = disk.lastSite { tally.sites[site, default: 0] += 1 }
    tally.crashPoints += 1
    disk = disk.afterCrash(fate())
  }

  /// Retention may have moved log starts by itself; none of the trials' records is old enough.
  private func observeStarts(_ node: SimNode) throws(SimFailure) {
    for topic in model.topics.values {
      for partition in topic.partitions {
        guard let log = node.engine.store.partition(partition.key) else { continue }
        if log.start != partition.start {
          throw .wrong("\(partition.key.folder) starts at \(log.start.value), \(partition.start.value) was decided")
        }
      }
    }
  }

  /// After a start, everything under `data/` is known.
  private mutating func checkOrphans(_ node: SimNode) throws(SimFailure) {
    let store = node.engine.store
    tally.orphans += store.report.orphans.moved.count
    let left = Result { () throws(DiskError) in
      try Orphans.find(on: disk, state: store.state, doomed: store.state.doomed.map(\.path))
    }
    switch left {
    case .success(let paths) where paths.isEmpty: return
    case .success(let paths): throw .wrong("nothing refers to \(paths.joined(separator: ", ")) after a start")
    case .failure(let error): throw .wrong("the data folder cannot be listed: \(error)")
    }
  }

  private mutating func fate() -> CrashFate {
    switch random.below(10) {
    case 0: .worst
    case 1: .best
    case 2...4: .seeded(random.next(), names: .ordered)
    default: .seeded(random.next())
    }
  }

  /// Starts the node; now and then the power goes during recovery, too, once or twice.
  private mutating func startThroughCuts() throws(SimFailure) -> SimNode {
    for _ in 0..<random.below(3) where random.chance(permille: 300) {
      disk.cutPower(inStep: 1 + random.below(12))
      do throws(SimFailure) {
        let node = try start()
        if disk.isCut || node.failure != nil { tally.recoveryCuts += 1 }
      } catch {
        guard case .recovery(.disk(let reason)) = error, reason.isPowerCut else { throw error }
        tally.recoveryCuts += 1
      }
      disk = disk.afterCrash(fate())
    }
    disk = disk.afterCrash(.best)
    return try start()
  }

  /// The worst that a cut at this instant could leave must hold everything that was acknowledged.
  private mutating func checkGhost(_ node: SimNode, _ acknowledged: JournalSequence) throws(SimFailure) {
    let ghost = try SimNode(disk: node.disk.snapshotDurable(), clock: clock, seed: seed)
    guard ghost.recovered >= acknowledged else {
      throw .wrong("a cut now would keep \(ghost.recovered.value), though \(acknowledged.value) was acknowledged")
    }
    var then = model
    then.crashed(keeping: ghost.recovered)
    try Comparison.all(ghost, then, &random)
    tally.ghosts += 1
  }

  /// Live state equals replay(log): another node on a copy of the disk comes to the same bytes.
  private mutating func compareReplay(_ node: SimNode) throws(SimFailure) {
    node.quiesce(&random)
    guard node.isUp else { return }
    let twin = try SimNode(disk: disk.snapshotDurable(), clock: clock, seed: seed)
    guard twin.engine.store.state.encoded().copy() == node.engine.store.state.encoded().copy() else {
      throw .wrong("the live state is not what replaying the log gives")
    }
    tally.replays += 1
  }
}

/// What a file of the data folder is, by its path, for tallies.
enum FileClass {
  @Sendable static func of(_ path: String) -> String {
    if path == "journal/durable" { return "durable note" }
    if path.hasPrefix("checkpoint") { return "checkpoint" }
    for kind in ["journal", "log", "blocks"] where path.hasSuffix(".\(kind)") { return kind }
    return path.hasPrefix("data/") ? "partition folder" : path == "" ? "data folder" : path
  }
}
