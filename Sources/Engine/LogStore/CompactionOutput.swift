import ByteCodec
import Machine
import RecordFormat
import Units

/// The segments a compaction writes: batch after batch into new files, each left for the next when it is full.
struct CompactionOutput {
  /// A finished segment: its extent, and the index that goes with it.
  struct Finished: Sendable {
    var description: SegmentDescription
    var index: BlockIndex
  }

  /// Batches are gathered up to this many bytes before they are written.
  private static let bufferBytes = 1 << 20

  private let disk: any Disk
  private let partition: PartitionKey
  private let generation: UInt32
  private let limit: ByteCount
  private var file: (any DiskFile)?
  private var current: Finished?
  private var buffer: [ByteSlice] = []
  private var buffered = 0
  private var position = FilePosition(0)
  private(set) var finished: [Finished] = []
  /// Bytes handed to the disk.
  private(set) var written = 0

  init(disk: any Disk, partition: PartitionKey, generation: UInt32, segmentBytes: ByteCount) {
    self.disk = disk
    self.partition = partition
    self.generation = generation
    limit = segmentBytes
  }

  /// Adds a batch; `base` is where the segment begins if this is the first one of all.
  mutating func append(_ batch: ByteSlice, base: Offset, writtenAt: Timestamp) throws(DiskError) {
    guard let header = try? RecordBatchHeader(batch.bytes) else { return }
    if let open = current {
      let span = header.lastOffset.value.subtracted(open.description.base.value)
      if open.description.size + ByteCount(batch.count) > limit || span > Int64(Int32.max) {
        try finish(end: header.baseOffset)
      }
    }
    if current == nil { try begin(finished.isEmpty ? base : header.baseOffset) }
    guard var open = current else { return }
    if open.description.size == .zero { open.description.firstTimestamp = header.maxTimestamp }
    open.description.size += ByteCount(batch.count)
    open.description.end = header.nextOffset
    if header.recordCount > 0 {
      open.description.maxTimestamp = max(open.description.maxTimestamp, header.maxTimestamp)
    }
    open.description.written = max(open.description.written, writtenAt)
    let checksum = Checksum.crc32c(batch)
    open.description.digest = Checksum.extended(open.description.digest, by: batch, known: checksum)
    open.index.append(batch, checksum: checksum, header: header, baseOffset: header.baseOffset)
    current = open
    buffer.append(batch)
    buffered += batch.count
    if buffered >= Self.bufferBytes { try flush() }
  }

  /// Ends the last segment, which covers all up to `end`, and makes every byte and name durable.
  mutating func finishAll(end: Offset) throws(DiskError) {
    try finish(end: end)
    if !finished.isEmpty { try disk.syncDirectory(partition.folder) }
  }

  /// Files begun so far, to be removed when nothing comes of them.
  var paths: [String] {
    (finished + (current.map { [$0] } ?? [])).map { key($0.description.base).logPath }
  }

  private func key(_ base: Offset) -> SegmentKey {
    SegmentKey(partition: partition, base: base, generation: generation)
  }

  private mutating func begin(_ base: Offset) throws(DiskError) {
    let opened = try disk.open(key(base).logPath, .create)
    try opened.truncate(to: .zero)
    file = opened
    position = FilePosition(0)
    current = Finished(
      description: SegmentDescription(
        base: base, generation: generation, size: .zero, end: base, maxTimestamp: .none, firstTimestamp: .none,
        written: .none, digest: 0),
      index: BlockIndex())
  }

  private mutating func flush() throws(DiskError) {
    guard let file, buffered > 0 else { return }
    try file.write(buffer, at: position)
    position = position.advanced(by: ByteCount(buffered))
    written += buffered
    buffer = []
    buffered = 0
  }

  private mutating func finish(end: Offset) throws(DiskError) {
    guard var open = current else { return }
    try flush()
    open.description.end = end
    open.index.seal()
    #if PLANTED_BUGS
      if !PlantedBug.is(.compactionNotSynced) { try file?.sync() }
    #else
      try file?.sync()
    #endif
    var rows = ByteWriter(capacity: open.index.rows.count * BlockIndex.Row.encodedSize)
    let name = key(open.description.base)
    for row in open.index.rows { row.encode(to: &rows, of: name) }
    let index = try disk.open(name.indexPath, .create)
    try index.truncate(to: .zero)
    try index.write([rows.takeSlice()], at: FilePosition(0))
    try index.sync()
    finished.append(open)
    current = nil
    file = nil
  }
}
