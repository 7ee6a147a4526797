import ByteCodec
import Compression
import Testing

@Suite("Hostile compressed input")
struct HostileInputTests {
  /// What a decompressor hands out before it refuses, and why it does.
  private func pull(_ bytes: [UInt8], _ codec: CompressionCodec, budget: DecompressionBudget) -> (
    Int, CompressionError?
  ) {
    let decompressor = Decompressor()
    var handedOut = 0
    do throws(CompressionError) {
      try decompressor.begin(ByteSlice(copying: bytes), codec: codec, budget: budget)
      while let chunk = try decompressor.next() { handedOut += chunk.count }
      return (handedOut, nil)
    } catch {
      return (handedOut, error)
    }
  }

  @Test("a bomb is refused within the absolute limit", arguments: Samples.codecs)
  func absoluteLimit(_ codec: CompressionCodec) throws {
    let bomb = try Samples.compressed([UInt8](repeating: 0, count: 32 << 20), codec)
    let limit = 1 << 20
    let budget = DecompressionBudget(maximumOutput: limit, maximumRatio: 1 << 20, ratioFloor: 1 << 30)
    let (handedOut, error) = pull(bomb, codec, budget: budget)
    #expect(error == .tooLarge)
    #expect(handedOut <= limit)
    #expect(throws: CompressionError.tooLarge) { try Samples.decompressed(bomb, codec, budget: budget) }
  }

  @Test("a bomb is refused for its ratio, a small regular input is not", arguments: Samples.codecs)
  func ratioLimit(_ codec: CompressionCodec) throws {
    let budget = DecompressionBudget(maximumOutput: 1 << 30, maximumRatio: 10, ratioFloor: 256 << 10)
    let bomb = try Samples.compressed([UInt8](repeating: 0, count: 16 << 20), codec)
    let (handedOut, error) = pull(bomb, codec, budget: budget)
    #expect(error == .tooLarge)
    #expect(handedOut <= budget.allowance(forInput: bomb.count))
    let small = [UInt8](repeating: 0, count: 256 << 10)
    #expect(try Samples.decompressed(Samples.compressed(small, codec), codec, budget: budget) == small)
  }

  @Test("the default budget stops the bombs that are sold as such", arguments: [CompressionCodec.gzip, .zstd])
  func defaultBudget(_ codec: CompressionCodec) throws {
    let bomb = try Samples.compressed([UInt8](repeating: 0, count: 96 << 20), codec)
    #expect(pull(bomb, codec, budget: .init()).1 == .tooLarge)
  }

  @Test("uncompressed input obeys the limit as well")
  func uncompressedLimit() {
    let budget = DecompressionBudget(maximumOutput: 99)
    #expect(pull([UInt8](repeating: 1, count: 100), .none, budget: budget).1 == .tooLarge)
    #expect(pull([UInt8](repeating: 1, count: 99), .none, budget: budget) == (99, nil))
  }

  @Test("the allowance neither overflows nor falls below the floor")
  func allowance() {
    let budget = DecompressionBudget(maximumOutput: 1000, maximumRatio: Int.max, ratioFloor: 10)
    #expect(budget.allowance(forInput: 2) == 1000)
    #expect(DecompressionBudget(maximumOutput: 1000, maximumRatio: 2, ratioFloor: 10).allowance(forInput: 3) == 10)
    #expect(DecompressionBudget(maximumOutput: 1000, maximumRatio: 2, ratioFloor: 10).allowance(forInput: 30) == 60)
  }

  @Test("cut anywhere, an input is corrupt", arguments: Samples.codecs)
  func truncations(_ codec: CompressionCodec) throws {
    let bytes = Samples.text(300)
    let compressed = try Samples.compressed(bytes, codec)
    for length in 0..<compressed.count {
      let cut = Array(compressed.prefix(length))
      // A Snappy stream without any block yet is a whole one.
      if codec == .snappy, length == 16 {
        #expect(try Samples.decompressed(cut, codec).isEmpty)
      } else {
        #expect(throws: CompressionError.corrupt) { try Samples.decompressed(cut, codec) }
      }
    }
  }

  @Test("bytes after the end are corrupt", arguments: Samples.codecs)
  func trailingGarbage(_ codec: CompressionCodec) throws {
    let compressed = try Samples.compressed(Samples.text(300), codec)
    for garbage: [UInt8] in [[0], [0x1F], [0xFF, 0xFF, 0xFF, 0xFF], Samples.noise(40)] {
      #expect(throws: CompressionError.corrupt) { try Samples.decompressed(compressed + garbage, codec) }
    }
  }

  @Test("damaged and random input is refused or read, within the budget", arguments: Samples.codecs)
  func damage(_ codec: CompressionCodec) throws {
    let compressed = try Samples.compressed(Samples.text(2000), codec)
    let budget = DecompressionBudget(maximumOutput: 1 << 20)
    for place in compressed.indices {
      for flip: UInt8 in [0x01, 0x80, 0xFF] {
        var damaged = compressed
        damaged[place] ^= flip
        #expect(pull(damaged, codec, budget: budget).0 <= 1 << 20)
      }
    }
    for seed in 0..<300 as Range<UInt64> {
      let start = seed % 2 == 0 ? Array(compressed.prefix(20)) : []
      let noise = start + Samples.noise(Int(seed), seed: seed)
      #expect(pull(noise, codec, budget: budget).0 <= 1 << 20)
    }
  }

  @Test("a zstd frame may not demand a larger window than is allowed")
  func zstdWindow() throws {
    let bytes = Samples.noise(1 << 20)
    let frame = ByteSlice(copying: try Samples.compressed(bytes, .zstd, level: 19))
    #expect(throws: CompressionError.corrupt) { try Decompressor(zstdWindowLog: 17).decompress(frame, codec: .zstd) }
    #expect(try Decompressor(zstdWindowLog: 21).decompress(frame, codec: .zstd).copy() == bytes)
  }
}
