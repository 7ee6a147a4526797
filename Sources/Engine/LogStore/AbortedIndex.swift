package import ByteCodec
package import Units

/// A transaction that was aborted, as far as one partition is concerned: what `read_committed` readers must leave out.
package struct AbortedTransaction: Equatable, Sendable {
  package var producerID: Int64
  package var first: Offset
  /// The marker's offset.
  package var last: Offset
  /// The first offset that was still undecided right behind the marker: no transaction that ended later begins below it.
  package var stable: Offset

  package init(producerID: Int64, first: Offset, last: Offset, stable: Offset) {
    self.producerID = producerID
    self.first = first
    self.last = last
    self.stable = stable
  }
}

/// The aborted transactions of a partition, in the order of their markers. Part of the state: a checkpoint holds it, and
/// replay of the markers behind it brings back the rest. Rows go with the log start, and when compaction has removed
/// the last of a transaction's records.
package struct AbortedIndex: Equatable {
  /// Rows, 32 bytes each, beyond which a partition begins no more transactions until some of them have gone.
  package static let maximumRows = 250_000

  package private(set) var rows: [AbortedTransaction] = []

  package init() {}

  package var isFull: Bool { rows.count >= Self.maximumRows }

  package mutating func append(_ transaction: AbortedTransaction) { rows.append(transaction) }

  /// Those with records among the offsets from `start` to before `end`, by first offset.
  package func overlapping(_ start: Offset, _ end: Offset) -> [AbortedTransaction] {
    guard start < end else { return [] }
    var found: [AbortedTransaction] = []
    for row in rows[rows.partitioningIndex { $0.last >= start }...] {
      if row.first < end { found.append(row) }
      if row.stable >= end { break }
    }
    return found.sorted { ($0.first, $0.last) < ($1.first, $1.last) }
  }

  mutating func logStartMoved(to start: Offset) { rows.removeFirst(rows.partitioningIndex { $0.last >= start }) }

  /// Drops those whose markers stand at `markers`.
  mutating func forget(_ markers: [Offset]) {
    let gone = Set(markers)
    rows.removeAll { gone.contains($0.last) }
  }

  /// Equal indexes have equal bytes.
  package func encode(to writer: inout ByteWriter) {
    writer.writeList(rows) { writer, row in
      writer.writeInt64(row.producerID)
      writer.writeInt64(row.first.value)
      writer.writeInt64(row.last.value)
      writer.writeInt64(row.stable.value)
    }
  }

  package init(from reader: inout ByteReader) throws(WireError) {
    rows = try reader.readList(minimumSize: 32) { reader throws(WireError) in
      AbortedTransaction(
        producerID: try reader.readInt64(), first: Offset(try reader.readInt64()),
        last: Offset(try reader.readInt64()), stable: Offset(try reader.readInt64()))
    }
  }
}
