package import Compression

/// The attributes of a batch (message format v2): what its sixteen bits say.
package struct BatchAttributes: OptionSet, Hashable, Sendable {
  package var rawValue: UInt16

  package init(rawValue: UInt16) { self.rawValue = rawValue }

  /// The broker has set the time: every record's timestamp is the batch's maximum.
  package static var logAppendTime: BatchAttributes { BatchAttributes(rawValue: 1 << 3) }
  package static var transactional: BatchAttributes { BatchAttributes(rawValue: 1 << 4) }
  /// The batch holds a transaction marker, not data.
  package static var control: BatchAttributes { BatchAttributes(rawValue: 1 << 5) }
  /// The base timestamp is the delete horizon that compaction has set (KIP-534).
  package static var deleteHorizon: BatchAttributes { BatchAttributes(rawValue: 1 << 6) }

  /// How the records are compressed, or nil for a number that no codec has.
  package var codec: CompressionCodec? { CompressionCodec(rawValue: UInt8(truncatingIfNeeded: rawValue & 7)) }

  /// These attributes with another codec.
  package func with(_ codec: CompressionCodec) -> BatchAttributes {
    BatchAttributes(rawValue: rawValue & ~7 | UInt16(codec.rawValue))
  }
}
