import Compression
import Units

/// One pass over the records of a produced batch. Nothing is allocated unless a record is to blame.
struct RecordWalk {
  /// The record being looked at.
  private(set) var index: Int32 = 0
  private(set) var maxTimestamp: Int64 = -1
  private(set) var maxTimestampDelta: Int32 = -1
  /// Records that are well formed, but against the topic's rules.
  private(set) var errors: [RecordError] = []

  private let count: Int32
  private let baseTimestamp: Int64
  private let requiresKeys: Bool
  private let earliest: Int64
  private let latest: Int64

  init(_ header: RecordBatchHeader, rules: BatchRules) {
    count = header.recordCount
    baseTimestamp = header.baseTimestamp.milliseconds
    requiresKeys = rules.requiresKeys
    earliest = rules.timestamps?.lowerBound ?? Int64.min
    latest = rules.timestamps?.upperBound ?? Int64.max
  }

  /// Looks at all records of `source`, and that nothing follows them. Fails at the first that is malformed.
  @inline(__always)
  mutating func run<Source: RecordSource & ~Copyable>(_ source: inout Source) throws(RefusalReason) {
    while index < count {  // each turn takes at least eight bytes
      let timestamp = try record(&source)
      if timestamp > maxTimestamp {
        maxTimestamp = timestamp
        maxTimestampDelta = index
      }
      if timestamp != -1, timestamp < earliest || timestamp > latest { blame(.timestampOutOfRange) }
      index &+= 1
    }
    if errors.isEmpty || errors.count < BatchValidator.maximumRecordErrors { try source.finish() }
  }

  private mutating func blame(_ reason: RefusalReason) {
    guard errors.count < BatchValidator.maximumRecordErrors else { return }
    errors.append(RecordError(index: index, reason: reason))
  }

  /// Looks at one record (length, attributes, timestamp delta, offset delta, key, value, headers) and returns its
  /// timestamp.
  @inline(__always)
  private mutating func record<Source: RecordSource & ~Copyable>(_ source: inout Source) throws(RefusalReason) -> Int64
  {
    let length = try Varint.length(&source)
    guard length >= 0 else { throw .malformedRecord }
    try source.enter(Int(length))
    _ = try source.byte()
    let timestamp = baseTimestamp &+ (try Varint.int64(&source))
    guard try Varint.int32(&source) == index else { throw .badOffsetDelta }
    let hasKey = try field(&source)
    _ = try field(&source)
    var headers = try Varint.int32(&source)
    guard headers >= 0, Int(headers) <= source.left / 2 else { throw .malformedRecord }
    while headers > 0 {  // each turn takes at least two bytes
      guard try field(&source) else { throw .malformedRecord }
      _ = try field(&source)
      headers &-= 1
    }
    guard source.left == 0 else { throw .malformedRecord }
    if requiresKeys, !hasKey { blame(.missingKey) }
    return timestamp
  }

  /// Moves over a length (-1 is null) and as many bytes; whether it was not null.
  @inline(__always)
  private func field<Source: RecordSource & ~Copyable>(_ source: inout Source) throws(RefusalReason) -> Bool {
    let length = Int(try Varint.int32(&source))
    guard length >= -1, length <= source.left else { throw .malformedRecord }
    guard length > 0 else { return length == 0 }
    try source.skip(length)
    return true
  }
}

/// Zig-zag varints out of a record source. Most take one byte, so that case comes first.
enum Varint {
  @inline(__always)
  static func int32<Source: RecordSource & ~Copyable>(_ source: inout Source) throws(RefusalReason) -> Int32 {
    let first = try source.byte()
    guard first >= 0x80 else { return zigzag(UInt32(first)) }
    var value = UInt32(first & 0x7F)
    var shift: UInt32 = 7
    while true {
      let byte = try source.byte()
      if shift == 28, byte > 0x0F { throw .malformedRecord }
      value |= UInt32(byte & 0x7F) &<< shift
      guard byte >= 0x80 else { return zigzag(value) }
      shift &+= 7
    }
  }

  @inline(__always)
  static func int64<Source: RecordSource & ~Copyable>(_ source: inout Source) throws(RefusalReason) -> Int64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try source.byte()
      if shift == 63, byte > 0x01 { throw .malformedRecord }
      value |= UInt64(byte & 0x7F) &<< shift
      guard byte >= 0x80 else { return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
      shift &+= 7
    }
  }

  /// A record's length, which lies before the bytes it counts.
  @inline(__always)
  static func length<Source: RecordSource & ~Copyable>(_ source: inout Source) throws(RefusalReason) -> Int32 {
    var value: UInt32 = 0
    var shift: UInt32 = 0
    while true {
      let byte = try source.byteOfLength()
      if shift == 28, byte > 0x0F { throw .malformedRecord }
      value |= UInt32(byte & 0x7F) &<< shift
      guard byte >= 0x80 else { return zigzag(value) }
      shift &+= 7
    }
  }

  @inline(__always)
  private static func zigzag(_ raw: UInt32) -> Int32 { Int32(bitPattern: raw >> 1) ^ -Int32(bitPattern: raw & 1) }
}
