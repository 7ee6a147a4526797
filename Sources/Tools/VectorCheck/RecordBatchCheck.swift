import ByteCodec
import Compression
import RecordFormat
import Units

/// Checks a vector that holds one record batch (message format v2).
package enum RecordBatchCheck {
  /// What is wrong with our reading or writing of the batch; nil when nothing is.
  package static func problem(with vector: JSONValue) -> String? {
    guard let hex = vector["hex"]?.string, let content = bytes(hexadecimal: hex),
      let given = vector["records"]?.array
    else { return "the line is not a record batch vector" }
    let batch: RecordBatchView
    let records: [RecordView]
    do {
      batch = try RecordBatchView(ByteSlice(copying: content))
      records = try self.records(of: batch)
    } catch {
      return "record batch cannot be decoded: \(error)"
    }
    guard batch.bytes.count == content.count else {
      return "the batch has \(batch.bytes.count) of \(content.count) bytes"
    }
    guard batch.checksumMatches else { return "the checksum is not that of the bytes" }
    return headerProblem(batch.header, vector) ?? recordsProblem(records, given) ?? rebuildProblem(batch, records)
      ?? truncationProblem(content)
  }

  private static func headerProblem(_ header: RecordBatchHeader, _ vector: JSONValue) -> String? {
    let own: [(name: String, value: JSONValue)] = [
      ("compression", .string(header.attributes.codec?.name ?? "unknown")),
      ("base_offset", .integer(header.baseOffset.value)),
      ("last_offset", .integer(header.lastOffset.value)),
      ("producer_id", .integer(header.producerID)),
      ("producer_epoch", .integer(Int64(header.producerEpoch))),
      ("base_sequence", .integer(Int64(header.baseSequence))),
      ("transactional", .bool(header.isTransactional)),
      ("control", .bool(header.isControl)),
      ("timestamp_type", .string(header.usesLogAppendTime ? "LogAppendTime" : "CreateTime")),
      ("max_timestamp", .integer(header.maxTimestamp.milliseconds)),
      ("partition_leader_epoch", .integer(Int64(header.partitionLeaderEpoch))),
      ("crc", .integer(Int64(header.checksum))),
    ]
    for field in own {
      guard let given = vector[field.name] else { return "the vector has no \(field.name)" }
      guard field.value == given else { return "\(field.name): \(field.value) where \(given) is given" }
    }
    return nil
  }

  /// Every record of the batch, decompressed.
  private static func records(of batch: RecordBatchView) throws(WireError) -> [RecordView] {
    var reader = try RecordReader(batch, scratch: Decompressor())
    var records: [RecordView] = []
    while let record = try reader.next() { records.append(record) }
    return records
  }

  private static func recordsProblem(_ records: [RecordView], _ given: [JSONValue]) -> String? {
    guard records.count == given.count else { return "\(records.count) records where \(given.count) are given" }
    for (index, (record, wanted)) in zip(records, given).enumerated() {
      let own: JSONValue
      do { own = try described(record) } catch { return "headers of record \(index): \(error)" }
      guard own == wanted else { return "record \(index): \(own) where \(wanted) is given" }
    }
    return nil
  }

  /// The record in the words of a vector.
  private static func described(_ record: RecordView) throws(WireError) -> JSONValue {
    func text(_ bytes: ByteSlice?) -> JSONValue { bytes.map { .string(hexadecimal($0.copy())) } ?? .null }
    var headers: [JSONValue] = []
    for header in try record.headers() {
      let key = String(decoding: header.key.copy(), as: UTF8.self)
      headers.append(.array([.string(key), text(header.value)]))
    }
    return .object([
      "offset": .integer(record.offset.value), "timestamp": .integer(record.timestamp.milliseconds),
      "key": text(record.key), "value": text(record.value), "headers": .array(headers),
    ])
  }

  /// A plain batch is built again byte by byte. One that is compressed, or whose own timestamps the append time hides,
  /// must at least hold the same records.
  private static func rebuildProblem(_ batch: RecordBatchView, _ records: [RecordView]) -> String? {
    var builder = RecordBatchBuilder(.init(keeping: batch.header))
    for record in records { builder.append(record) }
    do {
      let built = try RecordBatchView(try builder.build(using: Compressor()))
      guard built.checksumMatches else { return "built again, the checksum is wrong" }
      if batch.header.attributes.codec == CompressionCodec.none, !batch.header.usesLogAppendTime {
        return built.bytes.copy() == batch.bytes.copy() ? nil : "built again, the bytes differ"
      }
      var wanted: [JSONValue] = []
      for record in records { wanted.append(try described(record)) }
      return recordsProblem(try self.records(of: built), wanted).map { "built again: \($0)" }
    } catch {
      return "cannot be built again: \(error)"
    }
  }

  /// Every shorter prefix must be refused, never accepted.
  private static func truncationProblem(_ content: [UInt8]) -> String? {
    for length in 0..<content.count {
      do {
        _ = try records(of: try RecordBatchView(ByteSlice(copying: Array(content[..<length]))))
        return "accepted although cut to \(length) of \(content.count) bytes"
      } catch {
        continue
      }
    }
    return nil
  }
}
