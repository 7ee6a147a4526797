package import ByteCodec
package import Units

/// All that the journal determines: the catalogue and the partitions. `apply` is the only way it changes, live and on
/// replay, and `encode` is how two states are compared and checkpointed.
package final class LogState {
  package internal(set) var catalogue: Catalogue
  package private(set) var partitions: [PartitionKey: PartitionLog] = [:]
  /// Files and folders given up, with the sequence of the frame that did so; they go once a checkpoint covers it.
  package internal(set) var doomed: [(path: String, sequence: JournalSequence)] = []

  package init(clusterID: UniqueID) { catalogue = Catalogue(clusterID: clusterID) }

  package func partition(_ key: PartitionKey) -> PartitionLog? { partitions[key] }

  func apply(_ record: ControlRecord, at sequence: JournalSequence) {
    switch record {
    case .topicCreated(let topic):
      addPartitions(of: topic.id, 0..<max(topic.partitionCount, 0), at: sequence)
    case .partitionsAdded(let topic, let count):
      let before = catalogue.topic(topic)?.description.partitionCount ?? count
      addPartitions(of: topic, before..<max(before, count), at: sequence)
    case .topicDeleted(let id):
      for index in 0..<(catalogue.topic(id)?.description.partitionCount ?? 0) {
        let key = PartitionKey(topic: id, index: index)
        guard let partition = partitions.removeValue(forKey: key) else { continue }
        doomed += partition.segments.map { (SegmentKey(partition: key, base: $0.base).logPath, sequence) }
        doomed.append((key.folder + "/", sequence))
      }
    case .logStartMoved(let key, let offset):
      guard let partition = partitions[key] else { break }
      let gone = partition.moveStart(to: offset, sequence: sequence)
      doomed += gone.map { (SegmentKey(partition: key, base: $0.base).logPath, sequence) }
      partition.hints.forget()
    case .segmentsSwapped, .topicSettingsChanged, .settingsChanged, .producerIDsReserved:
      break
    }
    catalogue.apply(record, at: sequence)
  }

  private func addPartitions(of topic: UniqueID, _ numbers: Range<Int32>, at sequence: JournalSequence) {
    for index in numbers {
      let key = PartitionKey(topic: topic, index: index)
      let partition = PartitionLog(key: key)
      partition.lastChange = sequence
      partitions[key] = partition
    }
  }

  /// Equal states have equal bytes.
  package func encode(to writer: inout ByteWriter) {
    catalogue.encode(to: &writer)
    writer.writeList(partitions.values.sorted { $0.key < $1.key }) { writer, partition in
      partition.encode(to: &writer)
    }
  }

  package func encoded() -> ByteSlice {
    var writer = ByteWriter(capacity: 1024 + 128 * partitions.count)
    encode(to: &writer)
    return writer.takeSlice()
  }

  package init(from reader: inout ByteReader, at sequence: JournalSequence) throws(WireError) {
    catalogue = try Catalogue(from: &reader, at: sequence)
    let count = Int(try reader.readInt32())
    try reader.admit(count: count, minimumSize: 48, stride: 8)
    partitions.reserveCapacity(count)
    for _ in 0..<count {
      let partition = try PartitionLog(from: &reader, at: sequence)
      partitions[partition.key] = partition
    }
  }
}
