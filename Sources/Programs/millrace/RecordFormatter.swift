import ByteCodec
import RecordFormat
import Terminal
import Units

/// How a record is written out.
struct RecordFormatter {
  private let topic: [UInt8]
  private let isJSON: Bool
  private let keySeparator: [UInt8]?

  init(_ given: Arguments, topic: String) throws(UsageError) {
    let format = try given.choice("format", of: ["text", "json"])
    isJSON = format == "json" || given.has("json")
    if format == "text", given.has("json") { throw UsageError("--json and --format text contradict each other") }
    keySeparator = given.text("key-separator").map { Array(RecordShape.unescaped($0).utf8) }
    if isJSON, keySeparator != nil { throw UsageError("--key-separator is for --format text") }
    var quoted: [UInt8] = []
    JSONText.append(string: topic.utf8, to: &quoted)
    self.topic = quoted
  }

  /// Adds the record's line to `bytes`.
  func write(_ record: RecordView, partition: Int32, to bytes: inout [UInt8]) {
    if isJSON {
      writeJSON(record, partition: partition, to: &bytes)
    } else {
      if let keySeparator {
        if let key = record.key { key.withUnsafeBytes { bytes += $0 } }
        bytes += keySeparator
      }
      if let value = record.value { value.withUnsafeBytes { bytes += $0 } }
    }
    bytes.append(UInt8(ascii: "\n"))
  }

  private func writeJSON(_ record: RecordView, partition: Int32, to bytes: inout [UInt8]) {
    bytes += "{\"topic\":".utf8
    bytes += topic
    bytes += ",\"partition\":\(partition),\"offset\":\(record.offset.value),\"timestamp\":".utf8
    let time = record.timestamp
    bytes += (time.milliseconds < 0 ? "null" : "\"\(TimeText.iso(time.milliseconds))\"").utf8
    bytes.append(UInt8(ascii: ","))
    Self.write("key", record.key, to: &bytes)
    bytes.append(UInt8(ascii: ","))
    Self.write("value", record.value, to: &bytes)
    bytes += ",\"headers\":[".utf8
    for (place, header) in headers(of: record).enumerated() {
      bytes += (place > 0 ? ",{" : "{").utf8
      Self.write("key", header.key, to: &bytes)
      bytes.append(UInt8(ascii: ","))
      Self.write("value", header.value, to: &bytes)
      bytes.append(UInt8(ascii: "}"))
    }
    bytes += "]}".utf8
  }

  /// The reader of the batch has checked the headers: they can be read.
  private func headers(of record: RecordView) -> [RecordHeader] {
    guard record.headerCount > 0 else { return [] }
    do { return try record.headers() } catch { return [] }
  }

  private static func write(_ name: String, _ value: ByteSlice?, to bytes: inout [UInt8]) {
    guard let value else { return JSONText.append(member: name, bytes: nil, to: &bytes) }
    value.withUnsafeBytes { JSONText.append(member: name, bytes: $0, to: &bytes) }
  }
}
