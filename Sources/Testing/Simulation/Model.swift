import LogStore
import Units

/// What the log must hold, told in the simplest way there is: a list of everything that was decided, and what follows
/// from its first n entries. It shares no code with the log.
struct Model {
  enum Change {
    case created(topic: UniqueID, name: String, partitions: Int32, overrides: [String: String])
    case deleted(topic: UniqueID)
    case grown(topic: UniqueID, partitions: Int32)
    case overridden(topic: UniqueID, overrides: [String: String])
    case appended(PartitionKey, StoredBatch)
    /// A transaction's markers, all of them or none, and the sequence from which they count.
    case ended([(PartitionKey, StoredBatch)], sequence: JournalSequence)
    case startMoved(PartitionKey, Offset)
    case idsReserved(Int64)
  }

  struct StoredBatch {
    var base: Offset
    var records: Int64
    /// CRC-32C of the records and header fields that the log must not touch.
    var fingerprint: UInt32
    var producer: BatchForge.Producer?
    /// The leader epoch it was stored under.
    var epoch: Int32
    var timestamp: Timestamp
    var bytes: Int
    var isTransactional = false
    var marker: Marker?
    var end: Offset { base.advanced(by: records) }
  }

  /// The end of a producer's transaction in a partition.
  struct Marker {
    var producer: Int64
    var epoch: Int16
    var aborts: Bool
  }

  /// An aborted transaction's producer, its first offset, and its marker's.
  struct Aborted: Equatable {
    var producer: Int64
    var first: Offset
    var last: Offset
  }

  struct Partition {
    var start = Offset(0)
    var end = Offset(0)
    var batches: [StoredBatch] = []
    var key: PartitionKey

    /// The last five batches of a producer's current epoch, oldest first.
    func recent(of producer: Int64) -> [StoredBatch] { Array((remembered[producer] ?? []).suffix(5)) }

    var remembered: [Int64: [StoredBatch]] = [:]
    /// The first offsets of open transactions, by producer.
    var open: [Int64: Offset] = [:]
    /// In the order of their markers.
    var aborted: [Aborted] = []
    /// First offsets of transactions that have ended, and from when on they count as ended.
    var ends: [(first: Offset, sequence: JournalSequence)] = []
    /// The epochs that markers gave.
    var epochs: [Int64: Int16] = [:]

    /// The end for readers of committed records, where everything up to `durable` is synced, and records to `end`; what
    /// the log start has passed does not count.
    func stableEnd(_ end: Offset, durable: JournalSequence) -> Offset {
      let unsynced = ends.lazy.filter { $0.sequence > durable }.map(\.first)
      let first = min(open.values.min() ?? end, unsynced.min() ?? end)
      return min(first, end)
    }
  }

  struct Topic {
    var name: String
    var overrides: [String: String]
    var partitions: [Partition]
  }

  private(set) var topics: [UniqueID: Topic] = [:]
  private(set) var reservedIDs: Int64 = 0
  /// Changes that a crash may still take back, in sequence.
  private var unsettled: [(sequence: JournalSequence, change: Change)] = []
  private var settled: Settled
  /// The sequence of the last change that cannot be taken back.
  private(set) var lastSettled = JournalSequence.start

  private struct Settled {
    var topics: [UniqueID: Topic] = [:]
    var reservedIDs: Int64 = 0
  }

  init() { settled = Settled() }

  mutating func decide(_ change: Change, at sequence: JournalSequence) {
    unsettled.append((sequence, change))
    Self.apply(change, &topics, &reservedIDs)
  }

  /// Nothing up to `sequence` can be taken back.
  mutating func settle(through sequence: JournalSequence) {
    let count = unsettled.firstIndex { $0.sequence > sequence } ?? unsettled.count
    if count > 0 { lastSettled = unsettled[count - 1].sequence }
    for (_, change) in unsettled[..<count] { Self.apply(change, &settled.topics, &settled.reservedIDs) }
    unsettled.removeFirst(count)
  }

  /// A crash took back everything behind `sequence`.
  mutating func crashed(keeping sequence: JournalSequence) {
    settle(through: sequence)
    unsettled = []
    topics = settled.topics
    reservedIDs = settled.reservedIDs
  }

  private static func apply(_ change: Change, _ topics: inout [UniqueID: Topic], _ reservedIDs: inout Int64) {
    switch change {
    case .created(let id, let name, let partitions, let overrides):
      topics[id] = Topic(name: name, overrides: overrides, partitions: fresh(id, 0..<partitions))
    case .deleted(let id):
      topics[id] = nil
    case .grown(let id, let partitions):
      let before = Int32(topics[id]?.partitions.count ?? 0)
      topics[id]?.partitions += fresh(id, before..<partitions)
    case .overridden(let id, let overrides):
      topics[id]?.overrides = overrides
    case .appended(let key, let batch):
      topics[key.topic]?.partitions[Int(key.index)].append(batch)
    case .ended(let markers, let sequence):
      for (key, batch) in markers { topics[key.topic]?.partitions[Int(key.index)].append(batch, at: sequence) }
    case .startMoved(let key, let offset):
      topics[key.topic]?.partitions[Int(key.index)].moveStart(to: offset)
    case .idsReserved(let end):
      reservedIDs = end
    }
  }

  private static func fresh(_ topic: UniqueID, _ indexes: Range<Int32>) -> [Partition] {
    indexes.map { Partition(key: PartitionKey(topic: topic, index: $0)) }
  }
}

extension Model.Partition {
  fileprivate mutating func append(_ batch: Model.StoredBatch, at sequence: JournalSequence = .start) {
    batches.append(batch)
    end = batch.end
    if let marker = batch.marker { close(marker, at: batch.base, sequence) }
    guard let producer = batch.producer else { return }
    if batch.isTransactional, open[producer.id] == nil { open[producer.id] = batch.base }
    var known = remembered[producer.id] ?? []
    if known.last?.producer?.epoch != producer.epoch { known = [] }
    remembered[producer.id] = Array((known + [batch]).suffix(5))
  }

  private mutating func close(_ marker: Model.Marker, at offset: Offset, _ sequence: JournalSequence) {
    if remembered[marker.producer]?.last?.producer?.epoch != marker.epoch { remembered[marker.producer] = nil }
    epochs[marker.producer] = marker.epoch
    guard let first = open.removeValue(forKey: marker.producer) else { return }
    ends.append((first, sequence))
    if marker.aborts { aborted.append(.init(producer: marker.producer, first: first, last: offset)) }
  }

  fileprivate mutating func moveStart(to offset: Offset) {
    aborted.removeAll { $0.last < offset }
    start = offset
    batches.removeAll { $0.end <= offset }
  }
}
