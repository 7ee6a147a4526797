import ByteCodec
import Machine
import RecordFormat
import Units

extension LogWorkshop {
  /// The index of the segment at `key`: rows from its file as far as they reach, the rest made again from the batches.
  /// A segment that grows keeps its last block open.
  func loadIndex(
    of key: SegmentKey, _ extent: SegmentDescription, isActive: Bool
  ) -> Result<(index: BlockIndex, rowsInFile: Int), IndexFailure> {
    var rows = rowsInFile(key.indexPath)
    while let last = rows.last, last.end.value > extent.size.value { rows.removeLast() }
    let known = rows.count
    var index = BlockIndex(rows: rows)
    do throws(DiskError) {
      if let failure = try index.rebuild(from: try files.file(key.logPath, .read), key: key, extent: extent) {
        return .failure(failure)
      }
    } catch {
      return .failure(IndexFailure(first: extent.base, last: extent.end.advanced(by: -1), reason: error.description))
    }
    if !isActive { index.seal() }
    return .success((index, known))
  }

  /// The intact rows at the head of an index file; none when it is missing or cannot be read.
  private func rowsInFile(_ path: String) -> [BlockIndex.Row] {
    guard let file = try? disk.open(path, .read), let size = try? file.size(),
      let bytes = try? file.read(count: Int(size.value), at: FilePosition(0))
    else { return [] }
    var rows: [BlockIndex.Row] = []
    while let row = BlockIndex.Row(
      bytes.part(from: rows.count * BlockIndex.Row.encodedSize, count: BlockIndex.Row.encodedSize)),
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

  /// Adds rows for the batches behind the ones known, checking each batch's own CRC.
  fileprivate mutating func rebuild(
    from file: any DiskFile, key: SegmentKey, extent: SegmentDescription
  ) throws(DiskError) -> IndexFailure? {
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
        guard Checksum.crc32c(body) == header.checksum else { break }
        append(batch, header: header, baseOffset: header.baseOffset)
        at += header.totalSize
      }
      if at == 0 {
        let first = open?.lastOffset ?? rows.last?.lastOffset
        return IndexFailure(
          first: first.map { $0.advanced(by: 1) } ?? extent.base, last: extent.end.advanced(by: -1),
          reason: "no intact batch at byte \(end.value) of \(key.logPath)")
      }
    }
    return nil
  }
}
