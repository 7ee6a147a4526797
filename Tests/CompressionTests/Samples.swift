import ByteCodec
import Compression

/// A seeded source of bytes (SplitMix64).
struct Seeded: RandomNumberGenerator {
  var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

enum Samples {
  static let codecs: [CompressionCodec] = [.gzip, .snappy, .lz4, .zstd]

  /// Bytes that compress about as well as text does.
  static func text(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var random = Seeded(seed)
    let words = ["offset", "topic", "partition", "7", "record", "{}", "key=", "\n"].map { Array($0.utf8) }
    var bytes: [UInt8] = []
    while bytes.count < count { bytes += words[Int(random.next() % UInt64(words.count))] }
    return Array(bytes.prefix(count))
  }

  static func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var random = Seeded(seed)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  static func compressed(_ bytes: [UInt8], _ codec: CompressionCodec, level: Int32? = nil) throws -> [UInt8] {
    try Compressor().compress(ByteSlice(copying: bytes), codec: codec, level: level).copy()
  }

  static func decompressed(_ bytes: [UInt8], _ codec: CompressionCodec, budget: DecompressionBudget = .init())
    throws(CompressionError) -> [UInt8]
  {
    try Decompressor().decompress(ByteSlice(copying: bytes), codec: codec, budget: budget).copy()
  }

  /// One raw Snappy block that holds `bytes` (60 at most) as a literal.
  static func rawSnappy(_ bytes: [UInt8]) -> [UInt8] {
    [UInt8(bytes.count), UInt8(bytes.count - 1) << 2] + bytes
  }

  static func framedSnappy(_ blocks: [[UInt8]], versions: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 1]) -> [UInt8] {
    let header: [UInt8] = [0x82, 0x53, 0x4E, 0x41, 0x50, 0x50, 0x59, 0x00] + versions
    return header + blocks.flatMap { [0, 0, 0, UInt8($0.count)] + $0 }
  }
}
