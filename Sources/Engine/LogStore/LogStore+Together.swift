package import ByteCodec
package import RecordFormat
package import Units

/// A batch of `appendTogether`, and where it goes. The caller gives the bytes away.
package struct TogetherBatch {
  package var batch: ByteSlice
  package var header: RecordBatchHeader
  package var partition: PartitionLog
  package var rules: AppendRules

  package init(_ batch: ByteSlice, _ header: RecordBatchHeader, to partition: PartitionLog, rules: AppendRules) {
    self.batch = batch
    self.header = header
    self.partition = partition
    self.rules = rules
  }
}

/// What `appendTogether` decided.
package enum TogetherResult: Equatable {
  /// The base offset of each batch, in order; all may be acknowledged and read once `sequence` is durable.
  case stored(bases: [Offset], sequence: JournalSequence)
  /// The disk is too full; it may heal.
  case full
  /// More batches, or more bytes, than a unit may have.
  case tooLarge
}

extension LogStore {
  /// Bytes that one unit of several batches may have. It has to fit into one journal file, and to be read whole.
  package static let togetherBytes = ByteCount.mebi(16)
  /// Entries that such a unit may have: markers in as many partitions as a transaction may write to, and the records of
  /// its coordinators.
  package static let togetherEntries = 20_100

  /// Stores batches of several partitions, and changes with them, as one unit of the journal: after a power cut either
  /// all of it is there or nothing, and readers come to see all of it at once. For the end of a transaction: its state,
  /// its markers, its offsets.
  ///
  /// No producer's state is asked: whoever ends a transaction has asked for each marker already. With `isDecided` neither
  /// is room: a coordinator cannot take back what it has decided, and made sure of room before.
  package func appendTogether(
    _ batches: [TogetherBatch], and records: [ControlRecord] = [], isDecided: Bool = false
  ) -> TogetherResult {
    var encoded: [ByteSlice] = []
    for record in records {
      var writer = ByteWriter()
      record.encode(to: &writer)
      encoded.append(writer.takeSlice())
    }
    let bytes = batches.reduce(ByteCount.zero) { $0 + ByteCount($1.batch.count) }
    let total = encoded.reduce(bytes) { $0 + ByteCount($1.count) }
    let count = batches.count + records.count
    guard total <= Self.togetherBytes, count <= Self.togetherEntries else { return .tooLarge }
    guard count > 0 else { return .stored(bases: [], sequence: decided) }
    guard isDecided || !isFull && hasRoom(for: bytes) else { return .full }
    let now = trustedNow().steady
    let unit = takeUnit()
    var sequence = commits.next
    var entries: [CommitGroup.Entry] = []
    var preparations: [CommitGroup.Preparation] = []
    for (record, bytes) in zip(records, encoded) {
      state.apply(record, at: sequence)
      if case .logStartMoved(let key, let offset) = record { commits.starts.append((key, offset, sequence)) }
      entries.append(CommitGroup.Entry(content: .control(bytes), unit: unit, endsUnit: false))
      sequence = sequence.next
    }
    var bases: [Offset] = []
    for item in batches {
      if item.header.hasProducerID, item.partition.producers.producers[item.header.producerID] == nil {
        producerCount += 1
      }
      let placed = place(item.batch, item.header, in: item.partition, item.rules, now: now, sequence: sequence)
      if let preparation = placed.preparation { preparations.append(preparation) }
      entries.append(
        CommitGroup.Entry(
          content: .batch(item.batch, placed.place), unit: unit, endsUnit: false, checksum: placed.checksum))
      bases.append(placed.place.baseOffset)
      sequence = sequence.next
    }
    entries[entries.count - 1].endsUnit = true
    #if PLANTED_BUGS
      if PlantedBug.is(.togetherInParts) { for index in entries.indices { entries[index].endsUnit = true } }
    #endif
    add(entries, preparations: preparations, syncs: batches.isEmpty || batches.contains { $0.rules.syncs })
    return .stored(bases: bases, sequence: decided)
  }
}
