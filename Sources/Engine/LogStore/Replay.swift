import ByteCodec
import Machine
import RecordFormat
import Units

/// Puts journal frames back: control records into the state, batches into the state and into their segments.
struct Replay {
  let disk: any Disk
  let state: LogState
  private let files: OpenFiles
  /// Segments that are written, and where each ends.
  private var touched: [SegmentKey: FilePosition] = [:]
  private var folders: Set<String> = []
  private(set) var bytesWritten = ByteCount.zero
  /// Batches in a row, by segment, that are written together: a call for each of many small ones would take its time.
  private var gathered: [SegmentKey: Run] = [:]
  private var gatheredBytes = 0
  private static let gatherLimit = 1 << 20

  private struct Run {
    var position: FilePosition
    var parts: [ByteSlice] = []
    var end: FilePosition
  }

  /// Segments whose index files had not what they should have.
  private(set) var reindexed = 0
  /// What may still be read to make indexes: the time that a start takes must not depend on how much there is. What is
  /// left out is made when somebody asks for it.
  private var indexBytesLeft: Int64 = 64 << 20
  /// False: only the state changes, for tools that look.
  private let writes: Bool

  init(disk: any Disk, state: LogState, writes: Bool = true) {
    self.disk = disk
    files = OpenFiles(disk: disk)
    self.state = state
    self.writes = writes
  }

  mutating func apply(_ frame: JournalReader.Frame) throws(RecoveryFailure) {
    switch frame.header.kind {
    case .open, .witness:
      return
    case .control:
      var reader = ByteReader(frame.payload)
      guard let record = try? ControlRecord(from: &reader) else {
        throw .inconsistent("journal frame \(frame.header.sequence.value) holds no control record")
      }
      state.apply(record, at: frame.header.sequence)
    case .batch:
      let place = frame.header.place
      guard let partition = state.partition(place.partition), partition.end == place.baseOffset,
        let header = try? RecordBatchHeader(frame.payload.bytes)
      else {
        throw .inconsistent(
          "journal frame \(frame.header.sequence.value) is a batch at offset \(place.baseOffset.value) of partition "
            + "\(place.partition.folder), which does not follow what is before it")
      }
      do throws(DiskError) {
        if writes { try write(frame.payload, place: place) }
      } catch {
        throw .disk(error)
      }
      partition.apply(
        frame.payload, checksum: frame.header.payloadCRC, header: header, at: place, sequence: frame.header.sequence)
    }
  }

  private mutating func write(_ batch: ByteSlice, place: BatchPlace) throws(DiskError) {
    let key = SegmentKey(partition: place.partition, base: place.segment)
    #if PLANTED_BUGS
      if PlantedBug.is(.segmentTailTrusted), let size = try? disk.open(key.logPath, .read).size(),
        size.value >= place.position.value + Int64(batch.count)
      {
        return
      }
    #endif
    let end = place.position.advanced(by: ByteCount(batch.count))
    if touched.updateValue(end, forKey: key) == nil {
      if place.position.value == 0 {
        try disk.makeDirectory(key.partition.folder)
        folders.formUnion([key.partition.folder, "data"])
      }
      loadIndex(of: key)
    }
    if let run = gathered[key], run.end != place.position { try writeGathered() }
    gathered[key, default: Run(position: place.position, end: end)].parts.append(batch)
    gathered[key]?.end = end
    gatheredBytes += batch.count
    bytesWritten += ByteCount(batch.count)
    if gatheredBytes >= Self.gatherLimit { try writeGathered() }
  }

  /// The segments that were written.
  var segments: Set<SegmentKey> { Set(touched.keys) }

  /// Makes the index of a segment whose first part a checkpoint covers, so that what is replayed goes into it, and the
  /// first append finds it. One that is damaged, or much work, is left to those who ask for it.
  private mutating func loadIndex(of key: SegmentKey) {
    guard let partition = state.partition(key.partition), let at = partition.index(of: key),
      partition.segments[at].index == nil
    else { return }
    let missing = IndexLoader(disk: disk, files: files).unindexedBytes(key, partition.segments[at].description)
    guard missing <= indexBytesLeft else { return }
    indexBytesLeft -= missing
    guard
      case .success(let loaded) = IndexLoader(disk: disk, files: files).load(
        key, partition.segments[at].description, isActive: true), loaded.damage == nil
    else { return }
    partition.install(loaded, segmentAt: at)
    if loaded.rowsMade > 0 { reindexed += 1 }
  }

  private mutating func writeGathered() throws(DiskError) {
    for key in gathered.keys.sorted() {
      if let run = gathered[key] { try files.log(key, .create).write(run.parts, at: run.position) }
    }
    gathered = [:]
    gatheredBytes = 0
  }

  /// Writes what is left, cuts off what stands behind, and syncs every segment and name that was written.
  ///
  /// A segment is cut at its end only: most of what follows its checkpointed part is there already, and giving thousands
  /// of files' blocks back to the device to take them again costs it more than all the rest.
  mutating func makeDurable(volumeAbove: Int) throws(DiskError) {
    try writeGathered()
    for (key, end) in touched.sorted(by: { $0.key < $1.key }) {
      let file = try files.log(key, .create)
      if try file.size().value > end.value { try file.truncate(to: ByteCount(end.value)) }
    }
    try SegmentSync(disk: disk, files: files, volumeAbove: volumeAbove)
      .run(segments: touched.keys.sorted(), folders: folders.sorted())
  }
}
