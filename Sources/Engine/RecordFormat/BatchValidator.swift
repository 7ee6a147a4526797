package import ByteCodec
package import Compression
package import Units

/// What is known of a batch that was found good.
package struct BatchSummary: Equatable, Sendable {
  /// The header as it came; base offset and leader epoch are not yet ours.
  package var header: RecordBatchHeader
  /// The latest timestamp among the records (-1: none has one), or what the header says where nobody walked.
  package var maxTimestamp: Timestamp
  /// The offset delta of the first record with that timestamp; -1 where no record has a timestamp, the last delta
  /// where nobody walked.
  package var maxTimestampDelta: Int32

  package init(header: RecordBatchHeader, maxTimestamp: Timestamp, maxTimestampDelta: Int32) {
    self.header = header
    self.maxTimestamp = maxTimestamp
    self.maxTimestampDelta = maxTimestampDelta
  }

  /// What the header says, for batches that nobody walked: those of the broker's own, or of a trusting topic.
  package init(trusting header: RecordBatchHeader) {
    self.init(header: header, maxTimestamp: header.maxTimestamp, maxTimestampDelta: header.lastOffsetDelta)
  }

  /// Whether the header's maximum is not the records' and should be stamped anew before the batch is stored.
  package var needsMaxTimestamp: Bool { header.maxTimestamp != maxTimestamp }
}

/// A record that is to blame, by its index in the batch.
package struct RecordError: Equatable, Sendable {
  package var index: Int32
  package var reason: RefusalReason

  package init(index: Int32, reason: RefusalReason) {
    self.index = index
    self.reason = reason
  }
}

/// What came of looking at a produced batch.
package enum ValidationOutcome: Equatable, Sendable {
  case valid(BatchSummary)
  /// The whole batch is refused. `recordErrors` names records to blame, `BatchValidator.maximumRecordErrors` at most.
  case refused(RefusalReason, recordErrors: [RecordError])
}

/// Looks at every batch before it is stored, so that nothing a consumer cannot read gets into the log.
package enum BatchValidator {
  /// How many records a refusal names: enough to find the cause, little enough for an answer.
  package static let maximumRecordErrors = 100

  /// Checks `bytes`, which must hold exactly one batch, against message format v2 and `rules`.
  ///
  /// `scratch` decompresses; it belongs to the calling thread. Of compressed records one chunk at a time is in memory.
  package static func validate(_ bytes: ByteSlice, rules: BatchRules, scratch: Decompressor) -> ValidationOutcome {
    do {
      let batch = try wholeBatch(bytes, rules: rules)
      let codec = try checkHeader(batch.header, rules: rules)
      guard rules.walksRecords else { return .valid(BatchSummary(trusting: batch.header)) }
      return walk(batch, codec: codec, rules: rules, scratch: scratch)
    } catch {
      return .refused(error, recordErrors: [])
    }
  }

  private static func wholeBatch(_ bytes: ByteSlice, rules: BatchRules) throws(RefusalReason) -> RecordBatchView {
    guard !bytes.isEmpty else { throw .noBatch }
    let batch: RecordBatchView
    do {
      batch = try RecordBatchView(bytes)
    } catch .unsupportedVersion {
      throw .unsupportedMagic
    } catch {
      throw .badLength
    }
    guard batch.bytes.count <= rules.maximumBatchSize else { throw .batchTooLarge }
    guard batch.bytes.count == bytes.count else { throw .severalBatches }
    guard batch.checksumMatches else { throw .badChecksum }
    return batch
  }

  /// The rules that need no record (Kafka's batch checks), and the codec.
  private static func checkHeader(_ header: RecordBatchHeader, rules: BatchRules) throws(RefusalReason)
    -> CompressionCodec
  {
    guard header.recordCount > 0 else { throw .emptyBatch }
    guard header.lastOffsetDelta == header.recordCount &- 1 else { throw .countMismatch }
    guard !header.isControl else { throw .controlBatch }
    guard header.deleteHorizon == nil else { throw .deleteHorizon }
    if header.hasProducerID {
      guard header.baseSequence >= 0 else { throw .missingSequence }
    } else {
      guard !header.isTransactional else { throw .missingProducerID }
    }
    guard !header.usesLogAppendTime else { throw .appendTimeFromClient }
    guard let codec = header.attributes.codec, codec != .zstd || rules.allowsZstd else {
      throw .unsupportedCompression
    }
    return codec
  }

  private static func walk(
    _ batch: RecordBatchView, codec: CompressionCodec, rules: BatchRules, scratch: Decompressor
  ) -> ValidationOutcome {
    var walk = RecordWalk(batch.header, rules: rules)
    do {
      try run(&walk, over: batch.records, codec: codec, rules: rules, scratch: scratch)
    } catch {
      let culprit = RecordError(index: walk.index, reason: error)
      return .refused(error, recordErrors: walk.index < batch.header.recordCount ? [culprit] : [])
    }
    if let first = walk.errors.first {
      let anyTimestamp = walk.errors.contains { $0.reason == .timestampOutOfRange }
      return .refused(anyTimestamp ? .timestampOutOfRange : first.reason, recordErrors: walk.errors)
    }
    return .valid(
      BatchSummary(
        header: batch.header, maxTimestamp: Timestamp(milliseconds: walk.maxTimestamp),
        maxTimestampDelta: walk.maxTimestampDelta))
  }

  private static func run(
    _ walk: inout RecordWalk, over records: ByteSlice, codec: CompressionCodec, rules: BatchRules,
    scratch: Decompressor
  ) throws(RefusalReason) {
    if codec == .none {
      return try records.withUnsafeBytes { bytes throws(RefusalReason) in
        guard let base = bytes.baseAddress else { throw .malformedRecord }
        try walk.run(from: RecordCursor(base: base, count: bytes.count))
      }
    }
    do {
      try scratch.begin(records, codec: codec, budget: rules.decompression)
    } catch {
      throw .unsupportedCompression
    }
    try walk.run(from: RecordCursor(scratch))
  }
}
