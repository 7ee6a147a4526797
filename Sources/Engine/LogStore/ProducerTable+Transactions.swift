package import RecordFormat
package import Units

extension ProducerTable {
  /// Whether a marker may be written.
  package enum MarkerVerdict: Equatable {
    case append
    case staleEpoch(current: Int16)
    /// A coordinator of a later epoch has written a marker for this producer already.
    case staleCoordinator(current: Int32)
  }

  /// What to do with a marker that ends a transaction of `producer`. `isBumped` says that the epoch was raised with the
  /// transaction's end, as the second protocol generation does: then it must be above the one known here, so that a late
  /// marker never ends the transaction that follows.
  package func verdict(
    onMarkerOf producer: Int64, epoch: Int16, isBumped: Bool, coordinatorEpoch: Int32
  ) -> MarkerVerdict {
    guard let known = producers[producer] else { return .append }
    guard isBumped ? epoch > known.epoch : epoch >= known.epoch else { return .staleEpoch(current: known.epoch) }
    guard coordinatorEpoch >= known.coordinatorEpoch else {
      return .staleCoordinator(current: known.coordinatorEpoch)
    }
    return .append
  }

  /// Takes in a marker. Returns the first offset of the transaction it ends, or nil where none was open.
  package mutating func apply(_ marker: TransactionMarker, _ header: RecordBatchHeader, seen: Timestamp) -> Offset? {
    guard header.producerID >= 0 else { return nil }
    var producer = producers[header.producerID] ?? Producer(epoch: header.producerEpoch, lastSeen: seen)
    if producer.epoch != header.producerEpoch {
      producer.epoch = header.producerEpoch
      producer.batches.removeAll()
    }
    let first = producer.transactionStart
    producer.transactionStart = nil
    producer.coordinatorEpoch = marker.coordinatorEpoch
    producer.lastSeen = seen
    producers[header.producerID] = producer
    return first
  }

  /// The first offsets of the transactions that are open.
  var transactionStarts: [Offset] { producers.values.compactMap(\.transactionStart) }
}
