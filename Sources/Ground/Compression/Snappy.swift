import ByteCodec
import CSnappy

/// Raw Snappy blocks.
enum Snappy {
  /// A block's element of three bytes yields at most 64: no honest block grows more than this many times.
  static let maximumGrowth = 22

  /// The size that `block` says it decompresses to, refused where its own size cannot hold that much.
  static func outputSize(of block: ByteSlice) throws(CompressionError) -> Int {
    var size = 0
    let status = block.withUnsafeBytes { bytes in
      snappy_uncompressed_length(bytes.baseAddress, bytes.count, &size)
    }
    guard status == SNAPPY_OK, size >= 0, size / maximumGrowth <= block.count else { throw .corrupt }
    return size
  }

  /// Decompresses `block` into `target`, which has room for `size` bytes, the size the block declared.
  static func decompress(_ block: ByteSlice, into target: ByteBlock, size: Int) throws(CompressionError) {
    var written = size
    let status = block.withUnsafeBytes { bytes in
      snappy_uncompress(bytes.baseAddress, bytes.count, target.base, &written)
    }
    guard status == SNAPPY_OK, written == size else { throw .corrupt }
  }
}

/// The framing that the snappy-java library puts around blocks: a header, then length and block, again and again.
enum SnappyFraming {
  /// "SNAPPY" between two odd bytes; two version numbers follow, which nobody may rely on.
  static let magic: [UInt8] = [0x82, 0x53, 0x4E, 0x41, 0x50, 0x50, 0x59, 0x00]
  static let headerSize = 16
  /// How much input the writer puts into one block.
  static let blockSize = 32 << 10

  static func isFramed(_ bytes: ByteSlice) -> Bool {
    guard bytes.count >= headerSize else { return false }
    return bytes.withUnsafeBytes { $0.prefix(magic.count).elementsEqual(magic) }
  }

  /// The length of the block that `bytes` begin with, or nil where it is not positive or goes past them.
  static func blockLength(_ bytes: ByteSlice) -> Int? {
    var reader = ByteReader(bytes)
    guard let length = try? reader.readInt32(), length > 0, Int(length) <= reader.remaining else { return nil }
    return Int(length)
  }
}
