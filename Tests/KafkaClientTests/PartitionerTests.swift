import ByteCodec
import KafkaClient
import Testing

@Suite struct PartitionerTests {
  /// Values that the Java client computes.
  @Test(
    arguments: [
      ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
      ("a-little-bit-longer-string", -1_486_304_829),
      ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971), ("abc", 479_470_107),
    ] as [(String, Int32)])
  func hashesAsJavaDoes(text: String, hash: Int32) {
    #expect(Partitioner.murmur2(ByteSlice(copying: Array(text.utf8))) == hash)
  }

  @Test func partitionsAreWithinTheirCount() {
    for number in 0..<500 {
      let key = ByteSlice(copying: Array("key \(number)".utf8))
      #expect((0..<7).contains(Partitioner.partition(forKey: key, of: 7)))
      #expect(Partitioner.partition(forKey: key, of: 1) == 0)
    }
  }

  @Test func anEmptyKeyHasAPartition() {
    #expect((0..<3).contains(Partitioner.partition(forKey: .empty, of: 3)))
  }
}
