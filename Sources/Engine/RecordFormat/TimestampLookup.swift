package import ByteCodec
package import Compression
package import Units

/// Where a timestamp is in a batch, as ListOffsets asks.
package struct TimestampedOffset: Equatable, Sendable {
  package var offset: Offset
  package var timestamp: Timestamp

  package init(offset: Offset, timestamp: Timestamp) {
    self.offset = offset
    self.timestamp = timestamp
  }
}

extension RecordBatchView {
  /// The first record at or after `start` whose timestamp is `timestamp` or later, or nil where there is none.
  /// Fails as `RecordReader` does.
  package func firstRecord(
    atOrAfter timestamp: Timestamp, from start: Offset = Offset(0), scratch: Decompressor,
    budget: DecompressionBudget = .init()
  ) throws(WireError) -> TimestampedOffset? {
    guard header.maxTimestamp >= timestamp, header.lastOffset >= start, header.recordCount > 0 else { return nil }
    var reader = try RecordReader(self, scratch: scratch, budget: budget)
    while let record = try reader.next() {
      if record.timestamp >= timestamp, record.offset >= start {
        return TimestampedOffset(offset: record.offset, timestamp: record.timestamp)
      }
    }
    return nil
  }

  /// The first record with the batch's latest timestamp, or nil where no record has a timestamp.
  /// Fails as `RecordReader` does.
  package func latestRecord(scratch: Decompressor, budget: DecompressionBudget = .init()) throws(WireError)
    -> TimestampedOffset?
  {
    var latest: TimestampedOffset?
    var reader = try RecordReader(self, scratch: scratch, budget: budget)
    while let record = try reader.next() {
      if record.timestamp > (latest?.timestamp ?? .none) {
        latest = TimestampedOffset(offset: record.offset, timestamp: record.timestamp)
      }
    }
    return latest
  }
}
