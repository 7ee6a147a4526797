import ByteCodec
import Compression
import RecordFormat
import Testing
import Units

@Suite("Headers and walks over batches")
struct HeaderTests {
  @Test("sequences wrap to 0 and are never negative")
  func sequences() {
    let most = Int32.max
    #expect(RecordBatchHeader.sequence(5, advancedBy: 3) == 8)
    #expect(RecordBatchHeader.sequence(most, advancedBy: 0) == most)
    #expect(RecordBatchHeader.sequence(most, advancedBy: 1) == 0)
    #expect(RecordBatchHeader.sequence(most - 1, advancedBy: 4) == 2)
    #expect(RecordBatchHeader.sequence(most, advancedBy: most) == most - 1)
  }

  @Test("a range ends at its last whole batch")
  func walk() throws {
    let batches = try (1...5).map { try Samples.batch(Samples.simple($0)).copy() }
    let whole = batches.flatMap { $0 }
    let ends = batches.indices.map { batches[...$0].reduce(0) { $0 + $1.count } }
    for length in 0...whole.count {
      var walk = RecordBatchWalk(ByteSlice(copying: Array(whole.prefix(length))))
      var counts: [Int32] = []
      while let batch = try walk.next() { counts.append(batch.header.recordCount) }
      let expected = ends.filter { $0 <= length }
      #expect(counts == (0..<expected.count).map { Int32($0 + 1) })
      #expect(walk.position == expected.last ?? 0)
    }
  }

  @Test("a length or magic that cannot be stops the walk")
  func badWalk() throws {
    let good = try Samples.batch(Samples.simple(2)).copy()
    for (place, value, failure) in [(16, 1, .unsupportedVersion), (8, 0xFF, .badLength)] as [(Int, UInt8, WireError)] {
      var bad = good
      bad[place] = value
      var walk = RecordBatchWalk(ByteSlice(copying: good + bad))
      #expect(try walk.next() != nil)
      #expect(throws: failure) { try walk.next() }
      #expect(walk.position == good.count)
    }
    var tiny = good
    tiny.replaceSubrange(8..<12, with: [0, 0, 0, 48])
    #expect(throws: WireError.badLength) { try RecordBatchView(ByteSlice(copying: tiny)) }
  }

  @Test("a header can be read anywhere in a range, and nowhere outside of it")
  func positions() throws {
    let slice = ByteSlice(copying: [1, 2, 3] + (try Samples.batch(Samples.simple(2)).copy()))
    #expect(try RecordBatchHeader(slice.bytes, at: 3).recordCount == 2)
    for place in [-1, slice.count - 5, slice.count, slice.count + 1, Int.max] {
      #expect(throws: WireError.truncated) { try RecordBatchHeader(slice.bytes, at: place) }
    }
  }

  @Test("attributes")
  func attributes() {
    #expect(BatchAttributes(rawValue: 5).codec == nil)
    #expect(BatchAttributes(rawValue: 0x7C).codec == .zstd)
    #expect(BatchAttributes(rawValue: 0x7C).isSuperset(of: [.transactional, .control, .logAppendTime, .deleteHorizon]))
    #expect(BatchAttributes(rawValue: 0x7C).with(.gzip).rawValue == 0x79)
  }
}
