import Units

/// The transactions that hold a partition's stable end back: open ones, and those whose markers are decided and not yet
/// synced. A crash could take such a marker back, and with it what a reader had been told of the transaction's end.
struct UnstableTransactions {
  private struct Entry {
    var first: Offset
    var ended: JournalSequence?
  }

  /// By first offset: a transaction always begins behind all others.
  private var entries: [Entry] = []
  private var unsynced = 0

  init() {}

  /// Transactions that are open at `starts`.
  init(open starts: [Offset]) { entries = starts.sorted().map { Entry(first: $0) } }

  /// The first offset of all.
  var first: Offset? { entries.first?.first }

  /// The first offset of those that are open as decided.
  var firstOpen: Offset? { entries.first { $0.ended == nil }?.first }

  mutating func began(at first: Offset) { entries.append(Entry(first: first)) }

  /// The transaction that began at `first` has a marker, which is durable once `sequence` is.
  mutating func ended(from first: Offset, by sequence: JournalSequence) {
    let at = entries.partitioningIndex { $0.first >= first }
    guard at < entries.count, entries[at].first == first, entries[at].ended == nil else { return }
    entries[at].ended = sequence
    unsynced += 1
  }

  mutating func durableAdvanced(to sequence: JournalSequence) {
    guard unsynced > 0 else { return }
    let before = entries.count
    entries.removeAll { $0.ended.map { $0 <= sequence } ?? false }
    unsynced -= before - entries.count
  }
}
