import LogStore
import Units

/// A walk over all partitions that is spread over many turns, so that no turn takes long however many there are.
struct Sweep {
  /// What one turn may look at: a partition counts one, and one for every eight segments.
  static let costPerTurn = 500

  private var topics: ArraySlice<UniqueID>
  private var index: Int32 = 0

  init(_ topics: [UniqueID]) { self.topics = topics[...] }

  /// The next partition of a topic that `isWanted`; what is looked at is taken off `budget`. Nil at the end.
  mutating func next(
    _ catalogue: Catalogue, budget: inout Int, where isWanted: (UniqueID) -> Bool
  ) -> PartitionKey? {
    while let topic = topics.first {
      budget -= 1
      if let description = catalogue.topic(topic)?.description, index < description.partitionCount, isWanted(topic) {
        defer { index += 1 }
        return PartitionKey(topic: topic, index: index)
      }
      topics.removeFirst()
      index = 0
    }
    return nil
  }
}

/// All topics in the order of their ids, sorted again only when the catalogue has changed.
struct TopicOrder {
  private var asOf: JournalSequence?
  private var ids: [UniqueID] = []

  mutating func topics(_ catalogue: Catalogue) -> [UniqueID] {
    if asOf != catalogue.lastChange {
      ids = catalogue.topics.keys.sorted()
      asOf = catalogue.lastChange
    }
    return ids
  }
}
