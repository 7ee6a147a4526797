package import ByteCodec
package import Machine
import RecordFormat
package import Units

/// A read of one segment, complete in itself, so that any lane can run it: whole batches from the one that holds
/// `offset` on, none that ends beyond `limit`.
package struct ReadRequest: Sendable {
  package var segment: SegmentKey
  package var offset: Offset
  /// A batch boundary at or before the batch that holds `offset`.
  package var start: FilePosition
  /// Nothing from here on may be read: not synced, or not there.
  package var end: FilePosition
  /// Records from here on may not be shown.
  package var limit: Offset
  package var maxBytes: Int
  /// Whether the first batch is returned even if it is larger than `maxBytes` (KIP-74).
  package var firstBatchWhole: Bool
  /// Blocks whose bytes have not been checked since the start of this run, and are touched by this read.
  package var unverified: [BlockIndex.Row]
}

package enum ReadOutcome: Sendable {
  /// Whole batches, possibly none; where the next read goes on, and the blocks found intact on the way.
  case batches(ByteSlice, next: Offset, position: FilePosition)
  /// The same, left in the file: checked before, and in memory a moment ago. Only for who has asked for it.
  case range(FileRange, next: Offset, position: FilePosition)
  /// Bytes are not what was written. Offsets `first` to `last` cannot be served.
  case damaged(first: Offset, last: Offset, reason: String)
  /// The segment's file was removed meanwhile: what replaced it is read instead, so this never leaves the store.
  case gone
  /// The bytes would have to be waited for.
  case notCached
}

extension ReadRequest {
  /// The outcome when a file is missing that should be there.
  var missing: ReadOutcome {
    .damaged(first: offset, last: offset, reason: "the file \(segment.logPath) is missing")
  }

  /// How much a first look reads where no more is asked for.
  private static let minimumRead = 4_096

  func run(files: OpenFiles, waits: Bool) -> ReadOutcome {
    do throws(DiskError) {
      let file = try files.log(segment, .read)
      var sound = self
      for row in unverified {
        guard let bytes = try Self.bytes(file, at: row.position, count: Int(row.length.value), waits: waits) else {
          return .notCached
        }
        #if PLANTED_BUGS
          if PlantedBug.is(.blockNotChecked) { continue }
        #endif
        if bytes.count == Int(row.length.value), Checksum.crc32c(bytes) == row.checksum { continue }
        // What stands before the damaged block can still be served.
        guard row.position > start, row.firstOffset > offset else {
          return row.mismatch(in: segment).outcome
        }
        sound.end = min(end, row.position)
        break
      }
      return try sound.batches(file, waits: waits)
    } catch {
      if error.isMissing { return .gone }
      return .damaged(first: offset, last: offset, reason: error.description)
    }
  }

  private func batches(_ file: any DiskFile, waits: Bool) throws(DiskError) -> ReadOutcome {
    var position = start
    var wanted = max(maxBytes, Self.minimumRead)
    while true {
      let available = Int(max(0, position.distance(to: end).value))
      let count = min(wanted, available)
      guard count > 0 else { return .batches(.empty, next: offset, position: position) }
      guard let bytes = try Self.bytes(file, at: position, count: count, waits: waits) else { return .notCached }
      guard bytes.count == count else {
        return .damaged(
          first: offset, last: offset,
          reason: "\(segment.logPath) ends at byte \(position.value + Int64(bytes.count)), before its last batch")
      }
      switch scan(bytes, at: position, isAll: count == available) {
      case .found(let from, let length, let next):
        return .batches(
          bytes.part(from: from, count: length), next: next,
          position: position.advanced(by: ByteCount(from + length)))
      case .goOn(let at, let need):
        if at == position, need <= count {
          return .batches(.empty, next: offset, position: position)
        }
        position = at
        wanted = max(need, wanted)
      case .damaged(let reason):
        return .damaged(first: offset, last: offset, reason: reason)
      }
    }
  }

  enum HeaderFound {
    case found(RecordBatchHeader)
    /// The bytes would have to be waited for.
    case notCached
    /// No batch ends within `limit`, or what is there is none.
    case none
  }

  /// The header of the first batch that would be read. Of batches only the headers are read, with what lies beside them.
  func firstHeader(_ file: any DiskFile, waits: Bool) throws(DiskError) -> HeaderFound {
    var position = start
    while true {
      let available = Int(max(0, position.distance(to: end).value))
      guard available >= RecordBatchHeader.size else { return .none }
      let count = min(Self.minimumRead, available)
      guard let bytes = try Self.bytes(file, at: position, count: count, waits: waits) else { return .notCached }
      var at = 0
      while bytes.count - at >= RecordBatchHeader.size {
        guard let header = try? RecordBatchHeader(bytes.bytes, at: at), header.nextOffset <= limit else { return .none }
        if header.lastOffset >= offset { return .found(header) }
        at += header.totalSize
      }
      guard at > 0 else { return .none }
      position = position.advanced(by: ByteCount(at))
    }
  }

  private enum Scan {
    case found(from: Int, length: Int, next: Offset)
    /// Read again from this position, at least so many bytes.
    case goOn(FilePosition, need: Int)
    case damaged(String)
  }

  /// Walks batch headers: skips what lies before `offset`, takes what fits.
  private func scan(_ bytes: ByteSlice, at position: FilePosition, isAll: Bool) -> Scan {
    var at = 0
    var from: Int?
    var next = offset
    while bytes.count - at >= RecordBatchHeader.size {
      guard let header = try? RecordBatchHeader(bytes.bytes, at: at) else {
        return .damaged("no batch at byte \(position.value + Int64(at)) of \(segment.logPath)")
      }
      if header.nextOffset > limit { return .found(from: from ?? at, length: from.map { at - $0 } ?? 0, next: next) }
      if header.lastOffset >= offset {
        let first = from ?? at
        let isFirst = from == nil
        let taken = at - first + header.totalSize
        if taken > maxBytes, !(isFirst && firstBatchWhole) {
          return .found(from: first, length: at - first, next: next)
        }
        if bytes.count - at < header.totalSize {
          if !isFirst { return .found(from: first, length: at - first, next: next) }
          return isAll
            ? .damaged("the batch at byte \(position.value + Int64(at)) of \(segment.logPath) is cut short")
            : .goOn(position.advanced(by: ByteCount(at)), need: header.totalSize)
        }
        from = first
        next = header.nextOffset
      }
      at += header.totalSize
    }
    if let from { return .found(from: from, length: min(at, bytes.count) - from, next: next) }
    return isAll
      ? .found(from: min(at, bytes.count), length: 0, next: next)
      : .goOn(position.advanced(by: ByteCount(at)), need: Self.minimumRead)
  }

  private static func bytes(
    _ file: any DiskFile, at position: FilePosition, count: Int, waits: Bool
  ) throws(DiskError) -> ByteSlice? {
    waits ? try file.read(count: count, at: position) : try file.readIfCached(count: count, at: position)
  }
}
