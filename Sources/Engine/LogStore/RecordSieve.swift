import ByteCodec
import Compression
import RecordFormat
import Units

/// Decides what of a batch compaction keeps (KIP-58, KIP-534), and writes the rest anew.
///
/// A record stays when no later one of its key is known, and, where it is a tombstone, while its batch's delete horizon is
/// ahead or not set. A batch that keeps a tombstone for the first time gets a horizon. Offsets, the batch's range, its
/// producer's fields and its timestamps stay what they were. A transaction's marker stays as long as a batch of the
/// transaction, and then until a delete horizon of its own.
struct RecordSieve {
  /// Tombstones whose horizon is not later than this go.
  let now: Timestamp
  let deleteRetentionMs: Int64
  /// Batches from here on are not touched: their keys are not all in the map.
  let limit: Offset
  /// The last batch of each producer that is remembered: kept even when it is empty.
  let lastBatches: Set<Offset>

  enum Verdict {
    /// As it is.
    case keep
    case replace(ByteSlice)
    case drop
  }

  func sift(
    _ batch: RecordBatchView, keys: KeyMap, compressor: Compressor, scratch: Decompressor
  ) -> Verdict {
    let header = batch.header
    guard header.baseOffset < limit, !header.isControl else { return .keep }
    // Records that nobody can read, where validation was set to look at headers only, stay as they came.
    guard let records = try? decoded(batch, scratch) else { return .keep }
    var kept: [RecordView] = []
    var keepsTombstone = false
    for record in records where isKept(record, header, keys) {
      kept.append(record)
      if record.value == nil { keepsTombstone = true }
    }
    if kept.isEmpty { return emptied(header) }
    let setsHorizon = keepsTombstone && header.deleteHorizon == nil
    if kept.count == records.count, !setsHorizon { return .keep }
    return rewritten(header, kept, setsHorizon: setsHorizon, compressor)
  }

  /// What becomes of a marker whose transaction has no batch left.
  func siftSpentMarker(_ batch: RecordBatchView, compressor: Compressor) -> Verdict {
    if let horizon = batch.header.deleteHorizon { return now < horizon ? .keep : .drop }
    guard var reader = try? RecordReader(batch, scratch: Decompressor()), let record = try? reader.next() else {
      return .keep
    }
    return rewritten(batch.header, [record], setsHorizon: true, compressor)
  }

  private func rewritten(
    _ header: RecordBatchHeader, _ kept: [RecordView], setsHorizon: Bool, _ compressor: Compressor
  ) -> Verdict {
    var properties = RecordBatchBuilder.Properties(keeping: header)
    if setsHorizon {
      let (horizon, overflow) = now.milliseconds.addingReportingOverflow(deleteRetentionMs)
      properties.deleteHorizon = Timestamp(milliseconds: overflow ? .max : horizon)
    }
    var builder = RecordBatchBuilder(properties)
    for record in kept { builder.append(record) }
    do throws(CompressionError) {
      return .replace(try builder.build(using: compressor))
    } catch {
      return .keep  // too large for the format once it is written anew: what it was is right, only not compact
    }
  }

  /// What is left of a batch without its records: nothing, unless it tells where its producer stands.
  func emptied(_ header: RecordBatchHeader) -> Verdict {
    guard header.hasProducerID, lastBatches.contains(header.baseOffset) else { return .drop }
    if header.recordCount == 0 { return .keep }
    do throws(CompressionError) {
      return .replace(try RecordBatchBuilder.emptyBatch(keeping: header))
    } catch {
      return .keep
    }
  }

  private func isKept(_ record: RecordView, _ header: RecordBatchHeader, _ keys: KeyMap) -> Bool {
    guard let key = record.key else { return false }
    #if PLANTED_BUGS
      if PlantedBug.is(.liveKeyDropped), record.offset.value % 16 == 5 { return false }
      if PlantedBug.is(.tombstoneDroppedEarly), record.value == nil { return false }
    #endif
    if let last = keys.offset(of: key), last > record.offset { return false }
    guard record.value == nil, let horizon = header.deleteHorizon else { return true }
    return now < horizon
  }

  /// What a batch within the decompressor's budget can hold; in one that claims more, nothing is looked at.
  static let maximumRecords: Int32 = 10_000_000

  private func decoded(_ batch: RecordBatchView, _ scratch: Decompressor) throws(WireError) -> [RecordView] {
    guard batch.header.recordCount <= Self.maximumRecords else { throw .badLength }
    var reader = try RecordReader(batch, scratch: scratch)
    var records: [RecordView] = []
    while let record = try reader.next() { records.append(record) }
    return records
  }
}
