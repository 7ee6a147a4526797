/// Why a produced batch is not stored.
package enum RefusalReason: Error, Equatable, Sendable, CaseIterable {
  /// No batch at all.
  case noBatch
  /// The length field cannot be, or goes past the bytes that came.
  case badLength
  /// The bytes are not those that the sender took the checksum of.
  case badChecksum
  /// Message format 0 or 1, or one that nobody knows.
  case unsupportedMagic
  /// Bytes after the batch: from Produce v3 on there is exactly one.
  case severalBatches
  /// More bytes than the topic takes.
  case batchTooLarge
  /// A codec that does not exist, or that the request's version does not allow.
  case unsupportedCompression
  /// The records are not what their codec writes.
  case corruptCompression
  /// The records would expand past the budget.
  case expandsTooMuch
  /// A record count of zero or less.
  case emptyBatch
  /// The last offset delta is not the record count less one.
  case countMismatch
  /// Only the broker writes markers.
  case controlBatch
  /// Only compaction sets a delete horizon.
  case deleteHorizon
  /// A producer id without a sequence.
  case missingSequence
  /// Transactional, but without a producer id.
  case missingProducerID
  /// A record whose lengths do not fit, or fewer records than the count.
  case malformedRecord
  /// Offset deltas are not 0, 1, 2 and so on.
  case badOffsetDelta
  /// Bytes after the last record.
  case trailingBytes
  /// A compacted topic takes records with keys only.
  case missingKey
  /// A timestamp outside the window that the topic takes.
  case timestampOutOfRange
  /// Only the broker sets append time.
  case appendTimeFromClient

  /// What a client is told, in the terms of Kafka's error table.
  package enum Kind: Int16, Sendable {
    case corruptMessage = 2
    case messageTooLarge = 10
    case invalidTimestamp = 32
    case unsupportedCompression = 76
    case invalidRecord = 87
  }

  /// The error that the door answers with.
  package var kind: Kind {
    switch self {
    case .badLength, .badChecksum, .corruptCompression: .corruptMessage
    case .batchTooLarge, .expandsTooMuch: .messageTooLarge
    case .timestampOutOfRange, .appendTimeFromClient: .invalidTimestamp
    case .unsupportedCompression: .unsupportedCompression
    case .noBatch, .unsupportedMagic, .severalBatches, .emptyBatch, .countMismatch, .controlBatch, .deleteHorizon,
      .missingSequence, .missingProducerID, .malformedRecord, .badOffsetDelta, .trailingBytes, .missingKey:
      .invalidRecord
    }
  }
}
