import CLZ4
import CZlib
import CZstd

/// What one call of a codec's decompressor did.
struct StreamStep {
  var consumed: Int
  var produced: Int
  /// Whether a frame or member has just ended, so that the input may end here.
  var atBoundary: Bool
}

/// gzip members, one after another, as zlib reads them.
final class GzipStream {
  /// On the heap, as zlib's state points back at it.
  private let stream: UnsafeMutablePointer<z_stream>
  private var atBoundary = false

  /// Largest window, gzip wrapping only.
  private static let windowBits: Int32 = 15 + 16

  init() throws(CompressionError) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let code = inflateInit2_(
      stream, GzipStream.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard code == Z_OK else { throw .unsupported }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  func reset() {
    inflateReset(stream)
    atBoundary = false
  }

  func advance(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer)
    throws(CompressionError) -> StreamStep
  {
    if atBoundary { reset() }
    let offered = min(source.count, 1 << 30)
    let start = source.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.next_in = UnsafeMutablePointer(mutating: start)
    stream.pointee.avail_in = UInt32(offered)
    stream.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(target.count)
    let code = inflate(stream, Z_NO_FLUSH)
    guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else { throw .corrupt }
    atBoundary = code == Z_STREAM_END
    return StreamStep(
      consumed: offered - Int(stream.pointee.avail_in), produced: target.count - Int(stream.pointee.avail_out),
      atBoundary: atBoundary)
  }
}

/// LZ4 frames, one after another; liblz4 checks header and content checksums.
final class LZ4Stream {
  private let context: OpaquePointer

  init() throws(CompressionError) {
    var made: OpaquePointer?
    guard LZ4F_isError(LZ4F_createDecompressionContext(&made, UInt32(LZ4F_VERSION))) == 0, let made else {
      throw .unsupported
    }
    context = made
  }

  deinit { LZ4F_freeDecompressionContext(context) }

  func reset() { LZ4F_resetDecompressionContext(context) }

  func advance(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer)
    throws(CompressionError) -> StreamStep
  {
    var consumed = source.count
    var produced = target.count
    let hint = LZ4F_decompress(context, target.baseAddress, &produced, source.baseAddress, &consumed, nil)
    guard LZ4F_isError(hint) == 0 else { throw .corrupt }
    return StreamStep(consumed: consumed, produced: produced, atBoundary: hint == 0)
  }
}

/// Zstandard frames, one after another.
final class ZstdStream {
  /// A context that has grown past this (a frame with a large window) is given back when its input ends.
  private static let keptContextSize = 16 << 20

  private var context: OpaquePointer?
  private let windowLog: Int32

  init(windowLog: Int32) throws(CompressionError) {
    self.windowLog = windowLog
    reset()
    guard context != nil else { throw .unsupported }
  }

  deinit { ZSTD_freeDCtx(context) }

  func reset() {
    if context == nil, let made = ZSTD_createDCtx() {
      if ZSTD_isError(ZSTD_DCtx_setParameter(made, ZSTD_d_windowLogMax, windowLog)) == 0 {
        context = made
      } else {
        ZSTD_freeDCtx(made)
      }
    }
    ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
  }

  func trim() {
    guard let context, ZSTD_sizeof_DCtx(context) > ZstdStream.keptContextSize else { return }
    ZSTD_freeDCtx(context)
    self.context = nil
  }

  func advance(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer)
    throws(CompressionError) -> StreamStep
  {
    guard let context else { throw .unsupported }
    var from = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
    var to = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
    let hint = ZSTD_decompressStream(context, &to, &from)
    guard ZSTD_isError(hint) == 0 else { throw .corrupt }
    return StreamStep(consumed: from.pos, produced: to.pos, atBoundary: hint == 0)
  }
}
