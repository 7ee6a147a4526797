import ByteCodec
import Compression
import RecordFormat
import Units

/// A seeded source of numbers (SplitMix64).
struct Seeded: RandomNumberGenerator {
  var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(bound, 1))) }

  mutating func bytes(atMost bound: Int) -> [UInt8] {
    (0..<below(bound + 1)).map { _ in UInt8(truncatingIfNeeded: next() % 7) }
  }
}

/// A record in comparable form.
struct PlainRecord: Equatable {
  var offset: Int64
  var timestamp: Int64
  var key: [UInt8]?
  var value: [UInt8]?
  var headerKeys: [[UInt8]]
  var headerValues: [[UInt8]?]

  init(_ view: RecordView) throws {
    offset = view.offset.value
    timestamp = view.timestamp.milliseconds
    key = view.key?.copy()
    value = view.value?.copy()
    let headers = try view.headers()
    headerKeys = headers.map { $0.key.copy() }
    headerValues = headers.map { $0.value?.copy() }
  }

  init(_ record: Record, at offset: Int64) {
    self.offset = offset
    timestamp = record.timestamp.milliseconds
    key = record.key?.copy()
    value = record.value?.copy()
    headerKeys = record.headers.map { $0.key.copy() }
    headerValues = record.headers.map { $0.value?.copy() }
  }

  init(_ record: BatchVector.Record) {
    offset = record.offset
    timestamp = record.timestamp
    key = record.key.map { BatchVector.bytes($0) }
    value = record.value.map { BatchVector.bytes($0) }
    headerKeys = record.headers.map { Array(($0[0] ?? "").utf8) }
    headerValues = record.headers.map { pair in pair[1].map { BatchVector.bytes($0) } }
  }
}

enum Samples {
  static let start: Int64 = 1_700_000_000_000

  static func records(_ random: inout Seeded, count: Int) -> [Record] {
    (0..<count).map { _ in
      let headers = (0..<random.below(4)).map { at in
        RecordHeader(key: "header\(at)", value: random.below(3) == 0 ? nil : random.bytes(atMost: 80))
      }
      let stamp = random.below(10) == 0 ? -1 : start + Int64(random.below(100_000)) - 50_000
      return Record(
        timestamp: Timestamp(milliseconds: stamp), key: random.below(3) == 0 ? nil : random.bytes(atMost: 40),
        value: random.below(8) == 0 ? nil : random.bytes(atMost: random.below(5) == 0 ? 9000 : 200), headers: headers)
    }
  }

  static func batch(_ records: [Record], _ properties: RecordBatchBuilder.Properties = .init()) throws -> ByteSlice {
    var builder = RecordBatchBuilder(properties)
    for record in records { builder.append(record) }
    return try builder.build(using: Compressor())
  }

  static func properties(_ codec: CompressionCodec) -> RecordBatchBuilder.Properties {
    var properties = RecordBatchBuilder.Properties()
    properties.codec = codec
    return properties
  }

  /// `count` records with a key, a value and one header, one millisecond apart.
  static func simple(_ count: Int) -> [Record] {
    (0..<count).map { at in
      Record(
        timestamp: Timestamp(milliseconds: start + Int64(at)), key: Array("key\(at)".utf8),
        value: Array("value\(at)".utf8), headers: [RecordHeader(key: "h", value: [UInt8(at % 256)])])
    }
  }

  static func read(_ batch: ByteSlice) throws -> [PlainRecord] {
    var reader = try RecordReader(RecordBatchView(batch), scratch: Decompressor())
    var records: [PlainRecord] = []
    while let record = try reader.next() { records.append(try PlainRecord(record)) }
    return records
  }

  static func validate(_ batch: ByteSlice, _ rules: BatchRules = .init()) -> ValidationOutcome {
    BatchValidator.validate(batch, rules: rules, scratch: Decompressor())
  }

  /// `batch` with a checksum that fits its bytes.
  static func resealed(_ batch: [UInt8]) -> ByteSlice {
    let slice = ByteSlice(copying: batch)
    slice.stamp(Checksum.crc32c(slice.dropping(RecordBatchHeader.Layout.attributes)), at: 17)
    return slice
  }
}
