package import ByteCodec
package import RecordFormat
package import Units

/// A segment's index and checksums in one: a row for every block of about 64 KiB, which always ends with a batch.
///
/// The rows serve three questions: where an offset stands, where a timestamp may first stand, and whether the bytes are
/// still those that were written, batch headers included (a batch's own CRC does not cover its base offset, length,
/// epoch and magic). Rows are derived: without their file they are made again from the segment.
package struct BlockIndex: Sendable {
  package struct Row: Equatable, Sendable {
    package var position: FilePosition
    package var length: ByteCount
    package var firstOffset: Offset
    package var lastOffset: Offset
    /// The greatest timestamp in this block.
    package var maxTimestamp: Timestamp
    /// CRC-32C of the block's bytes.
    package var checksum: UInt32

    package var end: FilePosition { position.advanced(by: length) }

    /// Bytes of a row on disk.
    package static let encodedSize = 48

    /// The fields, and a CRC of their own that starts from the segment's name, so that a row counts in no other segment's
    /// file.
    package func encode(to writer: inout ByteWriter, of key: SegmentKey) {
      var fields = ByteWriter(capacity: Self.encodedSize)
      fields.writeInt64(position.value)
      fields.writeInt64(firstOffset.value)
      fields.writeInt64(lastOffset.value)
      fields.writeInt64(maxTimestamp.milliseconds)
      fields.writeUInt32(UInt32(truncatingIfNeeded: length.value))
      fields.writeUInt32(checksum)
      fields.writeUInt32(0x4D52_4258)  // "MRBX"
      let bytes = fields.takeSlice()
      bytes.withUnsafeBytes { writer.writeBytes($0) }
      writer.writeUInt32(Checksum.crc32c(bytes, continuing: Self.start(key)))
    }

    private static func start(_ key: SegmentKey) -> UInt32 {
      var writer = ByteWriter(capacity: 32)
      key.partition.encode(to: &writer)
      writer.writeInt64(key.base.value)
      writer.writeInt64(Int64(key.generation))
      return Checksum.crc32c(writer.takeSlice())
    }

    /// The row in `bytes`, or nil when it is damaged or not of the segment `key`.
    package init?(_ bytes: ByteSlice, of key: SegmentKey) {
      guard bytes.count == Self.encodedSize else { return nil }
      var reader = ByteReader(bytes)
      do throws(WireError) {
        position = FilePosition(try reader.readInt64())
        firstOffset = Offset(try reader.readInt64())
        lastOffset = Offset(try reader.readInt64())
        maxTimestamp = Timestamp(milliseconds: try reader.readInt64())
        length = ByteCount(Int64(try reader.readUInt32()))
        checksum = try reader.readUInt32()
        guard try reader.readUInt32() == 0x4D52_4258,
          try reader.readUInt32()
            == Checksum.crc32c(bytes.part(from: 0, count: Self.encodedSize - 4), continuing: Self.start(key))
        else { return nil }
      } catch {
        return nil
      }
    }

    package init(
      position: FilePosition, length: ByteCount, firstOffset: Offset, lastOffset: Offset, maxTimestamp: Timestamp,
      checksum: UInt32
    ) {
      self.position = position
      self.length = length
      self.firstOffset = firstOffset
      self.lastOffset = lastOffset
      self.maxTimestamp = maxTimestamp
      self.checksum = checksum
    }
  }

  /// A block is closed by the batch that brings it to this size or more.
  package static let blockSize = ByteCount.kibi(64)

  /// Closed blocks, in order, without gaps from position 0.
  package private(set) var rows: [Row] = []
  /// The block still growing behind the closed ones.
  package private(set) var open: Row?

  /// Rows from here on were written by this run; of the rows before, those below were read and found intact.
  private var firstOwn = 0
  private var checked: Set<FilePosition> = []
  /// Rows whose bytes were found to be others than were written, by position.
  private var distrusted: Set<FilePosition> = []

  package init() {}

  /// The index of a segment whose closed rows came from its file.
  init(rows: [Row]) {
    self.rows = rows
    firstOwn = rows.count
  }

  /// The row's bytes were not what was written: every read looks at them again.
  mutating func distrust(_ row: Row) { distrusted.insert(row.position) }

  /// The blocks, the growing one included.
  var allRows: [Row] { open.map { rows + [$0] } ?? rows }

  /// The row's bytes are what was written.
  mutating func verified(_ row: Row) {
    distrusted.remove(row.position)
    guard firstOwn > 0 else { return }
    checked.insert(row.position)
    if checked.count == firstOwn {
      firstOwn = 0
      checked = []
    }
  }

  /// Rows that a read of `bytes` may touch, and whose bytes this run has neither written nor checked. What is returned
  /// begins anywhere in the block at `position`.
  func unverifiedRows(from position: FilePosition, bytes: Int) -> [Row] {
    let doubtful = distrusted.isEmpty ? firstOwn : rows.count
    guard doubtful > 0 else { return [] }
    var index = rows.partitioningIndex { $0.end > position }
    guard index < doubtful else { return [] }
    let end = rows[index].end.advanced(by: ByteCount(max(bytes, 0)))
    var found: [Row] = []
    while index < doubtful, rows[index].position < end {
      if isDoubtful(index) { found.append(rows[index]) }
      index += 1
    }
    return found
  }

  /// Whether this run has written or checked every block between `position` and `end`.
  func isChecked(from position: FilePosition, to end: FilePosition) -> Bool {
    let doubtful = distrusted.isEmpty ? firstOwn : rows.count
    guard doubtful > 0 else { return true }
    var index = rows.partitioningIndex { $0.end > position }
    while index < doubtful, rows[index].position < end {
      if isDoubtful(index) { return false }
      index += 1
    }
    return true
  }

  private func isDoubtful(_ index: Int) -> Bool {
    let position = rows[index].position
    return index < firstOwn && !checked.contains(position) || distrusted.contains(position)
  }

  /// The bytes indexed so far.
  package var end: FilePosition { open?.end ?? rows.last?.end ?? FilePosition(0) }

  /// Takes in a batch that stands at `end`; `checksum` is the CRC-32C of its bytes.
  package mutating func append(
    _ batch: ByteSlice, checksum: UInt32, header: RecordBatchHeader, baseOffset: Offset
  ) {
    var row =
      open
      ?? Row(
        position: end, length: .zero, firstOffset: baseOffset, lastOffset: baseOffset, maxTimestamp: .none, checksum: 0)
    row.length += ByteCount(batch.count)
    row.lastOffset = baseOffset.advanced(by: Int64(header.lastOffsetDelta))
    // A batch that compaction has emptied still says when its records were, but none of them can be found.
    if header.recordCount > 0 { row.maxTimestamp = max(row.maxTimestamp, header.maxTimestamp) }
    row.checksum = Checksum.extended(row.checksum, by: batch, known: checksum)
    if row.length >= Self.blockSize {
      rows.append(row)
      open = nil
    } else {
      open = row
    }
  }

  /// Closes the growing block: the segment is full.
  package mutating func seal() {
    if let row = open { rows.append(row) }
    open = nil
  }

  /// The block that holds `offset`, or the first after it; nil when all blocks end before it.
  package func block(holding offset: Offset) -> Row? {
    firstBlock { $0.lastOffset >= offset }
  }

  /// The last closed block that ends at or before `position` and holds nothing from `limit` on.
  func lastBlock(endingBy position: FilePosition, below limit: Offset) -> Row? {
    let behind = rows.partitioningIndex { $0.end > position || $0.lastOffset >= limit }
    return behind > 0 ? rows[behind - 1] : nil
  }

  /// The first block that ends at or behind `offset` and whose greatest timestamp matches.
  func firstBlock(from offset: Offset, where matches: (Timestamp) -> Bool) -> Row? {
    let start = rows.partitioningIndex { $0.lastOffset >= offset }
    if let row = rows[start...].first(where: { matches($0.maxTimestamp) }) { return row }
    return open.flatMap { $0.lastOffset >= offset && matches($0.maxTimestamp) ? $0 : nil }
  }

  private func firstBlock(where matches: (Row) -> Bool) -> Row? {
    let index = rows.partitioningIndex(where: matches)
    if index < rows.count { return rows[index] }
    return open.flatMap { matches($0) ? $0 : nil }
  }
}

extension Array {
  /// The first index whose element matches, where all that match stand behind all that do not.
  func partitioningIndex(where matches: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = low + (high - low) / 2
      if matches(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
