import ByteCodec
import Machine
import Units

/// Brings bytes of any length into the whole blocks that a file opened with `.createThrough` takes, appending to what it
/// wrote before. The last block is written anew with each append: what stood in it first, zeros behind the end. A cut
/// in between leaves the bytes before the end as they were, since they are written the same.
struct BlockStage {
  /// Bytes written at once: as many as a commit group has, so that most appends are one write.
  private static let capacity = 4 << 20

  private let memory = ByteBlock(capacity: capacity, alignment: DiskBlock.size)
  /// What stands in the block in which the file's bytes end.
  private let tail = ByteBlock(capacity: DiskBlock.size)
  private var tailCount = 0
  /// What is written at once: one slice of `memory`, in an array that is used again.
  private var written = [ByteSlice.empty]

  /// The next append begins another file, at its start.
  mutating func restart() { tailCount = 0 }

  /// Writes `parts` behind what is there, which ends at `end`; durable when it returns. After a failure it may be tried
  /// again as it is.
  mutating func append(_ parts: [ByteSlice], to file: any DiskFile, at end: FilePosition) throws(DiskError) {
    var position = FilePosition(end.value - Int64(tailCount))
    memory.base.copyMemory(from: tail.base, byteCount: tailCount)
    var filled = tailCount
    for part in parts {
      var rest = part
      while !rest.isEmpty {
        let count = min(rest.count, Self.capacity - filled)
        (memory.base + filled).copyMemory(from: rest.block.base + rest.start, byteCount: count)
        filled += count
        rest = rest.dropping(count)
        guard filled == Self.capacity else { continue }
        try write(filled, to: file, at: position)
        position = position.advanced(by: ByteCount(filled))
        filled = 0
      }
    }
    let begun = filled % DiskBlock.size
    let padding = begun == 0 ? 0 : DiskBlock.size - begun
    (memory.base + filled).initializeMemory(as: UInt8.self, repeating: 0, count: padding)
    try write(filled + padding, to: file, at: position)
    tail.base.copyMemory(from: memory.base + (filled - begun), byteCount: begun)
    tailCount = begun
  }

  private mutating func write(_ count: Int, to file: any DiskFile, at position: FilePosition) throws(DiskError) {
    written[0] = memory.slice(count: count)
    try file.write(written, at: position)
  }
}
