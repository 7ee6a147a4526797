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
  private let window: ClosedRange<Int64>

  init(_ header: RecordBatchHeader, rules: BatchRules) {
    count = header.recordCount
    baseTimestamp = header.baseTimestamp.milliseconds
    requiresKeys = rules.requiresKeys
    window = rules.timestamps ?? Int64.min...Int64.max
  }

  /// Looks at all records of `cursor`, and that nothing follows them. Fails at the first that is malformed.
  @inline(__always)
  mutating func run(from start: RecordCursor) throws(RefusalReason) {
    var cursor = start
    let (count, base, window, requiresKeys) = (count, baseTimestamp, window, requiresKeys)
    var (index, latest, latestDelta) = (index, maxTimestamp, maxTimestampDelta)  // locals stay in registers
    defer { (self.index, maxTimestamp, maxTimestampDelta) = (index, latest, latestDelta) }
    while index < count {  // each turn takes at least seven bytes
      let record = try RecordWalk.record(&cursor, index: index)
      let timestamp = base &+ record.timestampDelta
      if timestamp > latest { (latest, latestDelta) = (timestamp, index) }
      if timestamp < window.lowerBound || timestamp > window.upperBound, timestamp != -1 {
        blame(index, .timestampOutOfRange)
      }
      if requiresKeys, !record.hasKey { blame(index, .missingKey) }
      index &+= 1
    }
    try cursor.finish()
  }

  @inline(never)
  private mutating func blame(_ index: Int32, _ reason: RefusalReason) {
    guard errors.count < BatchValidator.maximumRecordErrors else { return }
    errors.append(RecordError(index: index, reason: reason))
  }

  /// Looks at one record: length, attributes, timestamp delta, offset delta, key, value, headers.
  @inline(__always)
  private static func record(_ cursor: inout RecordCursor, index: Int32)
    throws(RefusalReason) -> (timestampDelta: Int64, hasKey: Bool)
  {
    let length = try cursor.length()
    guard length >= 0 else { throw .malformedRecord }
    try cursor.enter(Int(length))
    _ = try cursor.byte()
    let timestampDelta = try cursor.int64()
    guard try cursor.int32() == index else { throw .badOffsetDelta }
    let hasKey = try cursor.field()
    _ = try cursor.field()
    var headers = try cursor.int32()
    guard headers >= 0, Int(headers) <= cursor.left / 2 else { throw .malformedRecord }
    while headers > 0 {  // each turn takes at least two bytes
      guard try cursor.field() else { throw .malformedRecord }
      _ = try cursor.field()
      headers &-= 1
    }
    guard cursor.left == 0 else { throw .malformedRecord }
    return (timestampDelta, hasKey)
  }
}
