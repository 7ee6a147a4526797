package import ByteCodec
package import RecordFormat
package import Units

/// What a partition remembers of its idempotent producers: the last five batches of each, so that a retry is answered
/// with the original offset instead of being stored twice (KIP-98, KIP-360).
///
/// Rebuilt from the log by the same `apply` that keeps it live.
package struct ProducerTable {
  /// Batches remembered per producer: clients keep at most five in flight.
  package static let batchesRemembered = 5

  package struct Batch: Equatable {
    package var firstSequence: Int32
    package var lastSequence: Int32
    package var baseOffset: Offset
    package var lastOffset: Offset
    package var timestamp: Timestamp
  }

  package struct Producer: Equatable {
    package var epoch: Int16
    package var batches: [Batch] = []
    /// The wall clock at the last append, for expiry.
    package var lastSeen: Timestamp
    /// The first offset of its open transaction.
    package var transactionStart: Offset?
    /// The epoch of the coordinator that wrote the last marker; -1 before.
    package var coordinatorEpoch: Int32 = -1
  }

  package enum Verdict: Equatable {
    case append
    /// A retry of a batch that is stored: its base offset and timestamp.
    case duplicate(Batch)
    case outOfOrderSequence(expected: Int32)
    case staleEpoch(current: Int16)
    /// A batch outside of transactions, while one of its producer is open.
    case transactionOpen
  }

  package internal(set) var producers: [Int64: Producer] = [:]

  package init() {}

  /// What to do with a data batch of `header`, in the order Kafka asks (KIP-98, KIP-360). Producers last seen before
  /// `expiry` count as forgotten. A forgotten or unknown one may begin with any sequence, unless `beginsAtZero`: in the
  /// second generation of transactions (KIP-890) sequences begin anew with each of them.
  ///
  /// A retry within a transaction is one only until that has ended, since a client ends it when all is answered. A known
  /// sequence behind it carries other records, which must not be taken for stored: librdkafka counts anew from a batch
  /// that it gave up when it aborted, though that may have arrived. Kafka calls it a duplicate, and the records are lost.
  package func verdict(on header: RecordBatchHeader, expiry: Timestamp, beginsAtZero: Bool = false) -> Verdict {
    guard header.producerID >= 0 else { return .append }
    guard let producer = producers[header.producerID],
      producer.lastSeen >= expiry || producer.transactionStart != nil
    else { return beginsAtZero && header.baseSequence != 0 ? .outOfOrderSequence(expected: 0) : .append }
    let first = header.baseSequence
    let last = header.lastSequence
    let isOfEpoch = producer.epoch == header.producerEpoch
    let newest = isOfEpoch ? producer.batches.last?.lastSequence : nil
    let expected = newest.map { RecordBatchHeader.sequence($0, advancedBy: 1) } ?? 0
    if isOfEpoch, let original = producer.batches.last(where: { $0.firstSequence == first && $0.lastSequence == last })
    {
      let isRetry = !header.isTransactional || producer.transactionStart.map { original.baseOffset >= $0 } ?? false
      return isRetry ? .duplicate(original) : .outOfOrderSequence(expected: expected)
    }
    #if PLANTED_BUGS
      if PlantedBug.is(.staleEpochAccepted), header.producerEpoch < producer.epoch { return .append }
    #endif
    if header.producerEpoch < producer.epoch { return .staleEpoch(current: producer.epoch) }
    guard first == expected else { return .outOfOrderSequence(expected: expected) }
    return producer.transactionStart != nil && !header.isTransactional ? .transactionOpen : .append
  }

  /// Takes in a data batch that is stored from `baseOffset` on. Answers whether it begins a transaction.
  @discardableResult
  package mutating func apply(_ header: RecordBatchHeader, at baseOffset: Offset, seen: Timestamp) -> Bool {
    guard header.producerID >= 0, !header.isControl else { return false }
    let batch = Batch(
      firstSequence: header.baseSequence, lastSequence: header.lastSequence, baseOffset: baseOffset,
      lastOffset: baseOffset.advanced(by: Int64(header.lastOffsetDelta)), timestamp: header.maxTimestamp)
    var producer = producers[header.producerID] ?? Producer(epoch: header.producerEpoch, lastSeen: seen)
    if producer.epoch != header.producerEpoch {
      producer.epoch = header.producerEpoch
      producer.batches.removeAll()
    }
    if producer.batches.count == Self.batchesRemembered { producer.batches.removeFirst() }
    producer.batches.append(batch)
    producer.lastSeen = seen
    let begins = header.isTransactional && producer.transactionStart == nil
    if begins { producer.transactionStart = baseOffset }
    producers[header.producerID] = producer
    return begins
  }

  /// The base offsets of the newest batch of each.
  var lastBatches: Set<Offset> { Set(producers.values.compactMap { $0.batches.last?.baseOffset }) }

  /// Forgets producers not seen since `limit` that have no open transaction.
  package mutating func expire(notSeenSince limit: Timestamp) {
    guard hasAny(notSeenSince: limit) else { return }
    producers = producers.filter { $0.value.lastSeen >= limit || $0.value.transactionStart != nil }
  }

  func hasAny(notSeenSince limit: Timestamp) -> Bool {
    producers.contains { $0.value.lastSeen < limit && $0.value.transactionStart == nil }
  }

  package func encode(to writer: inout ByteWriter) {
    writer.writeList(producers.sorted { $0.key < $1.key }) { writer, pair in
      writer.writeInt64(pair.key)
      writer.writeInt16(pair.value.epoch)
      writer.writeInt64(pair.value.lastSeen.milliseconds)
      writer.writeInt64(pair.value.transactionStart?.value ?? -1)
      writer.writeInt32(pair.value.coordinatorEpoch)
      writer.writeList(pair.value.batches) { writer, batch in
        writer.writeInt32(batch.firstSequence)
        writer.writeInt32(batch.lastSequence)
        writer.writeInt64(batch.baseOffset.value)
        writer.writeInt64(batch.lastOffset.value)
        writer.writeInt64(batch.timestamp.milliseconds)
      }
    }
  }

  package init(from reader: inout ByteReader) throws(WireError) {
    let pairs = try reader.readList(minimumSize: 34) { reader throws(WireError) -> (Int64, Producer) in
      let id = try reader.readInt64()
      let epoch = try reader.readInt16()
      let seen = Timestamp(milliseconds: try reader.readInt64())
      let transaction = try reader.readInt64()
      let coordinator = try reader.readInt32()
      let batches = try reader.readList(minimumSize: 32) { reader throws(WireError) in
        Batch(
          firstSequence: try reader.readInt32(), lastSequence: try reader.readInt32(),
          baseOffset: Offset(try reader.readInt64()), lastOffset: Offset(try reader.readInt64()),
          timestamp: Timestamp(milliseconds: try reader.readInt64()))
      }
      return (
        id,
        Producer(
          epoch: epoch, batches: batches, lastSeen: seen,
          transactionStart: transaction < 0 ? nil : Offset(transaction), coordinatorEpoch: coordinator)
      )
    }
    producers = Dictionary(pairs, uniquingKeysWith: { _, last in last })
  }
}
