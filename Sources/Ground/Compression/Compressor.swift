package import ByteCodec
import CLZ4
import CSnappy
import CZlib
import CZstd

/// Compresses whole inputs, so that Java clients and librdkafka can read what comes out.
///
/// It owns the zstd context and re-uses it: keep one per thread that compresses. Not to be shared between threads.
package final class Compressor {
  /// The largest input; the codecs count in C ints.
  package static let maximumInput = 1 << 30
  /// A zstd context that has grown past this (a high level) is given back, not kept for the next input.
  private static let keptContextSize = 16 << 20

  private var zstd: OpaquePointer?

  /// A compressor without a context; it is made when zstd is first asked for.
  package init() {}

  deinit { ZSTD_freeCCtx(zstd) }

  /// The levels that `codec` takes, as Kafka's topic settings bound them, or nil where it has none.
  package static func levels(of codec: CompressionCodec) -> ClosedRange<Int32>? {
    switch codec {
    case .none, .snappy: nil
    case .gzip: 1...9
    case .lz4: 1...17
    case .zstd: -131_072...22
    }
  }

  /// `bytes`, compressed; `bytes` itself where `codec` is none. No `level` means the codec's own (for gzip also -1).
  ///
  /// Fails with `unsupported` for a level outside `levels(of:)`, with `tooLarge` above `maximumInput`.
  package func compress(_ bytes: ByteSlice, codec: CompressionCodec, level: Int32? = nil) throws(CompressionError)
    -> ByteSlice
  {
    guard bytes.count <= Compressor.maximumInput else { throw .tooLarge }
    if let level, let levels = Compressor.levels(of: codec), !levels.contains(level), codec != .gzip || level != -1 {
      throw .unsupported
    }
    switch codec {
    case .none: return bytes
    case .gzip: return try gzip(bytes, level: level ?? -1)
    case .snappy: return try snappy(bytes)
    case .lz4: return try lz4(bytes, level: level ?? 0)
    case .zstd: return try zstd(bytes, level: level ?? 3)
    }
  }

  /// The first `count` bytes of `block`, moved where most of the block would lie idle behind them.
  private func fitted(_ block: ByteBlock, count: Int) -> ByteSlice {
    let slice = block.slice(count: count)
    return count < block.capacity / 2 ? ByteSlice(copying: slice.copy()) : slice
  }

  /// One gzip member.
  private func gzip(_ bytes: ByteSlice, level: Int32) throws(CompressionError) -> ByteSlice {
    var stream = z_stream()
    let gzipWindow: Int32 = 15 + 16
    let memory: Int32 = 8
    let code = deflateInit2_(
      &stream, level, Z_DEFLATED, gzipWindow, memory, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    guard code == Z_OK else { throw .unsupported }
    defer { deflateEnd(&stream) }
    let block = ByteBlock(capacity: Int(deflateBound(&stream, UInt(bytes.count))))
    let ended = bytes.withUnsafeBytes { source in
      let start = source.baseAddress?.assumingMemoryBound(to: UInt8.self)
      stream.next_in = UnsafeMutablePointer(mutating: start)
      stream.avail_in = UInt32(source.count)
      stream.next_out = block.base.assumingMemoryBound(to: UInt8.self)
      stream.avail_out = UInt32(block.capacity)
      return deflate(&stream, Z_FINISH)
    }
    guard ended == Z_STREAM_END else { throw .corrupt }
    return fitted(block, count: block.capacity - Int(stream.avail_out))
  }

  /// The framing of snappy-java around blocks of 32 KiB, which every client reads.
  private func snappy(_ bytes: ByteSlice) throws(CompressionError) -> ByteSlice {
    let bound = snappy_max_compressed_length(min(bytes.count, SnappyFraming.blockSize))
    let block = ByteBlock(capacity: bound)
    var whole = ByteWriter(capacity: SnappyFraming.headerSize + 4 + bound)
    whole.writeBytes(SnappyFraming.magic)
    whole.writeInt32(1)
    whole.writeInt32(1)
    var position = 0
    while position < bytes.count {  // each turn takes a block
      let part = bytes.part(from: position, count: SnappyFraming.blockSize)
      var size = block.capacity
      let status = part.withUnsafeBytes { snappy_compress($0.baseAddress, $0.count, block.base, &size) }
      guard status == SNAPPY_OK else { throw .corrupt }
      whole.writeInt32(Int32(size))
      block.slice(count: size).withUnsafeBytes { whole.writeBytes($0) }
      position += part.count
    }
    return whole.takeSlice()
  }

  /// One LZ4 frame of independent blocks of 64 KiB without checksums of content: the Java reader takes no others.
  private func lz4(_ bytes: ByteSlice, level: Int32) throws(CompressionError) -> ByteSlice {
    var preferences = LZ4F_preferences_t()
    preferences.frameInfo.blockSizeID = LZ4F_max64KB
    preferences.frameInfo.blockMode = LZ4F_blockIndependent
    preferences.compressionLevel = level
    let block = ByteBlock(capacity: LZ4F_compressFrameBound(bytes.count, &preferences))
    let size = bytes.withUnsafeBytes { source in
      LZ4F_compressFrame(block.base, block.capacity, source.baseAddress, source.count, &preferences)
    }
    guard LZ4F_isError(size) == 0 else { throw .corrupt }
    return fitted(block, count: size)
  }

  /// One Zstandard frame.
  private func zstd(_ bytes: ByteSlice, level: Int32) throws(CompressionError) -> ByteSlice {
    if zstd == nil { zstd = ZSTD_createCCtx() }
    guard let context = zstd, ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)) == 0
    else { throw .unsupported }
    defer {
      if ZSTD_sizeof_CCtx(context) > Compressor.keptContextSize {
        ZSTD_freeCCtx(context)
        zstd = nil
      }
    }
    let block = ByteBlock(capacity: ZSTD_compressBound(bytes.count))
    let size = bytes.withUnsafeBytes { source in
      ZSTD_compress2(context, block.base, block.capacity, source.baseAddress, source.count)
    }
    guard ZSTD_isError(size) == 0 else { throw .corrupt }
    return fitted(block, count: size)
  }
}
