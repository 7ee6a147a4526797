package import ByteCodec
package import Units

/// All that the journal determines: the catalogue and the partitions. `apply` is the only way it changes, live and on
/// replay, and `encoded` is how two states are compared and checkpointed.
package final class LogState {
  package internal(set) var catalogue: Catalogue
  package private(set) var partitions: [PartitionKey: PartitionLog] = [:]
  /// Files and folders given up, with the sequence of the frame that did so; they go once a checkpoint covers it.
  package internal(set) var doomed: [Doomed] = []

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
        doom(partition.segments, of: key, at: sequence)
        doomed.append(Doomed(path: key.folder + "/", topic: key.topic, sequence: sequence))
      }
    case .logStartMoved(let key, let offset):
      guard let partition = partitions[key] else { break }
      let gone = partition.moveStart(to: offset, sequence: sequence)
      doom(gone, of: key, at: sequence)
      partition.hints.forget()
    case .segmentsSwapped(let key, let removed, let added, let cleaned):
      guard let partition = partitions[key] else { break }
      let gone = partition.swap(removed: removed, added: added, cleanedThrough: cleaned, sequence: sequence)
      doom(gone, of: key, at: sequence)
      partition.hints.forget()
    case .producersExpired(let limit):
      for partition in partitions.values { partition.expireProducers(notSeenSince: limit) }
    case .topicSettingsChanged, .settingsChanged, .producerIDsReserved:
      break
    }
    catalogue.apply(record, at: sequence)
  }

  private func doom(_ segments: [Segment], of key: PartitionKey, at sequence: JournalSequence) {
    doomed += segments.map {
      let name = SegmentKey(partition: key, base: $0.base, generation: $0.generation)
      return Doomed(path: name.logPath, topic: key.topic, sequence: sequence)
    }
  }

  private func addPartitions(of topic: UniqueID, _ numbers: Range<Int32>, at sequence: JournalSequence) {
    for index in numbers {
      let key = PartitionKey(topic: topic, index: index)
      let partition = PartitionLog(key: key)
      partition.lastChange = sequence
      partitions[key] = partition
    }
  }

  /// A copy that another thread may have.
  var image: StateImage { StateImage(catalogue: catalogue, partitions: partitions.values.map(\.image)) }

  /// Equal states have equal bytes.
  package func encoded() -> ByteSlice { image.encoded() }

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

/// A file, or a folder (its path ends with `/`), that nothing refers to any more.
package struct Doomed: Equatable, Sendable {
  package var path: String
  /// Whose it was; nil where an earlier run has given it up.
  package var topic: UniqueID?
  /// The frame that gave it up.
  package var sequence: JournalSequence
  /// When it may go as far as `file.delete.delay.ms` is concerned; nil until somebody has looked.
  package var dueAt: Instant?
}
