package import ByteCodec
package import Compression
package import Units

/// How a transaction ended: the one record of a control batch (KIP-98).
package struct TransactionMarker: Equatable, Sendable {
  package enum Kind: Int16, Sendable {
    case abort = 0
    case commit = 1
  }

  package var kind: Kind
  /// The epoch of the coordinator that decided.
  package var coordinatorEpoch: Int32

  private static let version: Int16 = 0

  package init(_ kind: Kind, coordinatorEpoch: Int32) {
    self.kind = kind
    self.coordinatorEpoch = coordinatorEpoch
  }

  /// The marker that a control batch's record holds. Fails where its key is of another type, or where it is cut short;
  /// fields that later versions add behind are skipped.
  package init(_ record: RecordView) throws(WireError) {
    guard let keyBytes = record.key, let valueBytes = record.value else { throw .unexpectedNull }
    var key = ByteReader(keyBytes)
    var value = ByteReader(valueBytes)
    guard try key.readInt16() >= 0, try value.readInt16() >= 0 else { throw .unsupportedVersion }
    guard let kind = Kind(rawValue: try key.readInt16()) else { throw .badValue }
    self.init(kind, coordinatorEpoch: try value.readInt32())
  }

  /// The marker in a control batch; nil where it holds something else.
  package init?(batch: ByteSlice) {
    guard let view = try? RecordBatchView(batch), view.header.isControl,
      var reader = try? RecordReader(view, scratch: Decompressor()), let record = try? reader.next(),
      let marker = try? TransactionMarker(record)
    else { return nil }
    self = marker
  }

  /// The control batch that ends the transaction of a producer.
  package func batch(
    at baseOffset: Offset, partitionLeaderEpoch: Int32, producerID: Int64, producerEpoch: Int16, timestamp: Timestamp
  ) throws(CompressionError) -> ByteSlice {
    var key = ByteWriter(capacity: 4)
    key.writeInt16(TransactionMarker.version)
    key.writeInt16(kind.rawValue)
    var value = ByteWriter(capacity: 6)
    value.writeInt16(TransactionMarker.version)
    value.writeInt32(coordinatorEpoch)
    var properties = RecordBatchBuilder.Properties()
    properties.baseOffset = baseOffset
    properties.partitionLeaderEpoch = partitionLeaderEpoch
    properties.producerID = producerID
    properties.producerEpoch = producerEpoch
    properties.isTransactional = true
    properties.isControl = true
    var builder = RecordBatchBuilder(properties)
    builder.append(Record(timestamp: timestamp, key: key.takeSlice(), value: value.takeSlice()))
    return try builder.build(using: Compressor())
  }
}
