import ByteCodec
import Compression
import RecordFormat
import Testing
import Units

@Suite("Reading and building")
struct ReadingTests {
  @Test("the reader finds what Kafka wrote", arguments: BatchVector.all.indices)
  func readsVectors(_ index: Int) throws {
    let vector = BatchVector.all[index]
    #expect(try Samples.read(ByteSlice(copying: vector.bytes)) == vector.records.map { PlainRecord($0) })
  }

  @Test("the builder writes the same bytes as Kafka, where nothing is compressed", arguments: BatchVector.all.indices)
  func buildsVectors(_ index: Int) throws {
    let vector = BatchVector.all[index]
    let batch = try RecordBatchView(ByteSlice(copying: vector.bytes))
    guard vector.compression == "none", !batch.header.usesLogAppendTime else { return }
    var builder = RecordBatchBuilder(.init(keeping: batch.header))
    var reader = try RecordReader(batch, scratch: Decompressor())
    while let record = try reader.next() { builder.append(record) }
    #expect(try builder.build(using: Compressor()).copy() == vector.bytes)
  }

  @Test("recompression keeps everything but the codec", arguments: BatchVector.all.indices)
  func recompresses(_ index: Int) throws {
    let batch = try RecordBatchView(ByteSlice(copying: BatchVector.all[index].bytes))
    for codec in CompressionCodec.allCases {
      let bytes = try batch.recompressed(with: codec, compressor: Compressor(), scratch: Decompressor())
      let again = try RecordBatchView(bytes)
      #expect(again.checksumMatches)
      #expect(try Samples.read(bytes) == Samples.read(batch.bytes))
      var header = again.header
      #expect(header.attributes.codec == codec)
      header.attributes = batch.header.attributes
      header.batchLength = batch.header.batchLength
      header.checksum = batch.header.checksum
      #expect(header == batch.header)
    }
  }

  @Test("built, found valid, read again", arguments: 0..<60 as Range<UInt64>)
  func roundTrips(_ seed: UInt64) throws {
    var random = Seeded(seed)
    let records = Samples.records(&random, count: 1 + random.below(120))
    var properties = Samples.properties(CompressionCodec.allCases[Int(seed % 5)])
    properties.baseOffset = Offset(Int64(random.below(1 << 40)))
    properties.producerID = random.below(2) == 0 ? -1 : 7
    properties.producerEpoch = properties.producerID < 0 ? -1 : 3
    properties.baseSequence = properties.producerID < 0 ? -1 : 2_147_483_640
    properties.isTransactional = properties.producerID > 0 && random.below(2) == 0
    let batch = try Samples.batch(records, properties)
    let expected = records.indices.map { PlainRecord(records[$0], at: properties.baseOffset.value + Int64($0)) }
    #expect(try Samples.read(batch) == expected)
    guard case .valid(let summary) = Samples.validate(batch) else {
      Issue.record("refused: \(Samples.validate(batch))")
      return
    }
    let latest = records.map(\.timestamp.milliseconds).max() ?? -1
    let first = records.firstIndex { $0.timestamp.milliseconds == latest } ?? -1
    #expect(summary.maxTimestamp.milliseconds == latest)
    #expect(summary.maxTimestampDelta == (latest == -1 ? -1 : Int32(first)))
    #expect(!summary.needsMaxTimestamp)
    #expect(summary.header.isTransactional == properties.isTransactional)
  }

  @Test("look-ups agree with a search through all records", arguments: 0..<40 as Range<UInt64>)
  func lookups(_ seed: UInt64) throws {
    var random = Seeded(seed)
    var properties = Samples.properties(CompressionCodec.allCases[Int(seed % 5)])
    properties.baseOffset = Offset(1000)
    if seed % 7 == 0 { properties.logAppendTime = Timestamp(milliseconds: Samples.start) }
    let bytes = try Samples.batch(Samples.records(&random, count: 1 + random.below(60)), properties)
    let batch = try RecordBatchView(bytes)
    let records = try Samples.read(bytes)
    for _ in 0..<20 {
      let wanted = Samples.start + Int64(random.below(110_000)) - 55_000
      let from = Int64(1000 + random.below(70))
      let expected = records.first { $0.timestamp >= wanted && $0.offset >= from }
      let found = try batch.firstRecord(
        atOrAfter: Timestamp(milliseconds: wanted), from: Offset(from), scratch: Decompressor())
      #expect(found?.offset.value == expected?.offset)
      #expect(found?.timestamp.milliseconds == expected?.timestamp)
    }
    let latest = try batch.latestRecord(scratch: Decompressor())
    let latestTime = records.map(\.timestamp).max() ?? -1
    let expected = latestTime < 0 ? nil : records.first { $0.timestamp == latestTime }
    #expect(latest?.offset.value == expected?.offset)
  }
}
