import KafkaWire
import RecordFormat
import Units

/// Tells which batches of a fetched range belong to transactions that were aborted (KIP-98). It sees the batches in order.
struct AbortedTransactions {
  /// Those that have not begun yet, the last to begin first.
  private var upcoming: [FetchResponse.Response.Partition.AbortedTransaction]
  /// Producers whose transaction, aborted later, has begun.
  private var producers: Set<Int64> = []

  init(_ listed: [FetchResponse.Response.Partition.AbortedTransaction]?) {
    upcoming = (listed ?? []).sorted { $0.firstOffset > $1.firstOffset }
  }

  /// Whether the records of that batch were taken back.
  mutating func hides(_ batch: RecordBatchHeader) -> Bool {
    while let next = upcoming.last, next.firstOffset <= batch.lastOffset.value {
      producers.insert(next.producerId)
      upcoming.removeLast()
    }
    return batch.isTransactional && producers.contains(batch.producerID)
  }

  /// An abort marker of that producer: what it writes from here on is another transaction.
  mutating func ended(_ producer: Int64) { producers.remove(producer) }
}
