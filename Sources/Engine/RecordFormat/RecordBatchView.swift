package import ByteCodec

/// One whole batch: its header's values and the bytes they came from. Copying it shares the bytes.
package struct RecordBatchView: Sendable {
  package let header: RecordBatchHeader
  /// The batch, from its base offset to the end of its records.
  package let bytes: ByteSlice

  /// The batch at the start of `slice`, which may go on behind it.
  ///
  /// Fails as reading a header does, and with `truncated` where the slice ends before the batch does.
  package init(_ slice: ByteSlice) throws(WireError) {
    header = try RecordBatchHeader(slice.bytes)
    guard header.totalSize <= slice.count else { throw .truncated }
    bytes = slice.part(from: 0, count: header.totalSize)
  }

  /// The records as they are stored, compressed or not.
  package var records: ByteSlice { bytes.dropping(RecordBatchHeader.size) }

  /// Whether the checksum in the header is that of the bytes it covers.
  package var checksumMatches: Bool {
    Checksum.crc32c(bytes.dropping(RecordBatchHeader.Layout.attributes)) == header.checksum
  }
}

/// The whole batches of a byte range, such as a stretch of a segment, by their headers.
///
/// It ends where the range does, or where only a part of a batch is left, as at the end of a fetched range.
package struct RecordBatchWalk: Sendable {
  let bytes: ByteSlice
  /// Where the next batch begins; after the walk, the number of bytes in whole batches.
  package private(set) var position = 0

  /// A walk that begins at the first byte of `bytes`, where a batch must begin.
  package init(_ bytes: ByteSlice) { self.bytes = bytes }

  /// The next batch, or nil after the last whole one.
  ///
  /// Fails with `badLength` or `unsupportedVersion` where no batch can begin; the walk then stands still.
  package mutating func next() throws(WireError) -> RecordBatchView? {
    let header: RecordBatchHeader
    do {
      header = try RecordBatchHeader(bytes.bytes, at: position)
    } catch .truncated {
      return nil
    }
    guard header.totalSize <= bytes.count - position else { return nil }
    defer { position += header.totalSize }
    return try RecordBatchView(bytes.dropping(position))
  }
}
