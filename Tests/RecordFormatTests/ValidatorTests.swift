import ByteCodec
import Compression
import RecordFormat
import Testing
import Units

@Suite("What is not stored")
struct ValidatorTests {
  /// A good batch of three records with `patch` applied and its checksum made to fit.
  private func patched(_ codec: CompressionCodec = .none, _ patch: (inout [UInt8]) -> Void) throws -> ByteSlice {
    var bytes = try Samples.batch(Samples.simple(3), Samples.properties(codec)).copy()
    patch(&bytes)
    return Samples.resealed(bytes)
  }

  private func expect(_ batch: ByteSlice, _ reason: RefusalReason, rules: BatchRules = .init()) {
    #expect(Samples.validate(batch, rules) == .refused(reason, recordErrors: []))
  }

  @Test("each rule of the header, for its own reason")
  func headerRules() throws {
    expect(.empty, .noBatch)
    expect(try patched { $0[16] = 1 }, .unsupportedMagic)
    expect(try patched { $0[16] = 3 }, .unsupportedMagic)
    expect(try patched { $0[8] = 0x80 }, .badLength)
    expect(try patched { $0[11] &+= 1 }, .badLength)
    expect(try patched { $0 += [0] }, .severalBatches)
    expect(try patched { $0 += $0 }, .severalBatches)
    expect(try patched { $0[60] = 0 }, .emptyBatch)
    expect(try patched { $0[57] = 0x80 }, .emptyBatch)
    expect(try patched { $0[60] = 4 }, .countMismatch)
    expect(try patched { $0[26] = 7 }, .countMismatch)
    expect(try patched { $0[22] |= 0x20 }, .controlBatch)
    expect(try patched { $0[22] |= 0x40 }, .deleteHorizon)
    expect(try patched { $0[22] |= 0x10 }, .missingProducerID)
    expect(try patched { $0.replaceSubrange(43..<51, with: [0, 0, 0, 0, 0, 0, 0, 9]) }, .missingSequence)
    expect(try patched { $0[22] |= 0x08 }, .appendTimeFromClient)
    for codec in 5...7 as ClosedRange<UInt8> { expect(try patched { $0[22] = codec }, .unsupportedCompression) }
    expect(try patched(.zstd) { _ in }, .unsupportedCompression, rules: BatchRules(allowsZstd: false))
    expect(try patched { _ in }, .batchTooLarge, rules: BatchRules(maximumBatchSize: 100))
    let good = try patched { _ in }
    let flipped = ByteSlice(copying: good.copy())
    flipped.stamp(good.copy()[20] ^ 1, at: 20)
    expect(flipped, .badChecksum)
  }

  @Test("each rule of a record names the record")
  func recordRules() throws {
    // The first record begins at 61: length, attributes, timestamp, offset, key length, "key0", value length, "value0",
    // header count, header key length, "h", header value length, one byte.
    func refused(_ reason: RefusalReason, _ index: Int32? = 0, _ patch: (inout [UInt8]) -> Void) throws {
      let errors = index.map { [RecordError(index: $0, reason: reason)] } ?? []
      #expect(Samples.validate(try patched(.none, patch)) == .refused(reason, recordErrors: errors))
    }
    try refused(.malformedRecord) { $0[61] = 1 }
    try refused(.malformedRecord) { $0[61] &-= 2 }
    try refused(.malformedRecord) { $0[61] &+= 2 }
    try refused(.malformedRecord) { $0.replaceSubrange(61..<66, with: [0xFF, 0xFF, 0xFF, 0xFF, 0x7F]) }
    try refused(.badOffsetDelta) { $0[64] = 2 }
    try refused(.malformedRecord) { $0[65] = 3 }
    try refused(.malformedRecord) { $0[65] = 0x7E }
    try refused(.malformedRecord) { $0[70] = 0x7E }
    try refused(.malformedRecord) { $0[77] = 1 }
    try refused(.malformedRecord) { $0[77] = 0x7E }
    try refused(.malformedRecord) { $0[78] = 1 }
    let size = try patched { _ in }.count
    try refused(.trailingBytes, nil) {
      $0 += [0]
      $0[11] = UInt8(size + 1 - 12)
    }
    try refused(.malformedRecord, 2) {
      $0.removeLast()
      $0[11] = UInt8(size - 1 - 12)
    }
    try refused(.malformedRecord, 3) {
      $0[60] = 4
      $0[26] = 3
    }
  }

  @Test("a count that lies is found in compressed records as well", arguments: CompressionCodec.allCases)
  func counts(_ codec: CompressionCodec) throws {
    let more = try patched(codec) {
      $0[60] = 4
      $0[26] = 3
    }
    #expect(
      Samples.validate(more)
        == .refused(.malformedRecord, recordErrors: [RecordError(index: 3, reason: .malformedRecord)]))
    let fewer = try patched(codec) {
      $0[60] = 2
      $0[26] = 1
    }
    #expect(Samples.validate(fewer) == .refused(.trailingBytes, recordErrors: []))
    guard case .valid = Samples.validate(more, BatchRules(walksRecords: false)) else {
      Issue.record("the header alone is good")
      return
    }
  }

  @Test("compacted topics take no record without a key", arguments: CompressionCodec.allCases)
  func keys(_ codec: CompressionCodec) throws {
    var records = Samples.simple(250)
    for at in stride(from: 10, to: 40, by: 10) { records[at].key = nil }
    let batch = try Samples.batch(records, Samples.properties(codec))
    let errors = [10, 20, 30].map { RecordError(index: $0, reason: .missingKey) }
    #expect(Samples.validate(batch, BatchRules(requiresKeys: true)) == .refused(.missingKey, recordErrors: errors))
    for at in records.indices { records[at].key = nil }
    let keyless = try Samples.batch(records, Samples.properties(codec))
    guard case .refused(.missingKey, let many) = Samples.validate(keyless, BatchRules(requiresKeys: true)) else {
      Issue.record("not refused")
      return
    }
    #expect(many.count == BatchValidator.maximumRecordErrors)
    guard case .valid = Samples.validate(keyless) else {
      Issue.record("refused without the rule")
      return
    }
  }

  @Test("timestamps outside the window are named; -1 passes; times weigh more than keys")
  func timestamps() throws {
    let now = Timestamp(milliseconds: Samples.start)
    let window = BatchRules.window(around: now, beforeMaxMs: 1000, afterMaxMs: 100)
    var records = Samples.simple(5)
    records[0].timestamp = Timestamp(milliseconds: Samples.start - 1000)
    records[1].timestamp = Timestamp(milliseconds: Samples.start + 100)
    records[2].timestamp = .none
    let rules = BatchRules(requiresKeys: true, timestamps: window)
    guard case .valid = Samples.validate(try Samples.batch(records), rules) else {
      Issue.record("refused at the window's edges")
      return
    }
    records[1].key = nil
    records[3].timestamp = Timestamp(milliseconds: Samples.start - 1001)
    records[4].timestamp = Timestamp(milliseconds: Samples.start + 101)
    let errors = [
      RecordError(index: 1, reason: .missingKey), RecordError(index: 3, reason: .timestampOutOfRange),
      RecordError(index: 4, reason: .timestampOutOfRange),
    ]
    #expect(
      Samples.validate(try Samples.batch(records), rules) == .refused(.timestampOutOfRange, recordErrors: errors))
    #expect(BatchRules.window(around: now, beforeMaxMs: Int64.max, afterMaxMs: Int64.max).upperBound == Int64.max)
    #expect(
      BatchRules.window(around: Timestamp(milliseconds: -5), beforeMaxMs: Int64.max, afterMaxMs: -1) == Int64.min...(-5)
    )
  }

  @Test("a wrong maximum is reported, so that it can be stamped")
  func wrongMaximum() throws {
    let batch = try patched { $0[42] &+= 1 }
    guard case .valid(let summary) = Samples.validate(batch) else {
      Issue.record("refused")
      return
    }
    #expect(summary.needsMaxTimestamp)
    #expect(summary.maxTimestamp == Timestamp(milliseconds: Samples.start + 2))
    #expect(summary.maxTimestampDelta == 2)
  }

  @Test("bombs are refused within the budget", arguments: [CompressionCodec.gzip, .snappy, .lz4, .zstd])
  func bombs(_ codec: CompressionCodec) throws {
    let zeros = Record(timestamp: .none, key: nil, value: [UInt8](repeating: 0, count: 8 << 20))
    let batch = try Samples.batch([zeros], Samples.properties(codec))
    let tight = BatchRules(maximumBatchSize: 1 << 20, decompression: DecompressionBudget(maximumOutput: 4 << 20))
    #expect(
      Samples.validate(batch, tight)
        == .refused(.expandsTooMuch, recordErrors: [RecordError(index: 0, reason: .expandsTooMuch)]))
    let wide = DecompressionBudget(maximumOutput: 16 << 20, maximumRatio: 100_000)
    guard case .valid = Samples.validate(batch, BatchRules(decompression: wide)) else {
      Issue.record("refused within a wide budget")
      return
    }
    #expect(throws: WireError.budgetExceeded) {
      try RecordReader(RecordBatchView(batch), scratch: Decompressor(), budget: tight.decompression)
    }
  }

  @Test("records that do not decompress are corrupt", arguments: [CompressionCodec.gzip, .snappy, .lz4, .zstd])
  func corruptCompression(_ codec: CompressionCodec) throws {
    let plain = try Samples.batch(Samples.simple(3)).copy()
    var mislabelled = plain
    mislabelled[22] = codec.rawValue
    #expect(
      Samples.validate(Samples.resealed(mislabelled))
        == .refused(.corruptCompression, recordErrors: [RecordError(index: 0, reason: .corruptCompression)]))
  }

  @Test("every reason has its answer")
  func kinds() {
    #expect(Set(RefusalReason.allCases.map(\.kind.rawValue)) == [2, 10, 32, 76, 87])
  }
}
