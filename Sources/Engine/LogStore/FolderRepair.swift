package import ByteCodec
import Compression
package import Machine
import RecordFormat
package import Units

/// What somebody has agreed to lose: the journal from a frame on, and offsets of partitions, which are never given again.
package struct AcceptedLoss: Sendable {
  /// The first journal frame that is given up, with all behind it; nil: none.
  package var firstFrame: JournalSequence?
  /// Where partitions must go on, so that no offset is given twice.
  package var ends: [PartitionKey: Offset]
  /// The last sequence that was given: the journal goes on behind it.
  package var lastFrame: JournalSequence

  package init(firstFrame: JournalSequence?, lastFrame: JournalSequence, ends: [PartitionKey: Offset]) {
    self.firstFrame = firstFrame
    self.lastFrame = lastFrame
    self.ends = ends
  }

  /// A batch without records that stands for the offsets `offsets`, as compaction leaves them: readers pass over it.
  package static func placeholder(_ offsets: ClosedRange<Offset>, epoch: Int32) -> ByteSlice? {
    var properties = RecordBatchBuilder.Properties()
    properties.baseOffset = offsets.lowerBound
    properties.lastOffset = offsets.upperBound
    properties.partitionLeaderEpoch = epoch
    var builder = RecordBatchBuilder(properties)
    return try? builder.build(using: Compressor())
  }

  /// Frames that bring partitions to where they must go on.
  func placeholders(in state: LogState) -> [JournalReader.Frame] {
    ends.sorted { $0.key < $1.key }.compactMap { key, end in
      guard let partition = state.partition(key), end > partition.end,
        let batch = Self.placeholder(
          partition.end...end.advanced(by: -1), epoch: partition.epochs.rows.last?.epoch ?? 0)
      else { return nil }
      let last = partition.segments.last
      let place = BatchPlace(
        partition: key, segment: last?.base ?? partition.end, position: FilePosition(last?.size.value ?? 0),
        baseOffset: partition.end, appended: Timestamp(milliseconds: 0))
      let header = JournalFrameHeader(
        kind: .batch, endsUnit: true, incarnation: Incarnation(value: 0), sequence: partition.lastChange, unit: 0,
        durable: partition.lastChange, payloadLength: batch.count, payloadCRC: Checksum.crc32c(batch), chain: 0,
        place: place)
      return JournalReader.Frame(header: header, payload: batch)
    }
  }
}

/// Puts a folder right as one change: recovery with what was given up, then segments with other content, then one
/// checkpoint that speaks of all of it.
package struct FolderRepair {
  private let disk: any Disk
  private let recovery: Recovery
  private let result: Recovery.Result
  private var replaced: [(temporary: String, path: String)] = []
  private var folders: Set<String> = []

  /// What the folder came to.
  package var state: LogState { result.state }

  /// Recovers the folder, whose lock the caller holds, without the frames of `loss`.
  package init(_ disk: any Disk, entropy: any Entropy, clock: any Clock, loss: AcceptedLoss?) throws(RecoveryFailure) {
    self.disk = disk
    recovery = Recovery(disk: disk, entropy: entropy, clock: clock, loss: loss)
    result = try recovery.run()
  }

  /// Gives the segment at `key` the content `bytes`: whole batches from its base to its end. In force after `finish`.
  package mutating func replace(_ key: SegmentKey, with bytes: ByteSlice) throws(DiskError) {
    guard let partition = result.state.partition(key.partition),
      let at = partition.segments.firstIndex(where: { $0.base == key.base && $0.generation == key.generation })
    else { return }
    var index = BlockIndex()
    var walk = RecordBatchWalk(bytes)
    while let view = try? walk.next() {
      index.append(
        view.bytes, checksum: Checksum.crc32c(view.bytes), header: view.header, baseOffset: view.header.baseOffset)
    }
    if at < partition.segments.count - 1 { index.seal() }
    var rows = ByteWriter()
    for row in index.rows { row.encode(to: &rows, of: key) }
    for (path, content) in [(key.logPath, bytes), (key.indexPath, rows.takeSlice())] {
      let temporary = path + ".repair"
      let file = try disk.open(temporary, .create)
      try file.write([content], at: FilePosition(0))
      try file.truncate(to: ByteCount(content.count))
      try file.sync()
      replaced.append((temporary, path))
    }
    folders.insert(key.partition.folder)
    partition.segments[at].size = ByteCount(bytes.count)
    partition.segments[at].digest = Checksum.crc32c(bytes)
  }

  /// Puts the replaced segments in their places and writes the checkpoint.
  package func finish() throws(DiskError) {
    guard !replaced.isEmpty else { return }
    for (temporary, path) in replaced { try disk.rename(temporary, to: path) }
    for folder in folders.sorted() { try disk.syncDirectory(folder) }
    var checkpoint = result.checkpoint
    checkpoint.state = result.state.encoded()
    // Newer than the one just written, which has the same sequence.
    checkpoint.firstUse += 1
    try recovery.write(checkpoint, fileIndex: 1 - result.fileIndex)
  }
}
