import ByteCodec
import Compression
import RecordFormat
import Testing
import Units

@Suite("Batches of the broker's own")
struct BuilderTests {
  @Test(
    "a marker is a control batch that says how a transaction ended", arguments: [TransactionMarker.Kind.abort, .commit])
  func marker(_ kind: TransactionMarker.Kind) throws {
    let marker = TransactionMarker(kind, coordinatorEpoch: 5)
    let bytes = try marker.batch(
      at: Offset(77), partitionLeaderEpoch: 2, producerID: 9, producerEpoch: 4,
      timestamp: Timestamp(milliseconds: Samples.start))
    let batch = try RecordBatchView(bytes)
    #expect(batch.header.isControl && batch.header.isTransactional && batch.checksumMatches)
    #expect(batch.header.baseSequence == -1 && batch.header.lastSequence == -1)
    #expect(batch.header.lastOffset == Offset(77))
    var reader = try RecordReader(batch, scratch: Decompressor())
    let record = try #require(try reader.next())
    #expect(record.key?.copy() == [0, 0, 0, kind == .commit ? 1 : 0])
    #expect(record.value?.copy() == [0, 0, 0, 0, 0, 5])
    #expect(try TransactionMarker(record) == marker)
  }

  @Test("markers that Kafka wrote are read and written alike")
  func vectorMarkers() throws {
    let vectors = BatchVector.all.filter(\.control)
    #expect(!vectors.isEmpty)
    for vector in vectors {
      let batch = try RecordBatchView(ByteSlice(copying: vector.bytes))
      var reader = try RecordReader(batch, scratch: Decompressor())
      let record = try #require(try reader.next())
      let bytes = try TransactionMarker(record).batch(
        at: batch.header.baseOffset, partitionLeaderEpoch: batch.header.partitionLeaderEpoch,
        producerID: batch.header.producerID, producerEpoch: batch.header.producerEpoch, timestamp: record.timestamp)
      #expect(bytes.copy() == vector.bytes)
    }
  }

  @Test("a record of another kind is no marker")
  func notAMarker() throws {
    for (key, value) in [([0, 0, 0, 2], [0, 0, 0, 0, 0, 1]), ([0, 0, 0], [0]), ([0, 0, 0, 1], [0, 0])]
      as [([UInt8], [UInt8])]
    {
      let batch = try Samples.batch([Record(timestamp: .none, key: key, value: value)])
      var reader = try RecordReader(RecordBatchView(batch), scratch: Decompressor())
      let record = try #require(try reader.next())
      #expect(throws: WireError.self) { try TransactionMarker(record) }
    }
  }

  @Test("an emptied batch keeps its range and its producer", arguments: CompressionCodec.allCases)
  func emptied(_ codec: CompressionCodec) throws {
    var properties = Samples.properties(codec)
    properties.baseOffset = Offset(500)
    properties.producerID = 8
    properties.producerEpoch = 1
    properties.baseSequence = 2_147_483_646
    let full = try RecordBatchView(Samples.batch(Samples.simple(4), properties))
    let empty = try RecordBatchView(RecordBatchBuilder.emptyBatch(keeping: full.header))
    #expect(empty.checksumMatches)
    #expect(empty.header.totalSize == RecordBatchHeader.size)
    #expect(empty.header.recordCount == 0)
    #expect(empty.header.baseOffset == Offset(500) && empty.header.lastOffset == Offset(503))
    #expect(empty.header.lastSequence == full.header.lastSequence && empty.header.lastSequence == 1)
    #expect(empty.header.maxTimestamp == full.header.maxTimestamp)
    #expect(try Samples.read(empty.bytes).isEmpty)
    let looked = try empty.firstRecord(atOrAfter: Timestamp(milliseconds: 0), scratch: Decompressor())
    #expect(looked == nil)
    #expect(Samples.validate(empty.bytes) == .refused(.emptyBatch, recordErrors: []))
    #expect(
      try RecordBatchView(empty.recompressed(with: .zstd, compressor: Compressor(), scratch: Decompressor()))
        .header == empty.header)
  }

  @Test("compaction removes records, sets a horizon, and keeps offsets, times and headers")
  func compacted() throws {
    var properties = Samples.properties(.lz4)
    properties.baseOffset = Offset(100)
    let full = try RecordBatchView(Samples.batch(Samples.simple(10), properties))
    var kept = RecordBatchBuilder.Properties(keeping: full.header)
    kept.deleteHorizon = Timestamp(milliseconds: Samples.start + 86_400_000)
    var builder = RecordBatchBuilder(kept)
    var reader = try RecordReader(full, scratch: Decompressor())
    while let record = try reader.next() {
      if record.offset.value % 3 == 0 { builder.append(record) }
    }
    let batch = try RecordBatchView(builder.build(using: Compressor()))
    #expect(batch.header.deleteHorizon == Timestamp(milliseconds: Samples.start + 86_400_000))
    #expect(batch.header.lastOffset == Offset(109) && batch.header.recordCount == 3)
    #expect(try Samples.read(batch.bytes) == Samples.read(full.bytes).filter { $0.offset % 3 == 0 })
  }

  @Test("offsets that descend, or leave the range, are refused")
  func badOffsets() {
    func build(_ offsets: [Int64], lastOffset: Int64? = nil) throws -> ByteSlice {
      var properties = RecordBatchBuilder.Properties()
      properties.baseOffset = Offset(10)
      properties.lastOffset = lastOffset.map { Offset($0) }
      var builder = RecordBatchBuilder(properties)
      for offset in offsets { builder.append(Samples.simple(1)[0], at: Offset(offset)) }
      return try builder.build(using: Compressor())
    }
    #expect(throws: Never.self) { try build([10, 12], lastOffset: 15) }
    #expect(throws: CompressionError.tooLarge) { try build([12, 12]) }
    #expect(throws: CompressionError.tooLarge) { try build([9]) }
    #expect(throws: CompressionError.tooLarge) { try build([10, 12], lastOffset: 11) }
    #expect(throws: CompressionError.tooLarge) { try build([10 + Int64(Int32.max) + 1]) }
    #expect(throws: CompressionError.tooLarge) { try build([Int64.max], lastOffset: Int64.min) }
  }

  @Test("stamps change what they should, and the checksum with it")
  func stamps() throws {
    let before = try Samples.batch(Samples.simple(3))
    let original = try RecordBatchView(before).header
    let bytes = ByteSlice(copying: before.copy())
    BatchStamp.assign(bytes, baseOffset: Offset(1 << 40), partitionLeaderEpoch: 12)
    let assigned = try RecordBatchView(bytes)
    #expect(assigned.checksumMatches && assigned.header.checksum == original.checksum)
    #expect(assigned.header.baseOffset == Offset(1 << 40) && assigned.header.partitionLeaderEpoch == 12)
    BatchStamp.setMaxTimestamp(bytes, to: Timestamp(milliseconds: 5))
    #expect(try RecordBatchView(bytes).checksumMatches)
    #expect(try RecordBatchView(bytes).header.maxTimestamp == Timestamp(milliseconds: 5))
    #expect(try !RecordBatchView(bytes).header.usesLogAppendTime)
    BatchStamp.setAppendTime(bytes, to: Timestamp(milliseconds: 99))
    let stamped = try RecordBatchView(bytes)
    #expect(stamped.checksumMatches && stamped.header.usesLogAppendTime)
    #expect(try Samples.read(bytes).map(\.timestamp) == [99, 99, 99])
    #expect(stamped.header.baseTimestamp == original.baseTimestamp)
    let short = ByteSlice(copying: [1, 2, 3])
    BatchStamp.assign(short, baseOffset: Offset(1), partitionLeaderEpoch: 1)
    BatchStamp.setAppendTime(short, to: .none)
    #expect(short.copy() == [1, 2, 3])
  }
}
