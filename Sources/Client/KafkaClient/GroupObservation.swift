/// What was seen of a group over a while: the facts that a diagnosis is made from.
package struct GroupObservation: Sendable {
  /// A transaction that keeps readers of committed records from going on.
  package struct OpenTransaction: Sendable {
    package var place: TopicPartition
    package var producerID: Int64
    /// Nil where no coordinator knows it: its partition waits for a marker that nobody will write.
    package var transactionalID: String?
    /// How long it has been open, in milliseconds; nil where nobody can tell.
    package var openMs: Int64?

    package init(place: TopicPartition, producerID: Int64, transactionalID: String?, openMs: Int64?) {
      self.place = place
      self.producerID = producerID
      self.transactionalID = transactionalID
      self.openMs = openMs
    }
  }

  package var group: String
  /// The group as it was each time, in order; nil where it did not exist.
  package var views: [GroupView?]
  /// How far it was behind at the start and at the end.
  package var before: [PartitionLag]
  package var after: [PartitionLag]
  /// Milliseconds between the two.
  package var spanMs: Int64
  package var transactions: [OpenTransaction]
  /// Why it last rebalanced; nil where nobody can tell.
  package var rebalance: GroupRebalance?

  package init(
    group: String, views: [GroupView?], before: [PartitionLag], after: [PartitionLag], spanMs: Int64,
    transactions: [OpenTransaction], rebalance: GroupRebalance? = nil
  ) {
    self.group = group
    self.views = views
    self.before = before
    self.after = after
    self.spanMs = spanMs
    self.transactions = transactions
    self.rebalance = rebalance
  }

  /// The group as it was last.
  package var last: GroupView? { views.last ?? nil }

  /// Records unread at the end.
  package var unread: Int64 { after.reduce(0) { $0 + $1.records } }

  /// Records that were written, and that the group passed, in a second.
  package var rates: (written: Double, read: Double) {
    let start = Dictionary(before.map { ($0.place, $0) }) { $1 }
    var written: Int64 = 0
    var read: Int64 = 0
    for lag in after {
      guard let earlier = start[lag.place] else { continue }
      written += max(lag.end - earlier.end, 0)
      read += max((lag.committed ?? lag.start) - (earlier.committed ?? earlier.start), 0)
    }
    let seconds = max(Double(spanMs), 1) / 1_000
    return (Double(written) / seconds, Double(read) / seconds)
  }

  /// When all is read if it goes on like this, in milliseconds; nil where it never is.
  package var catchUpMs: Int64? {
    let (written, read) = rates
    guard unread > 0 else { return 0 }
    guard read > written else { return nil }
    return Int64(Double(unread) / (read - written) * 1_000)
  }
}
