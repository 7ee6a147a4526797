import ByteCodec
package import LogStore
package import Machine
import RecordFormat
import Units

/// Reads one segment as the checkpoint describes it, and says which of its bytes are not those that were written.
package struct SegmentCheck {
  /// A stretch of bytes that cannot be trusted, between batches that can.
  package struct Damage: Equatable, Sendable {
    package var bytes: Range<Int64>
    package var offsets: ClosedRange<Int64>
    /// Where one turned bit explains it: its place in the file.
    package var bit: (byte: Int64, bit: Int)?
    package var reason: String

    package static func == (a: Damage, b: Damage) -> Bool { a.bytes == b.bytes && a.offsets == b.offsets }
  }

  package private(set) var damages: [Damage] = []
  package private(set) var batches = 0
  /// Rows of the index file that are intact, and whether the file holds anything else.
  package private(set) var rows: [BlockIndex.Row] = []
  package private(set) var indexIsDamaged = false
  /// CRC-32C of the bytes as they are.
  package private(set) var digest: UInt32 = 0

  private let extent: SegmentDescription
  private let path: String

  /// Checks the file of `key`, whose content `extent` describes. Fails only when the disk does not answer.
  package init(_ key: SegmentKey, _ extent: SegmentDescription, on disk: any Disk) throws(DiskError) {
    self.extent = extent
    path = key.logPath
    let size = extent.size.value
    let file: any DiskFile
    let held: Int64
    do throws(DiskError) {
      file = try disk.open(path, .read)
      held = try file.size().value
    } catch {
      guard error.isMissing else { throw error }
      if size > 0 { damages = [Damage(bytes: 0..<size, offsets: whole, reason: "the file is missing")] }
      return
    }
    try readRows(of: key, on: disk)
    var at: Int64 = 0
    var next = extent.base
    for row in rows {
      let bytes = try file.read(count: Int(row.length.value), at: row.position)
      check(bytes, at: row.position.value, count: row.length.value, from: next, through: row.lastOffset, row)
      at = row.position.value + row.length.value
      next = row.lastOffset.advanced(by: 1)
    }
    if at < size {
      let bytes = try file.read(count: Int(size - at), at: FilePosition(at))
      check(bytes, at: at, count: size - at, from: next, through: extent.end.advanced(by: -1), nil)
    }
    if held < size, damages.isEmpty {
      damages = [Damage(bytes: held..<size, offsets: whole, reason: "the file ends early")]
    }
    if digest != extent.digest, size > 0, held >= size { checkWhole() }
  }

  private var whole: ClosedRange<Int64> { extent.base.value...max(extent.base.value, extent.end.value - 1) }

  /// The digest of the whole sees bytes that no batch's own CRC covers, and tells which single bit explains damage that
  /// no block of the index holds.
  private mutating func checkWhole() {
    if damages.isEmpty {
      damages = [
        Damage(bytes: 0..<extent.size.value, offsets: whole, reason: "the bytes are not those that were written here")
      ]
    }
    guard damages.count == 1, damages[0].bit == nil, extent.size.value <= Self.searched,
      let found = BitSyndrome.bit(count: Int(extent.size.value), difference: digest ^ extent.digest)
    else { return }
    damages[0].bit = (Int64(found.byte), found.bit)
    damages[0].reason = "one bit is turned over, at byte \(found.byte)"
  }

  /// A single bit is looked for in segments up to this size: the search takes time in proportion to it.
  private static let searched: Int64 = 64 << 20

  private mutating func readRows(of key: SegmentKey, on disk: any Disk) throws(DiskError) {
    let bytes: ByteSlice
    do throws(DiskError) {
      let file = try disk.open(key.indexPath, .read)
      bytes = try file.read(count: Int(try file.size().value), at: FilePosition(0))
    } catch {
      guard error.isMissing else { throw error }
      return
    }
    let width = BlockIndex.Row.encodedSize
    while let row = BlockIndex.Row(bytes.part(from: rows.count * width, count: width), of: key),
      row.position == rows.last?.end ?? FilePosition(0)
    {
      rows.append(row)
    }
    indexIsDamaged = rows.count * width < bytes.count
    while let last = rows.last, last.end.value > extent.size.value { rows.removeLast() }
  }

  /// Checks a stretch of whole batches: one block of the index, or all that is behind the last one.
  private mutating func check(
    _ bytes: ByteSlice, at position: Int64, count: Int64, from first: Offset, through last: Offset,
    _ row: BlockIndex.Row?
  ) {
    digest = Checksum.combined(digest, Checksum.crc32c(bytes), secondCount: bytes.count)
    let isIntact = row.map { bytes.count == Int(count) && Checksum.crc32c(bytes) == $0.checksum } ?? true
    var bit: (byte: Int64, bit: Int)?
    if !isIntact, let row, let found = BitSyndrome.restored(bytes, checksum: row.checksum) {
      bit = (position + Int64(found.byte), found.bit)
    }
    let before = damages.count
    walk(bytes, at: position, end: position + count, from: first, through: last)
    if !isIntact, damages.count == before {
      damages.append(
        Damage(
          bytes: position..<position + count, offsets: first.value...max(first.value, last.value),
          reason: "a batch header is not what was written"))
    }
    if let bit {
      for index in before..<damages.count {
        damages[index].bit = bit
        damages[index].reason = "one bit is turned over, at byte \(bit.byte)"
      }
    }
  }

  /// From batch to batch; behind a damaged one the next intact one is searched for.
  private mutating func walk(
    _ bytes: ByteSlice, at position: Int64, end: Int64, from first: Offset, through last: Offset
  ) {
    var at = 0
    var next = first
    while position + Int64(at) < end {
      if let header = Self.intactBatch(bytes, at: at, next...last.advanced(by: 1)), header.lastOffset <= last {
        batches += 1
        at += header.totalSize
        next = header.nextOffset
        continue
      }
      let resumed = Self.nextBatch(in: bytes, behind: at, next.advanced(by: 1)...last.advanced(by: 1))
      let to = resumed.map { position + Int64($0.at) } ?? end
      let lost = max(next.value, (resumed?.header.baseOffset.value ?? last.value + 1) - 1)
      damages.append(
        Damage(
          bytes: position + Int64(at)..<to, offsets: next.value...lost,
          reason: position + Int64(at) >= position + Int64(bytes.count)
            ? "the file ends early" : "no intact batch stands here"))
      guard let resumed else { return }
      at = resumed.at
      next = resumed.header.baseOffset
    }
  }

  /// The header of the batch at `at`, when its own CRC is right and its first offset is within `offsets`.
  static func intactBatch(_ bytes: ByteSlice, at: Int, _ offsets: ClosedRange<Offset>) -> RecordBatchHeader? {
    guard let header = try? RecordBatchHeader(bytes.bytes, at: at), offsets.contains(header.baseOffset),
      header.totalSize <= bytes.count - at
    else { return nil }
    let body = bytes.part(from: at, count: header.totalSize).dropping(RecordBatchHeader.Layout.attributes)
    return Checksum.crc32c(body) == header.checksum ? header : nil
  }

  private static func nextBatch(
    in bytes: ByteSlice, behind: Int, _ offsets: ClosedRange<Offset>
  ) -> (at: Int, header: RecordBatchHeader)? {
    let last = bytes.count - RecordBatchHeader.size
    guard behind + 1 <= last else { return nil }
    for at in behind + 1...last {
      if let header = intactBatch(bytes, at: at, offsets) { return (at, header) }
    }
    return nil
  }
}
