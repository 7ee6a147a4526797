import Broker
import ByteCodec
import Compression
package import LogStore
import Machine
import RecordFormat
import Settings
import SimMachine
import Units

/// One life of a node on a simulated disk: from a start to a stop or a cut.
final class SimNode: EngineObserver {
  let disk: SimDisk
  let clock: ManualClock
  let engine: Engine
  let lanes: SimLanes
  /// What recovery found: everything up to here is what the log holds at the start.
  let recovered: JournalSequence
  private(set) var failure: DiskError?
  /// Whether a range may answer as damaged: a test has broken the disk.
  var allowsDamage = false
  /// Ranges that did.
  var damageSeen = 0
  /// Segments whose index files lacked something.
  private(set) var indexesRebuilt = 0
  /// What may have been acknowledged so far.
  private(set) var acknowledged: JournalSequence
  /// The same two commit groups ago: later frames stand behind it.
  private(set) var witnessed: JournalSequence
  private var lastAcknowledged: JournalSequence
  /// With an interval, what the journal was synced through, or a checkpoint covers.
  private(set) var synced: JournalSequence
  private let durability: Durability
  /// A sync of a journal file.
  private static let journalSync = SimSite(call: .sync, fileClass: "journal")

  /// `opened` sees the log as it was found, `loaded` the engine before its first turn, and whether loading has led to
  /// decisions.
  init(
    disk: SimDisk, clock: ManualClock, seed: UInt64, durability: Durability = .sync,
    opened: (LogStore) -> Void = { _ in },
    loaded: (_ engine: Engine, _ hasDecided: Bool) -> Void = { _, _ in }
  ) throws(SimFailure) {
    self.disk = disk
    self.clock = clock
    var options = LogStore.Options()
    options.journalFileBytes = .kibi(64)
    options.checkpointBytes = .kibi(96)
    options.journalCap = .kibi(512)
    options.groupBytes = .kibi(16)
    options.waitingBytes = .kibi(256)
    options.leastRange = 512
    options.sideBySideBytes = seed % 2 == 0 ? .zero : .kibi(4)
    if durability == .interval {
      options.syncInterval = LogStore.SyncInterval(milliseconds: 50)
      options.syncInterval?.bytes = .kibi(64)
    }
    if seed % 4 == 0 { options.volumeSyncAbove = 2 }
    // A start that holds the journal, one that gathers a few batches at a time, and one that does neither.
    options.replayBytes = [.mebi(64), .kibi(8), .zero][Int(seed / 4 % 3)]
    let entropy = SeededEntropy(seed: seed)
    var made: SimLanes?
    let store: LogStore
    do {
      store = try LogStore(disk: disk, clock: clock, entropy: entropy, options: options) { workshop in
        let lanes = SimLanes(workshop: workshop)
        made = lanes
        return lanes
      }
    } catch {
      throw SimFailure.recovery(error)
    }
    guard let made else { throw SimFailure.wrong("the store asked for no lanes") }
    lanes = made
    self.durability = durability
    recovered = store.durable
    acknowledged = store.durable
    witnessed = store.durable
    lastAcknowledged = store.durable
    synced = store.durable
    opened(store)
    let decided = store.decided
    do {
      engine = try Engine(store: store, clock: clock, entropy: entropy, statics: StaticSettings())
    } catch {
      throw SimFailure.wrong("settings: \(error.message)")
    }
    engine.observer = self
    loaded(engine, store.decided > decided)
    engine.turnEnded()
  }

  func durableAdvanced(to sequence: JournalSequence) {
    guard sequence > acknowledged else { return }
    (witnessed, lastAcknowledged, acknowledged) = (lastAcknowledged, acknowledged, sequence)
  }

  func engineFailed(_ error: DiskError) { failure = error }
  func indexRebuilt(_ segment: SegmentKey, blocks: Int) { indexesRebuilt += 1 }

  /// Whether the node is still of use: the power is on and no failure has ended it.
  var isUp: Bool { failure == nil && !disk.isCut }

  /// Lets one job of one lane run.
  @discardableResult
  func runLane(_ random: inout SeededRandom) -> Bool {
    guard isUp else { return false }
    let syncs = durability == .interval ? disk.count(of: Self.journalSync) : 0
    guard let event = lanes.runOne(&random) else { return false }
    if durability == .interval, case .committed(let done) = event, disk.count(of: Self.journalSync) > syncs {
      synced = done.last
    }
    engine.laneFinished(event)
    synced = max(synced, engine.store.checkpointed)
    if isUp { engine.turnEnded() }
    return true
  }

  /// Lets lanes run until `log` can be appended to; false when the node ended before.
  func makeAppendable(_ log: PartitionLog, _ random: inout SeededRandom) -> Bool {
    var isReady = false
    if engine.isAppendable(log, { isReady = true }) { return true }
    while !isReady, runLane(&random) {}
    return isReady && isUp
  }

  /// `batch` as the codec lane leaves it, stored with `codec`; nil when the node ended before.
  func prepared(
    _ batch: ByteSlice, with codec: CompressionCodec?, _ random: inout SeededRandom
  ) throws(SimFailure) -> (ByteSlice, RecordBatchHeader)? {
    var outcomes: [BatchIntake.Outcome]?
    engine.prepare([
      BatchIntake(records: batch, rules: BatchRules(), codec: codec, level: nil, appendTime: nil)
    ]) { outcomes = $0 }
    while outcomes == nil, runLane(&random) {}
    guard isUp, let outcome = outcomes?.first else { return nil }
    guard case .ready(let bytes, let header) = outcome else { throw .wrong("a sound batch was refused: \(outcome)") }
    return (bytes, header)
  }

  /// Lets all lanes run until nothing is left to do.
  func quiesce(_ random: inout SeededRandom) {
    while runLane(&random) {}
  }
}

extension SimNode {
  /// Nothing is asked of the node until it rests, so that it writes a witness behind what it still has to do by itself, and
  /// a postponed checkpoint or group has its second try.
  func idle(_ random: inout SeededRandom) {
    var quiet = 0
    while isUp, quiet < 3 {
      let before = engine.store.decided
      clock.advance(byMs: 1_200)
      engine.timePassed()
      if isUp { engine.turnEnded() }
      quiesce(&random)
      quiet = engine.store.decided == before ? quiet + 1 : 0
    }
  }
}

/// When a node acknowledges: `durability` of its settings.
enum Durability { case sync, interval }

/// Why a trial failed.
package enum SimFailure: Error, CustomStringConvertible {
  case recovery(RecoveryFailure)
  case wrong(String)

  package var description: String {
    switch self {
    case .recovery(let failure): "recovery: \(failure)"
    case .wrong(let what): what
    }
  }
}
