import ByteCodec
import Compression
import LogStore
import RecordFormat
import SimMachine
import Testing
import Units

@Suite struct BlockIndexTests {
  /// An index over random batches, and where each of them stands.
  private func sample(seed: UInt64) throws -> (
    index: BlockIndex, batches: [(base: Int64, next: Int64, position: Int64)]
  ) {
    var random = SeededRandom(seed: seed)
    var index = BlockIndex()
    var batches: [(Int64, Int64, Int64)] = []
    var next: Int64 = 100
    for _ in 0..<200 {
      let bytes = Forge.batch(records: Int32(1 + random.below(9)), payload: random.below(5_000))
      let header = try RecordBatchHeader(bytes.bytes)
      let position = index.end.value
      index.append(bytes, checksum: Checksum.crc32c(bytes), header: header, baseOffset: Offset(next))
      batches.append((next, next + Int64(header.lastOffsetDelta) + 1, position))
      next += Int64(header.lastOffsetDelta) + 1
    }
    return (index, batches)
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>) func lookupsAgreeWithASearchOfAllBatches(_ seed: UInt64) throws {
    let (index, batches) = try sample(seed: seed)
    for offset in 90...(batches.last?.next ?? 0) + 5 {
      let row = index.block(holding: Offset(offset))
      let batch = batches.first { $0.next > offset }
      #expect((row == nil) == (batch == nil))
      if let row, let batch {
        #expect(row.position.value <= batch.position)
        #expect(row.position.value + row.length.value > batch.position)
      }
    }
  }

  @Test func rowsLieCloseTogetherAndEndWithABatch() throws {
    let (index, batches) = try sample(seed: 9)
    var end: Int64 = 0
    for row in index.rows {
      #expect(row.position.value == end)
      #expect(row.length >= BlockIndex.blockSize)
      end += row.length.value
      #expect(batches.contains { $0.position == end } || end == index.end.value)
    }
    #expect(index.rows.count > 5)
  }

  @Test func aRowCountsOnlyWholeAndInItsOwnFile() throws {
    let (index, _) = try sample(seed: 4)
    let row = try #require(index.rows.first)
    let key = SegmentKey(partition: PartitionKey(topic: UniqueID(high: 0, low: 1), index: 0), base: Offset(100))
    var writer = ByteWriter()
    row.encode(to: &writer, of: key)
    let bytes = writer.takeArray()
    #expect(bytes.count == BlockIndex.Row.encodedSize)
    #expect(BlockIndex.Row(ByteSlice(copying: bytes), of: key) == row)
    let other = SegmentKey(partition: PartitionKey(topic: UniqueID(high: 0, low: 1), index: 1), base: Offset(100))
    #expect(BlockIndex.Row(ByteSlice(copying: bytes), of: other) == nil)
    for bit in 0..<bytes.count * 8 {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(BlockIndex.Row(ByteSlice(copying: damaged), of: key) == nil)
    }
  }

  @Test func checksumsOfPiecesGiveTheOneOfTheWhole() {
    var random = SeededRandom(seed: 3)
    let bytes = ByteSlice(copying: (0..<5_000).map { _ in UInt8(truncatingIfNeeded: random.next()) })
    for cut in [0, 1, 7, 64, 2_500, 4_999, 5_000] {
      let first = bytes.part(from: 0, count: cut), second = bytes.dropping(cut)
      #expect(
        Checksum.combined(Checksum.crc32c(first), Checksum.crc32c(second), secondCount: second.count)
          == Checksum.crc32c(bytes))
      #expect(
        Checksum.extended(Checksum.crc32c(first), by: second, known: Checksum.crc32c(second))
          == Checksum.crc32c(bytes))
    }
  }

  @Test(arguments: [10, 10_000, 1_000_000])
  func aBatchsOwnChecksumGivesThatOfAllItsBytes(valueBytes: Int) throws {
    var builder = RecordBatchBuilder()
    let value = (0..<valueBytes).map { UInt8(truncatingIfNeeded: $0 * 31) }
    builder.append(Record(timestamp: Timestamp(milliseconds: 5), key: nil, value: value))
    let batch = try builder.build(using: Compressor())
    BatchStamp.assign(batch, baseOffset: Offset(1_234_567), partitionLeaderEpoch: 77)
    #expect(BatchStamp.checksum(ofWhole: batch) == Checksum.crc32c(batch))
  }
}
