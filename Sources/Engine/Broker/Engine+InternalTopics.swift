import ByteCodec
import Compression
package import Coordination
package import LogStore
import Machine
import RecordFormat
import Settings
import Units

extension Engine {
  /// A batch of coordinators' records is left for another at this size, whatever `max.message.bytes` says.
  private static let batchBytes = 1_048_576
  /// What a record takes beside its key and value, at most.
  private static let recordOverhead = 32

  /// How many partitions `topic` has, or will have once it is made.
  package func partitionCount(of topic: InternalTopic) -> Int32 {
    if let known = catalogue.topic(named: topic.rawValue) { return known.description.partitionCount }
    switch topic {
    case .consumerOffsets: return settings.groups.offsetsPartitions
    case .transactionState: return settings.transactions.statePartitions
    }
  }

  /// The partition that holds the records of `owner`; the topic is made by its first use.
  package func internalPartition(of owner: String, in topic: InternalTopic) -> PartitionLog? {
    let id = catalogue.id(of: topic.rawValue) ?? make(topic)
    return store.partition(
      PartitionKey(topic: id, index: InternalTopic.partition(of: owner, of: partitionCount(of: topic))))
  }

  private func make(_ topic: InternalTopic) -> UniqueID {
    let bytes: Int32
    switch topic {
    case .consumerOffsets: bytes = settings.groups.offsetsSegmentBytes
    case .transactionState: bytes = settings.transactions.stateSegmentBytes
    }
    let description = TopicDescription(
      id: entropy.uniqueID(), name: topic.rawValue, partitionCount: partitionCount(of: topic),
      overrides: ["cleanup.policy": "compact", "compression.type": "producer", "segment.bytes": String(bytes)])
    store.change([.topicCreated(description)])
    return description.id
  }

  /// Stores what a coordinator decided: one unit of the journal, in as many batches as its size asks for. Answers the
  /// sequence from which it may be shown.
  func store(_ write: CoordinatorWrite) -> JournalSequence {
    guard let partition = internalPartition(of: write.owner, in: write.topic) else { return store.decided }
    storeTogether(batches(of: write, in: partition))
    return store.decided
  }

  /// The batches of a write.
  func batches(of write: CoordinatorWrite, in partition: PartitionLog) -> [TogetherBatch] {
    let settings = topicSettings(partition.key.topic)
    let rules = appendRules(settings)
    let limit = min(Int(settings.maxMessageBytes), Int(settings.segmentBytes), Self.batchBytes)
    return Self.parts(of: write.records, limit: limit).compactMap { records in
      guard let batch = batch(of: records, producer: write.producer), let header = try? RecordBatchHeader(batch.bytes)
      else { return nil }
      return TogetherBatch(batch, header, to: partition, rules: rules)
    }
  }

  /// Stores batches as one unit; only what is larger than a unit may be takes several.
  func storeTogether(_ batches: [TogetherBatch]) {
    var unit: [TogetherBatch] = []
    var bytes = ByteCount.zero
    for batch in batches {
      let size = ByteCount(batch.batch.count)
      if bytes + size > LogStore.togetherBytes || unit.count == LogStore.togetherEntries {
        _ = store.appendTogether(unit, isDecided: true)
        (unit, bytes) = ([], .zero)
      }
      unit.append(batch)
      bytes += size
    }
    _ = store.appendTogether(unit, isDecided: true)
  }

  /// The records in runs that each make a batch within `limit`; a record that is larger gets a batch of its own.
  static func parts(of records: [CoordinatorRecord], limit: Int) -> [ArraySlice<CoordinatorRecord>] {
    var parts: [ArraySlice<CoordinatorRecord>] = []
    var start = 0
    var size = RecordBatchHeader.size
    for (index, record) in records.enumerated() {
      let more = record.key.count + (record.value?.count ?? 0) + recordOverhead
      if index > start, size + more > limit {
        parts.append(records[start..<index])
        start = index
        size = RecordBatchHeader.size
      }
      size += more
    }
    if start < records.count { parts.append(records[start...]) }
    return parts
  }

  private func batch(of records: ArraySlice<CoordinatorRecord>, producer: ProducerIdentity?) -> ByteSlice? {
    var properties = RecordBatchBuilder.Properties()
    if let producer {
      properties.producerID = producer.id
      properties.producerEpoch = producer.epoch
      properties.isTransactional = true
    }
    var builder = RecordBatchBuilder(properties)
    let now = store.trustedNow().time
    for record in records {
      builder.append(Record(timestamp: now, key: record.key, value: record.value))
    }
    return try? builder.build(using: coordinatorCompressor)
  }
}
