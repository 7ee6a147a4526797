import ByteCodec
import Compression
import Testing

@Suite("What was compressed comes back")
struct RoundTripTests {
  @Test("every codec, from nothing to many chunks", arguments: Samples.codecs)
  func sizes(_ codec: CompressionCodec) throws {
    for size in [0, 1, 59, 1000, 32_768, 65_535, 65_536, 65_537, 500_000] {
      for bytes in [Samples.text(size), Samples.noise(size)] {
        let compressed = try Samples.compressed(bytes, codec)
        #expect(try Samples.decompressed(compressed, codec) == bytes)
      }
    }
  }

  @Test("every level that Kafka names", arguments: Samples.codecs)
  func levels(_ codec: CompressionCodec) throws {
    let bytes = Samples.text(20_000)
    guard let levels = Compressor.levels(of: codec) else {
      #expect(codec == .snappy)
      return
    }
    let tried = levels.count > 40 ? Array(-5...levels.upperBound) + [levels.lowerBound] : Array(levels)
    for level in tried {
      #expect(try Samples.decompressed(Samples.compressed(bytes, codec, level: level), codec) == bytes)
    }
    #expect(throws: CompressionError.unsupported) {
      try Samples.compressed(bytes, codec, level: levels.upperBound + 1)
    }
    #expect(throws: CompressionError.unsupported) {
      try Samples.compressed(bytes, codec, level: levels.lowerBound - 3)
    }
  }

  @Test("a level changes the size, so it is really used")
  func levelMatters() throws {
    let bytes = Samples.text(100_000)
    for codec in [CompressionCodec.gzip, .lz4, .zstd] {
      let fast = try Samples.compressed(bytes, codec, level: 1).count
      let small = try Samples.compressed(bytes, codec, level: codec == .gzip ? 9 : 12).count
      #expect(small < fast)
    }
    #expect(try Samples.compressed(bytes, .gzip, level: -1) == Samples.compressed(bytes, .gzip, level: 6))
  }

  @Test("one decompressor takes input after input of any codec, also after a failure")
  func reuse() throws {
    let decompressor = Decompressor()
    let compressor = Compressor()
    for seed in 0..<200 as Range<UInt64> {
      var random = Seeded(seed)
      let codec = CompressionCodec.allCases[Int(random.next() % 5)]
      let bytes = Samples.text(Int(random.next() % 200_000), seed: seed)
      let compressed = try compressor.compress(ByteSlice(copying: bytes), codec: codec)
      if random.next() % 3 == 0, codec != .none {
        let cut = compressed.part(from: 0, count: Int(random.next() % UInt64(compressed.count)))
        _ = try? decompressor.decompress(cut, codec: codec)
      }
      if random.next() % 3 == 0 {
        try decompressor.begin(compressed, codec: codec, budget: .init())
        _ = try decompressor.next()
      }
      #expect(try decompressor.decompress(compressed, codec: codec).copy() == bytes)
    }
  }

  @Test("chunks are never empty and never larger than promised", arguments: Samples.codecs)
  func chunks(_ codec: CompressionCodec) throws {
    let bytes = Samples.text(300_000)
    let decompressor = Decompressor()
    let compressed = ByteSlice(copying: try Samples.compressed(bytes, codec))
    try decompressor.begin(compressed, codec: codec, budget: .init())
    var whole: [UInt8] = []
    var chunks = 0
    while let chunk = try decompressor.next() {
      #expect(!chunk.isEmpty && chunk.count <= Decompressor.chunkSize)
      whole += chunk.copy()
      chunks += 1
    }
    #expect(whole == bytes)
    #expect(chunks > 4)
    let afterTheEnd = try decompressor.next()
    #expect(afterTheEnd?.count == nil)
  }

  @Test("frames, members and streams may follow one another", arguments: Samples.codecs)
  func concatenated(_ codec: CompressionCodec) throws {
    let parts = [Samples.text(70_000), [], Samples.noise(100), Samples.text(10)]
    let compressed = try parts.flatMap { try Samples.compressed($0, codec) }
    #expect(try Samples.decompressed(compressed, codec) == parts.flatMap { $0 })
  }
}
