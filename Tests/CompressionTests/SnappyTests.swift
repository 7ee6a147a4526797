import Compression
import Testing

@Suite("Snappy, framed and raw")
struct SnappyTests {
  private let hello = Array("hello".utf8)
  private let world = Array(" world".utf8)

  @Test("a raw block, as librdkafka and sarama send it")
  func raw() throws {
    #expect(try Samples.decompressed(Samples.rawSnappy(hello), .snappy) == hello)
    #expect(try Samples.decompressed([0], .snappy).isEmpty)
  }

  @Test("framed blocks, whatever the version bytes say")
  func framed() throws {
    let blocks = [Samples.rawSnappy(hello), Samples.rawSnappy(world)]
    for versions: [UInt8] in [[0, 0, 0, 1, 0, 0, 0, 1], [1, 0, 0, 0, 1, 0, 0, 0], [9, 9, 9, 9, 0xFF, 0, 0, 0]] {
      let stream = Samples.framedSnappy(blocks, versions: versions)
      #expect(try Samples.decompressed(stream, .snappy) == hello + world)
      #expect(try Samples.decompressed(stream + stream, .snappy) == hello + world + hello + world)
    }
  }

  @Test("what is written has the Java library's framing")
  func writtenFraming() throws {
    let written = try Samples.compressed(Samples.text(100_000), .snappy)
    #expect(Array(written.prefix(16)) == Samples.framedSnappy([]))
  }

  @Test(
    "block lengths that cannot be are refused before anything is allocated",
    arguments: [
      [0x7F, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0xFF], [0x80, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 8],
    ] as [[UInt8]])
  func blockLength(_ length: [UInt8]) {
    let stream = Samples.framedSnappy([]) + length + Samples.rawSnappy(hello)
    #expect(throws: CompressionError.corrupt) { try Samples.decompressed(stream, .snappy) }
  }

  @Test("a block that claims more than its bytes could hold is refused")
  func claimedSize() {
    let fourGigabytes: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0x00, 0x61]
    #expect(throws: CompressionError.corrupt) { try Samples.decompressed(fourGigabytes, .snappy) }
    #expect(throws: CompressionError.corrupt) {
      try Samples.decompressed(Samples.framedSnappy([fourGigabytes]), .snappy)
    }
  }
}
