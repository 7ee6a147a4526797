import RecordFormat
import Units

/// What compaction knows of transactions: which records were aborted, and which markers still have records to speak of.
///
/// Whether a record was aborted follows from the partition's index and the record's own offset alone, so that no run can
/// come to another answer by beginning elsewhere.
struct CompactionTransactions {
  /// By producer, in the order of their markers.
  private let aborted: [Int64: [AbortedTransaction]]
  /// Markers of aborted transactions of which a batch was seen.
  private var withRecords: Set<Offset> = []
  /// Producers of whom a batch of a transaction that was not aborted was seen since their last marker.
  private var committing: Set<Int64> = []
  /// Markers of aborted transactions of which nothing is left.
  private(set) var spent: [Offset] = []

  init(_ rows: [AbortedTransaction]) { aborted = Dictionary(grouping: rows, by: \.producerID) }

  /// The aborted transaction that the record or marker at `offset` belongs to.
  private func aborted(_ producer: Int64, at offset: Offset) -> AbortedTransaction? {
    guard let rows = aborted[producer] else { return nil }
    let at = rows.partitioningIndex { $0.last >= offset }
    return at < rows.count && rows[at].first <= offset ? rows[at] : nil
  }

  /// Whether a data batch belongs to an aborted transaction.
  func isAborted(_ header: RecordBatchHeader) -> Bool {
    header.isTransactional && aborted(header.producerID, at: header.baseOffset) != nil
  }

  /// A data batch was found.
  mutating func saw(_ header: RecordBatchHeader) {
    guard header.isTransactional else { return }
    if let transaction = aborted(header.producerID, at: header.baseOffset) {
      withRecords.insert(transaction.last)
    } else {
      committing.insert(header.producerID)
    }
  }

  /// A control batch was found, behind all batches before it. Answers whether no batch of its transaction is left.
  mutating func sawMarker(_ header: RecordBatchHeader) -> Bool {
    let hadRecords = committing.remove(header.producerID) != nil
    guard let transaction = aborted(header.producerID, at: header.baseOffset) else { return !hadRecords }
    guard !withRecords.contains(transaction.last) else { return false }
    spent.append(transaction.last)
    return true
  }
}
