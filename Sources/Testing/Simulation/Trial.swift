import Broker
import ByteCodec
import LogStore
import Machine
import SimMachine
import Units

/// A life of a data folder under one seed: operations, a power cut at some IO step, recovery, comparison; again and again.
struct Trial: SeededTrial {

  /// Operations between two cuts, at the least.
  static let operationsBeforeCut = 50
  /// After how many operations in a thousand the worst cut is tried.
  static let ghostsPermille = 2
  /// The same for an operation in which a checkpoint came to count.
  static let freshGhostsPermille = 100

  let seed: UInt64
  private let mode: Durability
  private let setsClock: Bool
  private var random: SeededRandom
  private var model = Model()
  private var disk: SimDisk
  private let clock = ManualClock()
  /// The leader epoch of the life before, and whether anything was acknowledged in it.
  private var before: (epoch: Int32, acknowledged: Bool) = (-1, true)
  /// What the last cut must have left.
  private var floor = JournalSequence.start
  private var lives: UInt64 = 0
  private(set) var tally = TrialTally()

  init(seed: UInt64, mode: Durability = .sync) {
    self.seed = seed
    self.mode = mode
    random = SeededRandom(seed: seed)
    setsClock = random.chance(permille: 500)
    var options = SimDisk.Options(seed: seed)
    options.countsSites = true
    options.fileClass = FileClass.of
    options.uncachedPermille = 30
    options.shortWritesPermille = 10
    options.shortReadsPermille = 10
    disk = SimDisk(options)
  }

  mutating func run(crashPoints: Int) throws(SimFailure) {
    defer { tally.simulatedMs = clock.elapsedMs }
    for _ in 0..<crashPoints { try liveAndCrash() }
  }

  private mutating func start() throws(SimFailure) -> SimNode {
    lives += 1
    return try SimNode(disk: disk, clock: clock, seed: seed &* 1_000_003 &+ lives, durability: mode)
  }

  /// One life: start, compare, work, cut.
  private mutating func liveAndCrash() throws(SimFailure) {
    let node = try startThroughCuts()
    guard node.engine.store.epoch >= before.epoch + (before.acknowledged ? 1 : 0) else {
      throw .wrong("the leader epoch is \(node.engine.store.epoch) after a cut, it was \(before.epoch) before")
    }
    guard node.recovered >= floor else {
      throw .wrong("\(node.recovered.value) was recovered, though \(floor.value) was safe")
    }
    model.crashed(keeping: node.recovered)
    try Comparison.all(node, model, &random)
    try checkOrphans(node)
    if random.chance(permille: 100) { try compareReplay(node) }
    var workload = Workload(node: node, random: random.fork())
    workload.setsClock = setsClock
    disk.cutPower(inStep: 1 + random.below(220))
    try work(&workload, node)
    if let failure = node.failure, !failure.isPowerCut { throw .wrong("the node failed: \(failure)") }
    before = (node.engine.store.epoch, node.acknowledged > node.recovered)
    if let site = disk.lastSite { tally.sites[site, default: 0] += 1 }
    tally.crashPoints += 1
    let fate = fate()
    floor = fate.keepsAll ? node.acknowledged : safe(node, workload)
    if node.acknowledged > floor { tally.suffixesLost += 1 }
    model.settle(through: floor)
    disk = disk.afterCrash(fate)
  }

  /// What no power cut may take: all that was acknowledged, or, with an interval, what was synced of it, and what was
  /// promised to be.
  private func safe(_ node: SimNode, _ workload: Workload) -> JournalSequence {
    if mode == .sync { return node.acknowledged }
    let promised = workload.promised.last { $0 <= node.acknowledged } ?? .start
    return max(node.synced, promised)
  }

  private mutating func work(_ workload: inout Workload, _ node: SimNode) throws(SimFailure) {
    var operations = 0
    defer {
      tally.operations += operations
      tally.retained += workload.retained
      tally.clockJumps += workload.clockJumps
    }
    var checkpointed = node.engine.store.checkpointed
    while node.isUp {
      try workload.step(&model)
      operations += 1
      if operations % 16 == 0 { try observeStarts(node) }
      let isFresh = node.engine.store.checkpointed != checkpointed
      checkpointed = node.engine.store.checkpointed
      if node.isUp, random.chance(permille: isFresh ? Self.freshGhostsPermille : Self.ghostsPermille) {
        try checkGhost(node, safe(node, workload))
      }
      if operations >= 4 * Self.operationsBeforeCut { disk.cutPower() }
    }
  }

  /// Log starts are where the model has them.
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
  private mutating func checkGhost(_ node: SimNode, _ safe: JournalSequence) throws(SimFailure) {
    let ghost = try SimNode(disk: node.disk.snapshotDurable(), clock: clock, seed: seed, durability: mode)
    guard ghost.recovered >= safe else {
      throw .wrong("a cut now would keep \(ghost.recovered.value), though \(safe.value) was acknowledged")
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
    let found = disk.afterCrash(mode == .sync ? .worst : .best)
    let twin = try SimNode(disk: found, clock: clock, seed: seed, durability: mode)
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
