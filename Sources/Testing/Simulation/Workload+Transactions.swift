import Broker
import ByteCodec
import LogStore
import Machine
import RecordFormat
import SimMachine
import Units

/// Transactions over several partitions, whose ends must be there everywhere or nowhere.
extension Workload {
  /// Producers of transactions have ids of their own.
  private static let producers: [Int64] = [10, 11, 12]

  /// A batch of a transaction, which begins with it or is open.
  mutating func produceInTransaction(_ model: inout Model) throws(SimFailure) {
    guard let partition = pickPartition(model) else { return }
    let id = Self.producers[random.below(Self.producers.count)]
    var producer = BatchForge.Producer(id: id, epoch: partition.epochs[id] ?? 0, sequence: 0)
    if let last = partition.recent(of: id).last, let known = last.producer {
      producer.epoch = known.epoch
      producer.sequence = RecordBatchHeader.sequence(known.sequence, advancedBy: Int32(last.records))
    }
    try produce(&model, to: partition, producer: producer, expectsDuplicateOf: nil, isTransactional: true)
  }

  /// Ends a producer's transaction wherever it is open, in one unit; now and then a topic's settings change with it.
  mutating func endTransaction(_ model: inout Model) throws(SimFailure) {
    guard engine.store.admits else { return }
    let id = Self.producers[random.below(Self.producers.count)]
    let aborts = random.chance(permille: 500)
    let raises = random.chance(permille: 500)
    var batches: [TogetherBatch] = []
    var markers: [(PartitionKey, Model.StoredBatch)] = []
    for topic in model.topics.keys.sorted() {
      for partition in model.topics[topic]?.partitions ?? [] where partition.open[id] != nil {
        let known = partition.recent(of: id).last?.producer?.epoch ?? partition.epochs[id] ?? 0
        let epoch = raises && known < .max ? known + 1 : known
        let time = node.clock.wallClock()
        let marker = TransactionMarker(aborts ? .abort : .commit, coordinatorEpoch: 0)
        guard
          let bytes = try? marker.batch(
            at: Offset(0), partitionLeaderEpoch: 0, producerID: id, producerEpoch: epoch, timestamp: time),
          let header = try? RecordBatchHeader(bytes.bytes)
        else { throw .wrong("no marker was made") }
        let log = try log(partition)
        let rules = AppendRules(roll: RollRules(segmentBytes: .kibi(8)), syncs: true)
        batches.append(TogetherBatch(bytes, header, to: log, rules: rules))
        markers.append(
          (
            partition.key,
            Model.StoredBatch(
              base: partition.end, records: 1, fingerprint: Fingerprint.of(bytes), epoch: engine.store.epoch,
              timestamp: time, bytes: bytes.count, marker: .init(producer: id, epoch: epoch, aborts: aborts))
          ))
      }
    }
    guard !batches.isEmpty else { return }
    switch engine.store.appendTogether(batches) {
    case .stored(let bases, let sequence):
      guard bases == markers.map(\.1.base) else { throw .wrong("markers were given offsets out of turn") }
      model.decide(.ended(markers, sequence: sequence), at: sequence)
    case .full: return
    case .tooLarge: throw .wrong("the end of a small transaction was refused")
    }
  }
}
