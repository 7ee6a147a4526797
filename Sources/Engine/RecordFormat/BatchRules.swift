package import Compression
package import Units

/// What a topic, and the request's version, ask of a produced batch.
package struct BatchRules: Sendable {
  /// The largest batch as it came, in bytes (`max.message.bytes`).
  package var maximumBatchSize: Int
  /// Whether every record is looked at (`record.validation`), or the header alone.
  package var walksRecords: Bool
  /// Whether a record without a key is refused: the topic is compacted.
  package var requiresKeys: Bool
  /// The timestamps taken, or nil where none is refused. A record without one (-1) always passes.
  package var timestamps: ClosedRange<Int64>?
  /// Whether zstd is taken: Produce below v7 must not send it.
  package var allowsZstd: Bool
  /// What compressed records may expand to.
  package var decompression: DecompressionBudget

  /// The default of `max.message.bytes`: 1 MiB and the 12 bytes that the length field does not count.
  package static let defaultMaximumBatchSize = 1_048_588

  /// The rules of a topic with default settings, save for what is named.
  package init(
    maximumBatchSize: Int = defaultMaximumBatchSize, walksRecords: Bool = true, requiresKeys: Bool = false,
    timestamps: ClosedRange<Int64>? = nil, allowsZstd: Bool = true, decompression: DecompressionBudget = .init()
  ) {
    self.maximumBatchSize = maximumBatchSize
    self.walksRecords = walksRecords
    self.requiresKeys = requiresKeys
    self.timestamps = timestamps
    self.allowsZstd = allowsZstd
    self.decompression = decompression
  }

  /// The window of `message.timestamp.before.max.ms` and `message.timestamp.after.max.ms` around `now`, in
  /// milliseconds; held at the ends of time where it would overflow. Negative limits count as 0.
  package static func window(around now: Timestamp, beforeMaxMs: Int64, afterMaxMs: Int64) -> ClosedRange<Int64> {
    let (earliest, underflow) = now.milliseconds.subtractingReportingOverflow(max(beforeMaxMs, 0))
    let (latest, overflow) = now.milliseconds.addingReportingOverflow(max(afterMaxMs, 0))
    return (underflow ? Int64.min : earliest)...(overflow ? Int64.max : latest)
  }
}
