import LogStore
import RecordFormat
import Units

/// What a compacted partition must hold, told as a plain list of all records that were ever stored. It shares no code with
/// compaction.
struct CompactionModel {
  struct Stored: Equatable {
    var offset: Offset
    var key: UInt16
    /// Nil for a tombstone.
    var value: UInt64?
    var timestamp: Timestamp
    /// The trusted clock when it was appended: its delete horizon cannot be earlier than this and the retention.
    var appended: Timestamp
    var sequence: JournalSequence
  }

  /// A batch of an idempotent producer.
  struct Batch {
    var producer: Int64
    var sequence: Int32
    var base: Offset
    var count: Int32
    var stored: JournalSequence
  }

  private(set) var records: [Stored] = []
  private(set) var batches: [Batch] = []
  private(set) var end = Offset(0)

  mutating func append(_ stored: [Stored], batch: Batch?) {
    records += stored
    if let batch { batches.append(batch) }
    if let last = stored.last { end = last.offset.advanced(by: 1) }
  }

  /// A crash took back all behind `sequence`.
  mutating func crashed(keeping sequence: JournalSequence) {
    records.removeAll { $0.sequence > sequence }
    batches.removeAll { $0.stored > sequence }
    end = records.last.map { $0.offset.advanced(by: 1) } ?? Offset(0)
  }

  /// The next sequence of a producer.
  func nextSequence(of producer: Int64) -> Int32 {
    batches.last { $0.producer == producer }.map { $0.sequence + $0.count } ?? 0
  }

  /// The base offsets of the producer's last five batches.
  func remembered(of producer: Int64) -> [Offset] {
    Array(batches.filter { $0.producer == producer }.map(\.base).suffix(5))
  }

  /// What a reader saw from the start to `visible`.
  struct Reading {
    var found: [Stored]
    var visible: Offset
    /// `cleanedThrough` before and after the reading.
    var cleanedBefore: Offset
    var cleanedAfter: Offset
    var now: Timestamp
    var deleteRetentionMs: Int64
  }

  /// What is wrong with a reading, or nil.
  func fault(in reading: Reading) -> String? {
    let written = Dictionary(records.map { ($0.offset, $0) }, uniquingKeysWith: { _, last in last })
    var present: Set<Offset> = []
    var newestBelow: [UInt16: Offset] = [:]
    var previous = Offset(-1)
    for record in reading.found {
      guard record.offset > previous else { return "offset \(record.offset.value) came after \(previous.value)" }
      previous = record.offset
      guard let original = written[record.offset], original.key == record.key, original.value == record.value,
        original.timestamp == record.timestamp
      else { return "offset \(record.offset.value) shows a record that was not written there" }
      guard record.offset < reading.visible else { return "offset \(record.offset.value) was shown before its sync" }
      present.insert(record.offset)
      if record.offset < reading.cleanedBefore, let other = newestBelow.updateValue(record.offset, forKey: record.key) {
        return
          "key \(record.key) stands at \(other.value) and \(record.offset.value), below \(reading.cleanedBefore.value)"
      }
    }
    return missing(reading, present)
  }

  private func missing(_ reading: Reading, _ present: Set<Offset>) -> String? {
    var latest: [UInt16: Stored] = [:]
    for record in records where record.offset < reading.visible {
      latest[record.key] = record
      if record.offset >= reading.cleanedAfter, !present.contains(record.offset) {
        return "offset \(record.offset.value) is missing, though it was never compacted"
      }
    }
    for (key, record) in latest.sorted(by: { $0.key < $1.key }) where !present.contains(record.offset) {
      guard record.value == nil else { return "the latest value of key \(key), at \(record.offset.value), is missing" }
      guard reading.now.milliseconds >= record.appended.milliseconds + reading.deleteRetentionMs else {
        return "the tombstone of key \(key), at \(record.offset.value), went before its horizon"
      }
      if let older = reading.found.first(where: { $0.key == key && $0.offset < record.offset }) {
        return "key \(key) came back at \(older.offset.value) after its tombstone had gone"
      }
    }
    return nil
  }
}
