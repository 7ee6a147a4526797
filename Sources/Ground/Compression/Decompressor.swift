package import ByteCodec

/// Decompresses one input after another, in chunks, each against a budget.
///
/// It owns the codecs' contexts and its output memory and re-uses them, so keep one per thread that decompresses.
/// Not to be shared between threads. The order of calls is `begin`, then `next` until it gives nil or throws.
package final class Decompressor {
  /// The most bytes that `next` hands out at once, save for a Snappy block, which is one chunk whatever its size.
  package static let chunkSize = 64 << 10
  /// Output memory larger than this is given back when its input ends, not kept for the next one.
  static let keptOutputSize = 1 << 20

  private var gzip: GzipStream?
  private var lz4: LZ4Stream?
  private var zstd: ZstdStream?
  private let windowLog: Int32

  private var input = ByteSlice.empty
  private var position = 0
  private var codec = CompressionCodec.none
  private var isActive = false
  /// Whether the codec could end where it stands.
  private var atBoundary = false
  private var allowance = 0
  private var produced = 0
  /// Bytes that came out of all inputs before.
  private var producedBefore = 0
  private var snappyIsFramed = false
  private var output: ByteBlock?

  /// A decompressor without any context; each is made when the first input of its codec comes.
  ///
  /// `zstdWindowLog` bounds the window that a zstd frame may demand: 27 (128 MiB, as levels 20 to 22 write it) is what
  /// every zstd reader takes by default. Only as much of it is touched as the output fills.
  package init(zstdWindowLog: Int32 = 27) { windowLog = zstdWindowLog }

  /// Starts on `bytes`. Whatever was under way is forgotten. Fails with `unsupported` if a codec has no memory.
  package func begin(_ bytes: ByteSlice, codec: CompressionCodec, budget: DecompressionBudget)
    throws(CompressionError)
  {
    input = bytes
    position = 0
    self.codec = codec
    producedBefore &+= produced
    produced = 0
    allowance = budget.allowance(forInput: bytes.count)
    atBoundary = false
    isActive = true
    switch codec {
    case .none: break
    case .snappy: beginSnappy()
    case .gzip:
      if gzip == nil { gzip = try GzipStream() }
      gzip?.reset()
    case .lz4:
      if lz4 == nil { lz4 = try LZ4Stream() }
      lz4?.reset()
    case .zstd:
      if zstd == nil { zstd = try ZstdStream(windowLog: windowLog) }
      zstd?.reset()
    }
  }

  /// Bytes that ever came out of it: the measure of the time that was spent on them.
  package var producedInAll: Int { producedBefore &+ produced }

  /// The next bytes, or nil once all have been handed out. Never an empty slice.
  ///
  /// The slice is valid until the next call of `begin` or `next`: its memory is re-used.
  package func next() throws(CompressionError) -> ByteSlice? {
    guard isActive else { return nil }
    do {
      let chunk = try nextChunk()
      if chunk == nil { end() }
      return chunk
    } catch {
      end()
      throw error
    }
  }

  /// All of `bytes`, decompressed into memory of its own. Nothing is copied where nothing is compressed.
  package func decompress(_ bytes: ByteSlice, codec: CompressionCodec, budget: DecompressionBudget = .init())
    throws(CompressionError) -> ByteSlice
  {
    if codec == .none {
      guard bytes.count <= budget.maximumOutput else { throw .tooLarge }
      return bytes
    }
    try begin(bytes, codec: codec, budget: budget)
    var whole = ByteWriter(capacity: min(4 * bytes.count, Decompressor.chunkSize))
    while let chunk = try next() { chunk.withUnsafeBytes { whole.writeBytes($0) } }
    return whole.count == 0 ? .empty : whole.takeSlice()
  }

  private func end() {
    isActive = false
    input = .empty
    if let output, output.capacity > Decompressor.keptOutputSize { self.output = nil }
    zstd?.trim()
  }

  private func nextChunk() throws(CompressionError) -> ByteSlice? {
    switch codec {
    case .none:
      guard position < input.count else { return nil }
      guard input.count <= allowance else { throw .tooLarge }
      position = input.count
      return input
    case .snappy: return try nextSnappyBlock()
    case .gzip, .lz4, .zstd: return try nextStreamed()
    }
  }

  private func nextStreamed() throws(CompressionError) -> ByteSlice? {
    let block = outputBlock(Decompressor.chunkSize)
    while true {  // each turn takes input, hands out output, or ends
      let rest = input.dropping(position)
      if rest.isEmpty, atBoundary { return nil }
      let step = try rest.withUnsafeBytes { source throws(CompressionError) in
        try advance(source, into: UnsafeMutableRawBufferPointer(start: block.base, count: Decompressor.chunkSize))
      }
      position += step.consumed
      produced += step.produced
      atBoundary = step.atBoundary
      guard produced <= allowance else { throw .tooLarge }
      if step.produced > 0 { return block.slice(count: step.produced) }
      guard step.consumed > 0 || (rest.isEmpty && step.atBoundary) else { throw .corrupt }
    }
  }

  private func advance(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer)
    throws(CompressionError) -> StreamStep
  {
    if codec == .gzip, let gzip { return try gzip.advance(source, into: target) }
    if codec == .lz4, let lz4 { return try lz4.advance(source, into: target) }
    if codec == .zstd, let zstd { return try zstd.advance(source, into: target) }
    throw .unsupported
  }

  /// Output memory of at least `size` bytes, the same as last time where it suffices.
  private func outputBlock(_ size: Int) -> ByteBlock {
    if let output, output.capacity >= size { return output }
    let block = ByteBlock(capacity: size)
    output = block
    return block
  }

  // MARK: Snappy, in xerial framing or as one raw block

  private func beginSnappy() {
    snappyIsFramed = SnappyFraming.isFramed(input)
    if snappyIsFramed {
      position = SnappyFraming.headerSize
      atBoundary = true
    }
  }

  private func nextSnappyBlock() throws(CompressionError) -> ByteSlice? {
    guard snappyIsFramed else {
      if position == input.count, atBoundary { return nil }
      position = input.count
      atBoundary = true
      let chunk = try snappyBlock(input)
      return chunk.isEmpty ? nil : chunk
    }
    while position < input.count {  // each turn takes at least five bytes
      let rest = input.dropping(position)
      if SnappyFraming.isFramed(rest) {
        position += SnappyFraming.headerSize
        continue
      }
      guard let length = SnappyFraming.blockLength(rest) else { throw .corrupt }
      position += 4 + length
      let chunk = try snappyBlock(rest.part(from: 4, count: length))
      if !chunk.isEmpty { return chunk }
    }
    return nil
  }

  private func snappyBlock(_ block: ByteSlice) throws(CompressionError) -> ByteSlice {
    let size = try Snappy.outputSize(of: block)
    guard size <= allowance - produced else { throw .tooLarge }
    let target = outputBlock(max(size, Decompressor.chunkSize))
    try Snappy.decompress(block, into: target, size: size)
    produced += size
    return target.slice(count: size)
  }
}
