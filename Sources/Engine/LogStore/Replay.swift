import ByteCodec
import Machine
import RecordFormat
import Units

/// Puts journal frames back: control records into the state, batches into the state and into their segments.
struct Replay {
  let disk: any Disk
  let state: LogState
  private let files: OpenFiles
  /// Segments that are written, and what of them is not yet.
  private var written: [SegmentKey: Run] = [:]
  private var folders: Set<String> = []
  /// The segments of which something is not yet written.
  private var gathered: [SegmentKey] = []
  private(set) var bytesWritten = ByteCount.zero
  /// When the latest batch was appended.
  private(set) var latestAppend = Timestamp.none
  private var gatheredBytes = 0
  /// Batches held before they are written. Those of one segment lie far apart in the journal, and opening thousands of
  /// files costs a start more than anything else: what is held is written with one call for each segment.
  private let gatherLimit: ByteCount

  /// Batches in a row that end where the segment does so far.
  private struct Run {
    var position: FilePosition
    var parts: [ByteSlice] = []
    var end: FilePosition

    mutating func append(_ batch: ByteSlice, at place: FilePosition) {
      if parts.isEmpty { position = place }
      parts.append(batch)
      end = place.advanced(by: ByteCount(batch.count))
    }
  }

  /// Segments whose index files had not what they should have.
  private(set) var reindexed = 0
  /// What may still be read to make indexes: the time that a start takes must not depend on how much there is. What is
  /// left out is made when somebody asks for it.
  private var indexBytesLeft: Int64 = 64 << 20
  /// False: only the state changes, for tools that look.
  private let writes: Bool

  init(disk: any Disk, state: LogState, writes: Bool = true, gatherLimit: ByteCount) {
    self.disk = disk
    files = OpenFiles(disk: disk)
    self.state = state
    self.writes = writes
    self.gatherLimit = gatherLimit
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
      latestAppend = max(latestAppend, place.appended)
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
    var gathers = false
    if let run = written[key] {
      gathers = !run.parts.isEmpty && run.end == place.position
      if !run.parts.isEmpty, !gathers { try writeGathered() }
    } else {
      written[key] = Run(position: place.position, end: place.position)
      if place.position.value == 0 { folders.formUnion([key.partition.folder, "data"]) }
      loadIndex(of: key)
    }
    if !gathers { gathered.append(key) }
    written[key]?.append(batch, at: place.position)
    gatheredBytes += batch.count
    bytesWritten += ByteCount(batch.count)
    if gatheredBytes >= gatherLimit.value { try writeGathered() }
  }

  /// The segments that were written.
  var segments: Set<SegmentKey> { Set(written.keys) }

  /// Makes the index of a segment whose first part a checkpoint covers, so that what is replayed goes into it, and the
  /// first append finds it. One that is damaged, or much work, is left to those who ask for it.
  private mutating func loadIndex(of key: SegmentKey) {
    guard let partition = state.partition(key.partition), let at = partition.index(of: key),
      partition.segments[at].index == nil
    else { return }
    let loader = IndexLoader(disk: disk, files: files)
    let extent = partition.segments[at].description
    let rows = loader.rowsInFile(key)
    let missing = max(extent.size.value - (rows.last?.end.value ?? 0), 0)
    guard missing <= indexBytesLeft else { return }
    indexBytesLeft -= missing
    guard case .success(let loaded) = loader.load(key, extent, isActive: true, known: rows), loaded.damage == nil
    else { return }
    partition.install(loaded, segmentAt: at)
    if loaded.rowsMade > 0 { reindexed += 1 }
  }

  private mutating func writeGathered() throws(DiskError) {
    for key in gathered.sorted() {
      guard let run = written[key] else { continue }
      try open(key).write(run.parts, at: run.position)
      written[key]?.parts = []
    }
    gathered = []
    gatheredBytes = 0
  }

  /// The segment's file. Its folder is made where the segment begins with what is replayed and a cut took the name.
  private func open(_ key: SegmentKey) throws(DiskError) -> any DiskFile {
    do throws(DiskError) {
      return try disk.open(key.logPath, .create)
    } catch {
      guard error.isMissing, folders.contains(key.partition.folder) else { throw error }
      try disk.makeDirectory(key.partition.folder)
      return try disk.open(key.logPath, .create)
    }
  }

  /// Writes what is left, and cuts off what stands behind.
  ///
  /// A segment is cut at its end only: most of what follows its checkpointed part is there already, and giving thousands
  /// of files' blocks back to the device to take them again costs it more than all the rest.
  mutating func finishWriting() throws(DiskError) {
    for key in written.keys.sorted() {
      guard let run = written[key] else { continue }
      let file = try open(key)
      try file.write(run.parts, at: run.position)
      if try file.size().value > run.end.value { try file.truncate(to: ByteCount(run.end.value)) }
      written[key]?.parts = []
    }
  }

  /// Syncs every segment and name that was written. `meanwhile` runs once, while the disk works where it can.
  func makeDurable(volumeAbove: Int, meanwhile: () -> Void) throws(DiskError) {
    #if PLANTED_BUGS
      if PlantedBug.is(.recoveryNotSynced) { return meanwhile() }
    #endif
    try SegmentSync(disk: disk, files: files, volumeAbove: volumeAbove)
      .run(segments: written.keys.sorted(), folders: folders.sorted(), meanwhile: meanwhile)
  }
}
