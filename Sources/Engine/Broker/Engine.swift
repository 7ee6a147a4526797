import ByteCodec
import Compression
import Coordination
package import LogStore
package import Machine
import RecordFormat
package import Settings
package import Units

/// Told when something the engine promised has become true. Called on the engine's thread.
package protocol EngineObserver: AnyObject {
  /// Everything up to `sequence` is durable: replies that waited for it may leave.
  func durableAdvanced(to sequence: JournalSequence)
  /// The disk failed in a way that only stopping the process is left for.
  func engineFailed(_ error: DiskError)
  /// The index file of a segment lacked `blocks` blocks that it should have had; they were made again.
  func indexRebuilt(_ segment: SegmentKey, blocks: Int)
  /// Something that whoever runs the node should know.
  func engineNoticed(_ notice: EngineNotice)
}

extension EngineObserver {
  /// Whoever runs no node has nobody to tell.
  package func engineNoticed(_ notice: EngineNotice) {}
}

/// The one owner of all state: topics, partitions, fetches. Runs on one thread; doors call it there, and lanes report
/// back to it there. The same code runs in a simulation on one seed.
package final class Engine {
  package let store: LogStore
  package let clock: any Clock
  package let entropy: any Entropy
  /// What was given at the start: flags, environment, file.
  package let statics: StaticSettings
  package weak var observer: (any EngineObserver)?

  var fetches = Fetches()
  /// Searches by timestamp that wait for a read, by its token.
  var lookups: [UInt64: LookupOperation] = [:]
  /// What waits for an index, by its token.
  var indexWaits: [UInt64: (IndexFailure?) -> Void] = [:]
  /// Who waits for batches to be prepared, by the token.
  var preparations: [UInt64: ([BatchIntake.Outcome]) -> Void] = [:]
  /// Who waits for times of records, by the token.
  var timeWaits: [UInt64: ([TimeFound]) -> Void] = [:]
  var lagTimes = LagTimes()
  /// Who waits for a computation, by its token.
  var computations: [UInt64: (any Sendable) -> Void] = [:]
  /// Who waits for ranges of files, by token.
  var rangeReads: [UInt64: (Result<ByteSlice, DiskError>) -> Void] = [:]
  /// For looking into compressed batches.
  let scratch = Decompressor()
  /// Bytes that came out of compressed batches on the engine's thread, since the start.
  package var expandedBytes: Int { scratch.producedInAll }
  /// Reserved and not yet given out; shown once `producerIDsVisible` is durable.
  var producerIDs: Range<Int64> = 0..<0
  var producerIDsVisible = JournalSequence.start
  var coordinators = CoordinatorState()
  let coordinatorCompressor = Compressor()
  var upkeep: Upkeep
  var cleaner: Cleaner
  var scrubber: Scrubber
  var diskWatch = DiskWatch()
  /// As it was told last.
  var isClockInDoubt = false
  var groupRoom = RoomWatch()
  var transactionRoom = RoomWatch()
  var topicOrder = TopicOrder()
  var shutDown: ShutDown?
  /// For the metrics.
  package internal(set) var traffic = TopicTraffic()
  private var layerCache: (layers: BrokerLayers, settings: BrokerSettings, topicBase: TopicSettings)
  private var topicCache: [UniqueID: TopicSettings] = [:]

  /// An engine over an open store. Fails when the settings stored in it and those given contradict each other.
  package init(
    store: LogStore, clock: any Clock, entropy: any Entropy, statics: StaticSettings
  ) throws(SettingError) {
    self.store = store
    self.clock = clock
    self.entropy = entropy
    self.statics = statics
    #if PLANTED_BUGS
      PlantedSwitch.keepsEpochAtEnd = PlantedBug.is(.epochKeptAtEnd)
      PlantedSwitch.keepsEpochAtBegin = PlantedBug.is(.epochKeptAtBegin)
    #endif
    layerCache = try Self.layers(statics, store.catalogue)
    upkeep = Upkeep(now: clock.now())
    cleaner = Cleaner(dueAt: clock.now())
    scrubber = Scrubber(now: clock.now())
    setProducerExpiry()
    loadCoordinators(store.attachments().map { $0.encoded() })
  }

  package var catalogue: Catalogue { _read { yield store.catalogue } }
  /// The last change of anything in the catalogue.
  package var catalogueChange: JournalSequence { store.catalogueChange }
  package var layers: BrokerLayers { layerCache.layers }
  package var settings: BrokerSettings { _read { yield layerCache.settings } }
  package var nodeID: Int32 { settings.node.nodeID }

  /// The effective settings of a topic.
  package func topicSettings(_ id: UniqueID) -> TopicSettings {
    if let known = topicCache[id] { return known }
    let overrides = catalogue.topic(id)?.description.overrides ?? [:]
    let effective = overrides.isEmpty ? layerCache.topicBase : TopicSettings(overrides, over: layerCache.topicBase)
    topicCache[id] = effective
    return effective
  }

  /// After a change of settings anywhere.
  package func settingsChanged() {
    topicCache.removeAll()
    if let fresh = try? Self.layers(statics, store.catalogue) { layerCache = fresh }
    setProducerExpiry()
    applyCoordinatorSettings()
  }

  private func setProducerExpiry() {
    store.producerLimits.expirationMs = Int64(settings.transactions.producerIDExpirationMs)
  }

  /// After a change of one topic's settings, or its end.
  func settingsChanged(of topic: UniqueID) { topicCache[topic] = nil }

  private static func layers(
    _ statics: StaticSettings, _ catalogue: Catalogue
  ) throws(SettingError) -> (BrokerLayers, BrokerSettings, TopicSettings) {
    var layers = BrokerLayers(statics: statics)
    layers.dynamicDefaults = catalogue.settings[ConfiguredResource(kind: .broker, name: "")] ?? [:]
    let node = try BrokerSettings(layers).node.nodeID
    layers.dynamicBroker = catalogue.settings[ConfiguredResource(kind: .broker, name: String(node))] ?? [:]
    return (layers, try BrokerSettings(layers), TopicSettings(layers))
  }

  /// A lane has finished a job.
  package func laneFinished(_ event: LogEvent) {
    if let shutDown, shutDown.done == nil { return }
    let before = store.durable
    let progress = store.finished(event)
    if let failure = progress.failure {
      observer?.engineFailed(failure)
      return shutDownFurther()
    }
    for (token, outcome) in progress.reads where !lookupRead(outcome, token: token) {
      fetchRead(outcome, token: token)
    }
    for (token, failure) in progress.indexes { indexWaits.removeValue(forKey: token)?(failure) }
    if let (token, outcomes) = progress.prepared { preparations.removeValue(forKey: token)?(outcomes) }
    if let (token, found) = progress.times { timeWaits.removeValue(forKey: token)?(found) }
    if let (token, result) = progress.range { rangeReads.removeValue(forKey: token)?(result) }
    if let (token, value) = progress.computed { computations.removeValue(forKey: token)?(value) }
    if let (segment, blocks) = progress.reindexed { observer?.indexRebuilt(segment, blocks: blocks) }
    if let step = progress.compaction { compactionStepped(step) }
    if let step = progress.scrub { scrubStepped(step) }
    watchDisk()
    watchCoordinators()
    wakeFetches(on: progress.moved.lazy.map(\.key))
    if store.durable != before {
      coordinators.marks.durableAdvanced(to: store.durable)
      observer?.durableAdvanced(to: store.durable)
    }
    shutDownFurther()
  }

  /// At the end of a turn of the loop: what was decided goes to the disk.
  package func turnEnded() {
    coordinatorsAtEndOfTurn()
    store.flush()
    if store.decided != upkeep.witness, shutDown == nil { armWitness(clock.now()) }
  }
}
