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
  let maximumRecords: Int32
  /// A batch that stays as it came, with values that nothing supersedes, lies before: no tombstone may go.
  var keepsTombstones = false

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
    guard header.recordCount <= maximumRecords, let reader = try? RecordReader(batch, scratch: scratch),
      let marks = try? Marks(reader, where: { isKept($0, header, keys) })
    else { return .keep }
    if marks.kept == 0 { return emptied(header) }
    let setsHorizon = marks.keepsTombstone && header.deleteHorizon == nil
    if marks.kept == marks.isKept.count, !setsHorizon { return .keep }
    var builder = builder(header, setsHorizon: setsHorizon)
    var (records, at) = (reader, 0)
    while let record = try? records.next() {
      if marks.isKept[at] { builder.append(record) }
      at += 1
    }
    return rewritten(builder, compressor)
  }

  /// Which records of a batch stay: a byte each, since a batch may hold very many.
  private struct Marks {
    var isKept: [Bool] = []
    var kept = 0
    var keepsTombstone = false

    init(_ reader: RecordReader, where isKept: (RecordView) -> Bool) throws(WireError) {
      var records = reader
      while let record = try records.next() {
        let stays = isKept(record)
        self.isKept.append(stays)
        guard stays else { continue }
        kept += 1
        if record.value == nil { keepsTombstone = true }
      }
    }
  }

  /// What becomes of a marker whose transaction has no batch left.
  func siftSpentMarker(_ batch: RecordBatchView, compressor: Compressor) -> Verdict {
    if let horizon = batch.header.deleteHorizon { return now < horizon ? .keep : .drop }
    guard var reader = try? RecordReader(batch, scratch: Decompressor()), let record = try? reader.next() else {
      return .keep
    }
    var builder = builder(batch.header, setsHorizon: true)
    builder.append(record)
    return rewritten(builder, compressor)
  }

  private func builder(_ header: RecordBatchHeader, setsHorizon: Bool) -> RecordBatchBuilder {
    var properties = RecordBatchBuilder.Properties(keeping: header)
    if setsHorizon {
      let (horizon, overflow) = now.milliseconds.addingReportingOverflow(deleteRetentionMs)
      properties.deleteHorizon = Timestamp(milliseconds: overflow ? .max : horizon)
    }
    return RecordBatchBuilder(properties)
  }

  private func rewritten(_ builder: RecordBatchBuilder, _ compressor: Compressor) -> Verdict {
    var builder = builder
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
    guard record.value == nil, !keepsTombstones, let horizon = header.deleteHorizon else { return true }
    return now < horizon
  }
}
