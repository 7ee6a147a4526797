import ByteCodec
import Compression
import RecordFormat
import Settings
import Units

/// What a topic asks of batches, drawn from its settings once instead of for every batch.
struct ProduceRules {
  let maximumBatchBytes: Int
  let segmentBytes: Int
  /// The broker's clock dates the records.
  let stampsAppendTime: Bool
  /// The codec batches are stored with; nil leaves them as they come.
  let codec: CompressionCodec?
  let level: Int32?
  private let walksRecords: Bool
  private let requiresKeys: Bool
  private let beforeMaxMs: Int64
  private let afterMaxMs: Int64

  init(_ settings: TopicSettings, walksRecords: Bool) {
    maximumBatchBytes = Int(settings.maxMessageBytes)
    segmentBytes = Int(settings.segmentBytes)
    stampsAppendTime = settings.messageTimestampType == .logAppendTime
    self.walksRecords = walksRecords
    requiresKeys = settings.cleanupPolicy.contains(.compact)
    beforeMaxMs = settings.messageTimestampBeforeMaxMs
    afterMaxMs = settings.messageTimestampAfterMaxMs
    switch settings.compression {
    case .producer: (codec, level) = (nil, nil)
    case .uncompressed: (codec, level) = (CompressionCodec.none, nil)
    case .gzip(let effort): (codec, level) = (.gzip, effort)
    case .snappy: (codec, level) = (.snappy, nil)
    case .lz4(let effort): (codec, level) = (.lz4, effort)
    case .zstd(let effort): (codec, level) = (.zstd, effort)
    }
  }

  /// What is asked of a batch that comes `now` in a Produce of `version`.
  func intake(_ records: ByteSlice, now: Timestamp, version: Int16) -> BatchIntake {
    let rules = BatchRules(
      maximumBatchSize: maximumBatchBytes, walksRecords: walksRecords, requiresKeys: requiresKeys,
      timestamps: stampsAppendTime
        ? nil : BatchRules.window(around: now, beforeMaxMs: beforeMaxMs, afterMaxMs: afterMaxMs),
      allowsZstd: version >= 7)
    return BatchIntake(
      records: records, rules: rules, codec: codec, level: level, appendTime: stampsAppendTime ? now : nil)
  }
}
