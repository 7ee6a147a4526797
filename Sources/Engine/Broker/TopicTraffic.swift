import ByteCodec
import LogStore
import RecordFormat
package import Units

/// Bytes and records in and out by topic, for the metrics. The first topics that see traffic are counted by themselves,
/// all further ones together, so that no client can make the metrics grow. Belongs to the engine's thread.
package struct TopicTraffic {
  /// Topics that are counted by themselves.
  package static let namedTopics = 200

  /// Since the start.
  package struct Counts: Sendable, Equatable {
    package var bytesIn: UInt64 = 0
    package var recordsIn: UInt64 = 0
    package var bytesOut: UInt64 = 0
    package var recordsOut: UInt64 = 0
  }

  private var slots: [UniqueID: Int] = [:]
  /// The first place is for topics without one of their own, and for those that were deleted.
  private var counts = [Counts()]
  private var free: [Int] = []

  /// What topics without a place of their own have seen.
  package var other: Counts { counts[0] }

  /// Topics with a place of their own, and what they have seen.
  package var named: [(id: UniqueID, counts: Counts)] { slots.map { ($0.key, counts[$0.value]) } }

  mutating func stored(_ topic: UniqueID, bytes: Int, records: Int32) {
    let slot = slot(topic)
    counts[slot].bytesIn &+= UInt64(max(bytes, 0))
    counts[slot].recordsIn &+= UInt64(max(records, 0))
  }

  /// Whole batches leave; their headers say how many records they hold. Of what is sent from its file the headers are not
  /// seen: every offset counts as a record, those that compaction has left out too.
  mutating func fetched(_ results: [FetchedPartition], of entries: [FetchPlan.Entry]) {
    for (result, entry) in zip(results, entries) where result.count > 0 {
      let slot = slot(entry.partition.key.topic)
      counts[slot].bytesOut &+= UInt64(result.count)
      if case .range(_, let offsets, _) = result { counts[slot].recordsOut &+= UInt64(max(offsets, 0)) }
      guard case .batches(let bytes, _) = result else { continue }
      var at = 0
      while let header = try? RecordBatchHeader(bytes.bytes, at: at) {
        counts[slot].recordsOut &+= UInt64(max(header.recordCount, 0))
        at += header.totalSize
      }
    }
  }

  /// The topic is gone: what it saw joins the others.
  mutating func forget(_ topic: UniqueID) {
    guard let slot = slots.removeValue(forKey: topic) else { return }
    counts[0].bytesIn &+= counts[slot].bytesIn
    counts[0].recordsIn &+= counts[slot].recordsIn
    counts[0].bytesOut &+= counts[slot].bytesOut
    counts[0].recordsOut &+= counts[slot].recordsOut
    counts[slot] = Counts()
    free.append(slot)
  }

  private mutating func slot(_ topic: UniqueID) -> Int {
    if let known = slots[topic] { return known }
    if let slot = free.popLast() {
      slots[topic] = slot
      return slot
    }
    guard slots.count < Self.namedTopics else { return 0 }
    counts.append(Counts())
    slots[topic] = counts.count - 1
    return counts.count - 1
  }
}
