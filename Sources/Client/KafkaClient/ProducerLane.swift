import ByteCodec
import Compression
import RecordFormat

/// The records on their way to one partition: a batch that is filling, and closed ones in order.
struct ProducerLane {
  /// A closed batch, with its records in case it must be split.
  struct Batch {
    var records: [Record]
    var baseSequence: Int32
    var bytes: ByteSlice
    /// Bytes of keys and values.
    var payload: Int
    /// Bytes before compression: what it counts for in the buffer.
    var plain: Int
  }

  let partition: Int32
  private(set) var closed: [Batch] = []
  private var filling: RecordBatchBuilder?
  private var records: [Record] = []
  private var payload = 0
  private var nextSequence: Int32 = 0

  init(partition: Int32) { self.partition = partition }

  /// Bytes that the filling batch has so far.
  var fillingSize: Int { filling?.plainSize ?? 0 }
  /// Whether there is nothing left to send.
  var isEmpty: Bool { closed.isEmpty && records.isEmpty }

  /// Adds a record to the filling batch, which must have been closed before it grows too large.
  mutating func append(_ record: Record, as identity: ProducerIdentity, codec: CompressionCodec) {
    var builder = filling ?? RecordBatchBuilder(identity.properties(baseSequence: nextSequence, codec: codec))
    filling = nil
    builder.append(record)
    filling = consume builder
    records.append(record)
    payload += ProducerLane.payload(of: record)
  }

  /// Closes the filling batch, if there is one. Returns its bytes before compression.
  mutating func close(as identity: ProducerIdentity, using compressor: Compressor) throws(ClientError) -> Int {
    guard var builder = filling else { return 0 }
    filling = nil
    let plain = builder.plainSize
    let bytes = try ProducerLane.build(&builder, using: compressor)
    closed.append(
      Batch(
        records: records, baseSequence: identity.isNumbered ? nextSequence : -1, bytes: bytes, payload: payload,
        plain: plain))
    if identity.isNumbered {
      nextSequence = RecordBatchHeader.sequence(nextSequence, advancedBy: Int32(clamping: records.count))
    }
    records = []
    payload = 0
    return plain
  }

  /// Takes the first batch away: it has been acknowledged.
  mutating func removeFirst() -> Batch? { closed.isEmpty ? nil : closed.removeFirst() }

  /// Puts two halves in the first batch's place, with the sequences that its records had. Returns the bytes that the
  /// batches have grown by before compression, or nil where there is only one record.
  mutating func splitFirst(as identity: ProducerIdentity, codec: CompressionCodec, using compressor: Compressor)
    throws(ClientError) -> Int?
  {
    guard let whole = closed.first, whole.records.count > 1 else { return nil }
    let middle = whole.records.count / 2
    var halves: [Batch] = []
    for (start, part) in [(0, whole.records[..<middle]), (middle, whole.records[middle...])] {
      let sequence =
        identity.isNumbered
        ? RecordBatchHeader.sequence(whole.baseSequence, advancedBy: Int32(clamping: start)) : -1
      var builder = RecordBatchBuilder(identity.properties(baseSequence: sequence, codec: codec))
      for record in part { builder.append(record) }
      let plain = builder.plainSize
      halves.append(
        Batch(
          records: Array(part), baseSequence: sequence, bytes: try ProducerLane.build(&builder, using: compressor),
          payload: part.reduce(0) { $0 + ProducerLane.payload(of: $1) }, plain: plain))
    }
    closed.replaceSubrange(0..<1, with: halves)
    return halves.reduce(-whole.plain) { $0 + $1.plain }
  }

  private static func build(_ builder: inout RecordBatchBuilder, using compressor: Compressor) throws(ClientError)
    -> ByteSlice
  {
    do {
      return try builder.build(using: compressor)
    } catch {
      throw ClientError(.malformedAnswer, "a batch could not be compressed: \(error)")
    }
  }

  private static func payload(of record: Record) -> Int { (record.key?.count ?? 0) + (record.value?.count ?? 0) }
}

/// Who a producer is to brokers: the number and epoch that InitProducerId gave, or nobody.
struct ProducerIdentity: Equatable {
  var id: Int64 = -1
  var epoch: Int16 = -1

  /// Whether batches carry sequences.
  var isNumbered: Bool { id >= 0 }

  /// What a batch says about itself; the sequence is left out where there is no number.
  func properties(baseSequence: Int32, codec: CompressionCodec) -> RecordBatchBuilder.Properties {
    var properties = RecordBatchBuilder.Properties()
    properties.producerID = id
    properties.producerEpoch = epoch
    properties.baseSequence = isNumbered ? baseSequence : -1
    properties.codec = codec
    return properties
  }
}
