import ByteCodec
import Compression
import Machine
import RecordFormat
package import Units

/// A compaction under way: first the keys of what was never compacted, then all segments copied with what is left of them.
///
/// It belongs to the background lane while a job holds it and to nobody else meanwhile; the engine only hands it on. Each
/// step reads about a megabyte. Nothing it writes counts before the swap is decided: a crash leaves files that no list
/// names, which the next run of the partition removes.
package final class CompactionRun: @unchecked Sendable {
  /// What a step led to.
  package enum Step: Sendable {
    /// There is more to do; so many bytes were read and written.
    case more(bytes: Int)
    case done(CompactionResult, bytes: Int)
    /// Nothing came of it; whether it is of use to try again.
    case abandoned(reason: String, isDamage: Bool)
  }

  /// A step ends when it has read this much.
  private static let stepBytes = 1 << 20

  private enum Phase { case keys, copy }

  let plan: CompactionPlan
  private let compressor = Compressor()
  private let scratch = Decompressor()
  private var phase = Phase.keys
  private var keys: KeyMap
  private var mapEnd: Offset
  private var input = 0
  private var rows: [BlockIndex.Row] = []
  private var row = 0
  private var isOpen = false
  private var next = Offset(0)
  private var output: CompactionOutput?
  private var hasSwept = false
  /// A batch was copied whose records are too many to be looked at.
  private var hasKeptUnread = false
  private var transactions: CompactionTransactions

  init(_ plan: CompactionPlan) {
    self.plan = plan
    mapEnd = plan.limit
    transactions = CompactionTransactions(plan.aborted)
    keys = KeyMap(
      hash: plan.hash, keys: plan.limit.value.subtracted(plan.firstDirty.value), memory: plan.rules.memoryBytes)
  }

  /// Goes one step on.
  func step(_ workshop: LogWorkshop) -> Step {
    do throws(Stop) {
      if !hasSwept { try sweep(workshop) }
      var bytes = 0
      while bytes < Self.stepBytes {
        guard let read = try nextBlock(workshop) else {
          if let result = try endPhase(workshop) { return .done(result, bytes: bytes + (output?.written ?? 0)) }
          return .more(bytes: bytes)
        }
        bytes += read
      }
      return .more(bytes: bytes)
    } catch {
      for path in output?.paths ?? [] { _ = workshop.remove(path) }
      return .abandoned(reason: error.reason, isDamage: error.isDamage)
    }
  }

  private struct Stop: Error {
    var reason: String
    var isDamage = false

    init(_ error: DiskError) { reason = error.description }

    init(damage reason: String) {
      self.reason = reason
      isDamage = true
    }
  }

  private func onDisk<Value>(_ body: () throws(DiskError) -> Value) throws(Stop) -> Value {
    do throws(DiskError) { return try body() } catch { throw Stop(error) }
  }

  /// Removes what runs that a crash cut short have left in the partition's folder.
  private func sweep(_ workshop: LogWorkshop) throws(Stop) {
    hasSwept = true
    let folder = plan.partition.folder
    for entry in try onDisk({ () throws(DiskError) in try workshop.disk.list(folder) }) {
      let path = "\(folder)/\(entry.name)"
      guard SegmentKey.isGeneration(entry.name), !plan.known.contains(path) else { continue }
      _ = workshop.remove(path)
    }
  }

  /// Reads the next block of this phase; nil behind the last.
  private func nextBlock(_ workshop: LogWorkshop) throws(Stop) -> Int? {
    while true {
      guard input < plan.inputs.count, phase == .keys || plan.inputs[input].base < mapEnd else { return nil }
      let extent = plan.inputs[input]
      if phase == .keys, extent.end <= plan.firstDirty || extent.base >= mapEnd {
        input += 1
        continue
      }
      if !isOpen { try open(extent, workshop) }
      guard row < rows.count else {
        input += 1
        isOpen = false
        continue
      }
      let block = rows[row]
      row += 1
      try take(block, of: extent, workshop)
      return Int(block.length.value)
    }
  }

  private func key(_ extent: SegmentDescription) -> SegmentKey {
    SegmentKey(partition: plan.partition, base: extent.base, generation: extent.generation)
  }

  private func open(_ extent: SegmentDescription, _ workshop: LogWorkshop) throws(Stop) {
    switch workshop.indexes.load(key(extent), extent, isActive: false) {
    case .failure(let failure):
      throw Stop(damage: failure.reason)
    case .success(let loaded):
      if let damage = loaded.damage { throw Stop(damage: damage.reason) }
      rows = loaded.index.rows
      row = 0
      next = extent.base
      isOpen = true
    }
  }

  /// One block: its batches go into the map, or through the sieve into the output.
  private func take(
    _ block: BlockIndex.Row, of extent: SegmentDescription, _ workshop: LogWorkshop
  ) throws(Stop) {
    let name = key(extent)
    let bytes = try onDisk { () throws(DiskError) in
      try workshop.files.log(name, .read).read(count: Int(block.length.value), at: block.position)
    }
    guard bytes.count == Int(block.length.value), Checksum.crc32c(bytes) == block.checksum else {
      throw Stop(damage: "the block at byte \(block.position.value) of \(name.logPath) is not what was written")
    }
    var at = 0
    while at < bytes.count {
      guard let batch = try? RecordBatchView(bytes.dropping(at)), batch.header.baseOffset >= next else {
        throw Stop(damage: "no batch at byte \(block.position.value + Int64(at)) of \(name.logPath)")
      }
      next = batch.header.nextOffset
      at += batch.bytes.count
      switch phase {
      case .keys: note(batch)
      case .copy: try copy(batch, extent, workshop)
      }
    }
  }

  /// Puts the keys of a batch that was never compacted into the map. Where the map is full, the run ends before it.
  private func note(_ batch: RecordBatchView) {
    let header = batch.header
    guard header.nextOffset > plan.firstDirty, header.baseOffset < mapEnd, !header.isControl,
      header.recordCount <= plan.rules.maximumRecords, !transactions.isAborted(header)
    else { return }
    if keys.room < Int(header.recordCount) {
      // A single batch with more keys than all the memory allows: it gets what it needs, or nothing would ever be done.
      guard header.baseOffset <= plan.firstDirty || keys.count == 0 else {
        mapEnd = header.baseOffset
        return
      }
      keys.grow(by: Int(header.recordCount))
    }
    guard var reader = try? RecordReader(batch, scratch: scratch) else { return }
    while let record = try? reader.next() {
      if let key = record.key { _ = keys.insert(key, at: record.offset) }
    }
  }

  private func copy(_ batch: RecordBatchView, _ extent: SegmentDescription, _ workshop: LogWorkshop) throws(Stop) {
    let sieve = RecordSieve(
      now: plan.now, deleteRetentionMs: plan.rules.deleteRetentionMs, limit: mapEnd, lastBatches: plan.lastBatches,
      maximumRecords: plan.rules.maximumRecords, keepsTombstones: hasKeptUnread)
    let kept: ByteSlice
    switch verdict(on: batch, sieve) {
    case .drop: return
    case .keep: kept = batch.bytes
    case .replace(let bytes): kept = bytes
    }
    let base = plan.inputs[0].base
    try onDisk { () throws(DiskError) in try output?.append(kept, base: base, writtenAt: extent.written) }
  }

  /// Records of aborted transactions go, whatever their keys; markers once nothing is left of their transactions.
  private func verdict(on batch: RecordBatchView, _ sieve: RecordSieve) -> RecordSieve.Verdict {
    let header = batch.header
    guard header.baseOffset < mapEnd else { return .keep }
    if header.isControl {
      return transactions.sawMarker(header) ? sieve.siftSpentMarker(batch, compressor: compressor) : .keep
    }
    if header.recordCount > plan.rules.maximumRecords { hasKeptUnread = true }
    transactions.saw(header)
    if transactions.isAborted(header) { return sieve.emptied(header) }
    return sieve.sift(batch, keys: keys, compressor: compressor, scratch: scratch)
  }

  /// From the keys to the copy, or from there to the end.
  private func endPhase(_ workshop: LogWorkshop) throws(Stop) -> CompactionResult? {
    if phase == .keys {
      phase = .copy
      input = 0
      isOpen = false
      let generation = (plan.inputs.map(\.generation).max() ?? 0) &+ 1
      output = CompactionOutput(
        disk: workshop.disk, partition: plan.partition, generation: generation, segmentBytes: plan.rules.segmentBytes)
      return nil
    }
    let read = plan.inputs.prefix { $0.base < mapEnd }
    let end = read.last?.end ?? mapEnd
    try onDisk { () throws(DiskError) in try output?.finishAll(end: end) }
    return CompactionResult(
      partition: plan.partition, removed: Array(read), added: output?.finished ?? [],
      cleanedThrough: min(mapEnd, end), spentMarkers: transactions.spent)
  }
}

/// What a compaction has made, synced and ready to take the place of what it read.
package struct CompactionResult: Sendable {
  package var partition: PartitionKey
  var removed: [SegmentDescription]
  var added: [CompactionOutput.Finished]
  package var cleanedThrough: Offset
  /// Markers of aborted transactions of which nothing is left.
  var spentMarkers: [Offset]

  /// Bytes before and after.
  package var sizes: (before: ByteCount, after: ByteCount) {
    (
      removed.reduce(.zero) { $0 + $1.size },
      added.reduce(.zero) { $0 + $1.description.size }
    )
  }
}
