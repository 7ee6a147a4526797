import ByteCodec
import Compression
import RecordFormat
import Testing
import Units

@Suite("Damaged batches")
struct DamageTests {
  /// Small batches of every codec, and a few that Kafka wrote.
  static let batches: [[UInt8]] = {
    let built = CompressionCodec.allCases.compactMap { codec in
      try? Samples.batch(Samples.simple(4), Samples.properties(codec)).copy()
    }
    let written = BatchVector.all.prefix(22).filter { !$0.control && $0.timestamp_type == "CreateTime" }
    return built + written.map(\.bytes)
  }()

  @Test("cut anywhere, a batch is refused", arguments: batches.indices)
  func truncations(_ index: Int) {
    let batch = DamageTests.batches[index]
    for length in 0..<batch.count {
      guard case .refused = Samples.validate(ByteSlice(copying: Array(batch.prefix(length)))) else {
        Issue.record("stored \(length) of \(batch.count) bytes")
        return
      }
    }
  }

  @Test("with any bit flipped, a batch is refused or has the same records", arguments: batches.indices)
  func flips(_ index: Int) throws {
    let batch = DamageTests.batches[index]
    let before = try Samples.read(ByteSlice(copying: batch))
    for place in batch.indices {
      for bit in 0..<8 {
        var damaged = batch
        damaged[place] ^= 1 << bit
        guard case .valid = Samples.validate(ByteSlice(copying: damaged)) else { continue }
        // Base offset and leader epoch are the broker's, which the checksum does not cover.
        #expect(place < 8 || (12..<16).contains(place))
        #expect(try Samples.read(ByteSlice(copying: damaged)).map(\.value) == before.map(\.value))
      }
    }
  }

  @Test("damage behind a fitting checksum never traps, and what is found valid can be read", arguments: batches.indices)
  func resealed(_ index: Int) throws {
    let batch = DamageTests.batches[index]
    for place in batch.indices {
      for flip in [0x01, 0x02, 0x40, 0x80, 0xFF] as [UInt8] {
        var damaged = batch
        damaged[place] ^= flip
        let slice = Samples.resealed(damaged)
        if case .valid(let summary) = Samples.validate(slice) {
          #expect(try Samples.read(slice).count == Int(summary.header.recordCount))
        } else {
          _ = try? Samples.read(slice)
        }
      }
    }
  }

  @Test("plain and streamed records are judged alike", arguments: 0..<400 as Range<UInt64>)
  func sameVerdict(_ seed: UInt64) throws {
    var random = Seeded(seed)
    let plain = try Samples.batch(Samples.records(&random, count: 1 + random.below(20))).copy()
    var records = Array(plain.dropFirst(RecordBatchHeader.size))
    for _ in 0..<1 + random.below(3) { records[random.below(records.count)] ^= UInt8(1 << random.below(8)) }
    let damaged = try RecordBatchView(Samples.resealed(Array(plain.prefix(RecordBatchHeader.size)) + records))
    let verdict = Samples.validate(damaged.bytes)
    for codec in CompressionCodec.allCases {
      let bytes = try damaged.recompressed(with: codec, compressor: Compressor(), scratch: Decompressor())
      let other = Samples.validate(bytes)
      switch (verdict, other) {
      case (.valid(let a), .valid(let b)):
        #expect(a.maxTimestamp == b.maxTimestamp && a.maxTimestampDelta == b.maxTimestampDelta)
        #expect(try Samples.read(bytes).count == Int(a.header.recordCount))
      default: #expect(verdict == other)
      }
    }
  }

  @Test("noise behind a good header never traps", arguments: 0..<300 as Range<UInt64>)
  func noise(_ seed: UInt64) throws {
    var random = Seeded(seed)
    let header = try Samples.batch(Samples.simple(1 + random.below(5))).copy().prefix(RecordBatchHeader.size)
    var bytes = Array(header) + (0..<random.below(300)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let length = UInt16(bytes.count - RecordBatchHeader.uncountedSize)
    bytes[10] = UInt8(length >> 8)
    bytes[11] = UInt8(length & 0xFF)
    bytes[22] = UInt8(random.below(5))
    guard case .refused = Samples.validate(Samples.resealed(bytes)) else {
      Issue.record("noise was stored")
      return
    }
    #expect(throws: (any Error).self) { try Samples.read(Samples.resealed(bytes)) }
  }
}
