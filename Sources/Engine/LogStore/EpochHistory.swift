package import ByteCodec
package import Units

/// Which leader epoch wrote which offsets of a partition (KIP-320). A row is added when the partition first appends under
/// a new epoch of the node.
package struct EpochHistory: Equatable {
  package struct Row: Equatable, Sendable {
    package var epoch: Int32
    package var start: Offset

    /// All of it, as given.
    package init(
      epoch: Int32, start: Offset
    ) {
      self.epoch = epoch
      self.start = start
    }
  }

  /// Where an epoch's records end.
  package struct End: Equatable, Sendable {
    package var epoch: Int32
    package var end: Offset
  }

  package private(set) var rows: [Row] = []

  package init() {}

  package mutating func appended(at offset: Offset, under epoch: Int32) {
    if let last = rows.last, last.epoch >= epoch { return }
    rows.append(Row(epoch: epoch, start: offset))
  }

  /// The end of the largest epoch not above `asked`: where the next one begins, or `logEnd`. The node's current epoch
  /// counts as a row at `logEnd` until the partition appends under it. Nil when all epochs are above.
  package func end(of asked: Int32, current: Int32, logEnd: Offset) -> End? {
    var table = rows
    if (table.last?.epoch ?? -1) < current { table.append(Row(epoch: current, start: logEnd)) }
    guard let index = table.lastIndex(where: { $0.epoch <= asked }) else { return nil }
    let end = index + 1 < table.count ? table[index + 1].start : logEnd
    return End(epoch: table[index].epoch, end: end)
  }

  /// The epoch that wrote the record at `offset`; nil where no row says.
  package func epoch(at offset: Offset) -> Int32? {
    rows.last { $0.start <= offset }?.epoch
  }

  /// Drops rows that only speak of offsets below `start`.
  package mutating func logStartMoved(to start: Offset) {
    let keep = rows.partitioningIndex { $0.start > start }
    guard keep > 1 else { return }
    rows.removeFirst(keep - 1)
    if rows[0].start < start { rows[0].start = start }
  }

  /// Equal histories have equal bytes.
  package func encode(to writer: inout ByteWriter) {
    writer.writeList(rows) { writer, row in
      writer.writeInt32(row.epoch)
      writer.writeInt64(row.start.value)
    }
  }

  /// A history as `encode` wrote it.
  package init(from reader: inout ByteReader) throws(WireError) {
    rows = try reader.readList(minimumSize: 12) { reader throws(WireError) in
      Row(epoch: try reader.readInt32(), start: Offset(try reader.readInt64()))
    }
  }
}
