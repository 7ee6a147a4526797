package import ByteCodec
package import Compression
package import Units

/// A produced batch on its way in, with all that its topic asks of it: complete in itself, so that any thread can see to
/// it.
package struct BatchIntake: Sendable {
  package enum Outcome: Sendable {
    /// The batch as it will be stored, and its header.
    case ready(ByteSlice, RecordBatchHeader)
    case refused(RefusalReason, [RecordError])
  }

  /// One batch as it came; its bytes are given away, and stamped.
  package var records: ByteSlice
  package var rules: BatchRules
  /// The codec that it is stored with; nil leaves it as it comes.
  package var codec: CompressionCodec?
  package var level: Int32?
  /// The time that all records get; nil leaves them theirs.
  package var appendTime: Timestamp?

  /// Up to this size a compressed batch is walked where it is.
  package static let shortWalk = 32_768
  /// A batch that is a smaller part of its block than this, one in so many, is copied out of it.
  private static let worthKeeping = 8

  package init(
    records: ByteSlice, rules: BatchRules, codec: CompressionCodec?, level: Int32?, appendTime: Timestamp?
  ) {
    self.records = records
    self.rules = rules
    self.codec = codec
    self.level = level
    self.appendTime = appendTime
  }

  /// Whether it takes long enough to be worth another thread: to be compressed anew, or decompressed at length.
  package var takesLong: Bool {
    guard let header = try? RecordBatchHeader(records.bytes), let found = header.attributes.codec else { return false }
    if let codec, codec != found { return true }
    return found != .none && rules.walksRecords && records.count > Self.shortWalk
  }

  /// Whether the batch is decompressed to be walked: how much comes out of it, its length does not tell.
  package var expands: Bool {
    guard rules.walksRecords, let header = try? RecordBatchHeader(records.bytes) else { return false }
    return header.attributes.codec.map { $0 != .none } ?? false
  }

  /// Checks the batch, and gives it the timestamps and the codec its topic asks for. `compressor` and `scratch` belong to
  /// the calling thread.
  package func run(compressor: Compressor, scratch: Decompressor) -> Outcome {
    let summary: BatchSummary
    switch BatchValidator.validate(records, rules: rules, scratch: scratch) {
    case .valid(let found): summary = found
    case .refused(let reason, let errors): return .refused(reason, errors)
    }
    var batch = records
    if let codec, codec != summary.header.attributes.codec {
      guard let view = try? RecordBatchView(records),
        let packed = try? view.recompressed(with: codec, level: level, compressor: compressor, scratch: scratch)
      else { return .refused(.corruptCompression, []) }
      guard packed.count <= rules.maximumBatchSize else { return .refused(.batchTooLarge, []) }
      batch = packed
    } else if records.count < records.block.capacity / Self.worthKeeping {
      // A small batch would keep the whole frame in memory until it is synced.
      batch = ByteSlice(copying: records.copy())
    }
    if let appendTime {
      BatchStamp.setAppendTime(batch, to: appendTime)
    } else if summary.needsMaxTimestamp {
      BatchStamp.setMaxTimestamp(batch, to: summary.maxTimestamp)
    }
    guard let header = try? RecordBatchHeader(batch.bytes) else { return .refused(.badLength, []) }
    return .ready(batch, header)
  }
}
