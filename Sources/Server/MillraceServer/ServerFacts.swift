import Broker
import KafkaDoor
import LogStore
import Machine
import Metrics
import Units

/// What the metrics show, taken at one moment on the engine's thread. Values only: the text is made elsewhere.
struct ServerFacts: Sendable {
  struct Topic: Sendable {
    var name: String
    var counts: TopicTraffic.Counts
    var bytes: Int64
  }

  let apis: [KafkaMeters.API]
  let turns: Histogram
  let slowTurns: UInt64
  let topics: [Topic]
  let otherTopics: TopicTraffic.Counts
  let log: LogMeters
  let recovery: RecoveryReport
  let epoch: Int32
  let isFailed: Bool
  let admits: Bool
  let connections: Int
  let parkedFetches: Int
  let memory: (used: Int, limit: Int)
  let bytesSinceCheckpoint: Int64
  let journalCap: Int64
  let bytesWaiting: Int64
  let topicCount: Int
  let partitionCount: Int
  var segmentCount = 0
  var segmentBytes: Int64 = 0
  let uptimeSeconds: Int64
  let producerPauses: UInt64
  let volume: VolumeSpace?
  let diskLevel: DiskAlarm.Level
  let isFull: Bool
  let clockOffMs: Int64
  let scrubs: ScrubTally
  var coordinators: CoordinatorFacts

  /// The facts now. Takes time in proportion to the partitions there are.
  init(door: KafkaDoor, started: Instant) {
    let engine = door.engine
    let store = engine.store
    apis = door.meters.apis
    turns = door.meters.turns
    slowTurns = door.meters.slowTurns
    var topics: [Topic] = []
    var other = engine.traffic.other
    for (id, counts) in engine.traffic.named {
      guard let topic = engine.catalogue.topic(id)?.description else {
        other.add(counts)
        continue
      }
      let bytes = (0..<topic.partitionCount).reduce(Int64(0)) { sum, index in
        sum + (store.partition(PartitionKey(topic: id, index: index))?.size.value ?? 0)
      }
      topics.append(Topic(name: topic.name, counts: counts, bytes: bytes))
    }
    self.topics = topics.sorted { $0.name < $1.name }
    otherTopics = other
    log = store.meters
    recovery = store.report
    epoch = store.epoch
    isFailed = store.failure != nil
    admits = store.admits
    connections = door.connectionCount
    parkedFetches = engine.parkedFetches
    memory = door.memoryUse
    bytesSinceCheckpoint = store.bytesSinceCheckpoint.value
    journalCap = store.options.journalCap.value
    bytesWaiting = store.bytesWaiting.value
    topicCount = engine.catalogue.topics.count
    partitionCount = engine.catalogue.partitionCount
    for partition in store.state.partitions.values {
      segmentCount += partition.segments.count
      segmentBytes += partition.size.value
    }
    producerPauses = door.meters.pauses
    volume = store.volume
    diskLevel = engine.diskLevel
    isFull = store.isFull
    clockOffMs = store.trustedNow().doubtedMs ?? 0
    scrubs = engine.scrubs
    coordinators = CoordinatorFacts(engine)
    uptimeSeconds = max(0, engine.clock.now().nanoseconds - started.nanoseconds) / 1_000_000_000
  }
}

extension TopicTraffic.Counts {
  fileprivate mutating func add(_ counts: TopicTraffic.Counts) {
    bytesIn &+= counts.bytesIn
    recordsIn &+= counts.recordsIn
    bytesOut &+= counts.bytesOut
    recordsOut &+= counts.recordsOut
  }
}
