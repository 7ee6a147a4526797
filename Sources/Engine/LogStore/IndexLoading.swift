import ByteCodec
import Machine
import RecordFormat
import Units

/// A segment's index as found on disk.
package struct LoadedIndex: Sendable {
  var index: BlockIndex
  /// Rows that came from the index file; the others were made again from the segment.
  var rowsInFile: Int
  /// Rows of whole blocks that should have been in the index file and were not, or not intact.
  var rowsMade = 0
  /// What behind the index's end is not what was written.
  var damage: IndexFailure?
}

/// Makes indexes. It reads, and may wait for the disk long: never on the engine's thread.
struct IndexLoader {
  let disk: any Disk
  let files: OpenFiles

  /// The index of the segment at `key`: rows from its file as far as they reach, the rest made again from the batches.
  /// A segment that grows keeps its last block open. Fails only when the disk does not answer.
  ///
  /// The digest that the checkpoint keeps says whether rows and batches together are the segment that was written: a file
  /// of another partition, or of another time, is not.
  func load(
    _ key: SegmentKey, _ extent: SegmentDescription, isActive: Bool
  ) -> Result<LoadedIndex, IndexFailure> {
    load(key, extent, isActive: isActive, known: rowsInFile(key))
  }

  /// Likewise, with the rows that `rowsInFile` has found.
  func load(
    _ key: SegmentKey, _ extent: SegmentDescription, isActive: Bool, known: [BlockIndex.Row]
  ) -> Result<LoadedIndex, IndexFailure> {
    var rows = known
    while let last = rows.last, last.end.value > extent.size.value { rows.removeLast() }
    do throws(DiskError) {
      var loaded = try load(rows, key, extent)
      if loaded.damage != nil, !rows.isEmpty {
        let fromBatches = try load([], key, extent)
        if fromBatches.damage == nil { loaded = fromBatches }
      }
      loaded.rowsMade = loaded.index.rows.count - loaded.rowsInFile
      if !isActive { loaded.index.seal() }
      return .success(loaded)
    } catch {
      return .failure(IndexFailure(first: extent.base, last: extent.end.advanced(by: -1), reason: error.description))
    }
  }

  private func load(
    _ rows: [BlockIndex.Row], _ key: SegmentKey, _ extent: SegmentDescription
  ) throws(DiskError) -> LoadedIndex {
    var loaded = LoadedIndex(index: BlockIndex(rows: rows), rowsInFile: rows.count)
    var digest = rows.reduce(0 as UInt32) {
      Checksum.combined($0, $1.checksum, secondCount: Int($1.length.value))
    }
    let next = rows.last.map { $0.lastOffset.advanced(by: 1) } ?? extent.base
    loaded.damage = try loaded.index.rebuild(
      from: try files.log(key, .read), key: key, extent: extent, next: next, &digest)
    if loaded.damage != nil {
      // Without the digest nothing vouches for batches behind the rows, however good they look.
      loaded.index = BlockIndex(rows: rows)
      loaded.damage?.first = next
    }
    #if PLANTED_BUGS
      if PlantedBug.is(.digestNotChecked) { digest = extent.digest }
    #endif
    if loaded.damage == nil, digest != extent.digest {
      loaded.index = BlockIndex()
      loaded.damage = IndexFailure(
        first: extent.base, last: extent.end.advanced(by: -1),
        reason: "the bytes of \(key.logPath) are not those that were written there")
    }
    return loaded
  }

  /// The intact rows at the head of an index file; none when it is missing or cannot be read.
  func rowsInFile(_ key: SegmentKey) -> [BlockIndex.Row] {
    guard let file = try? disk.open(key.indexPath, .read), let size = try? file.size(),
      let bytes = try? file.read(count: Int(size.value), at: FilePosition(0))
    else { return [] }
    var rows: [BlockIndex.Row] = []
    while let row = BlockIndex.Row(
      bytes.part(from: rows.count * BlockIndex.Row.encodedSize, count: BlockIndex.Row.encodedSize), of: key),
      row.position == rows.last?.end ?? FilePosition(0)
    {
      rows.append(row)
    }
    return rows
  }
}

extension BlockIndex {
  /// How much of a segment is held in memory while its index is made again.
  private static let step = 1 << 20

  /// Adds rows for the batches behind the ones known, the first of which begins at offset `next`, checking each batch's
  /// own CRC and order, and takes their bytes into `digest`. Answers what is damaged, if anything.
  fileprivate mutating func rebuild(
    from file: any DiskFile, key: SegmentKey, extent: SegmentDescription, next: Offset, _ digest: inout UInt32
  ) throws(DiskError) -> IndexFailure? {
    var next = next
    while end.value < extent.size.value {
      let left = Int(extent.size.value - end.value)
      var bytes = try file.read(count: min(left, Self.step), at: end)
      if let header = try? RecordBatchHeader(bytes.bytes), header.totalSize > bytes.count, header.totalSize <= left {
        bytes = try file.read(count: header.totalSize, at: end)
      }
      var at = 0
      while let header = try? RecordBatchHeader(bytes.bytes, at: at), header.totalSize <= bytes.count - at {
        let batch = bytes.part(from: at, count: header.totalSize)
        let body = batch.dropping(RecordBatchHeader.Layout.attributes)
        // Only compaction leaves gaps.
        let follows = key.generation == 0 ? header.baseOffset == next : header.baseOffset >= next
        guard Checksum.crc32c(body) == header.checksum, follows else { break }
        let checksum = BatchStamp.checksum(ofWhole: batch)
        append(batch, checksum: checksum, header: header, baseOffset: header.baseOffset)
        digest = Checksum.extended(digest, by: batch, known: checksum)
        next = header.nextOffset
        at += header.totalSize
      }
      if at == 0 {
        return IndexFailure(
          first: next, last: extent.end.advanced(by: -1),
          reason: "no intact batch at byte \(end.value) of \(key.logPath)")
      }
    }
    return nil
  }
}
