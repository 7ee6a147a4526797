import ByteCodec
import LogStore
package import Machine
import Units

/// A consistent copy of a data folder, also of one that a server is using.
///
/// Segments are copied up to the sizes that the newest checkpoint names: those bytes do not change any more. Then the
/// journal is read. When the checkpoint is still the newest one by then, nothing of the journal behind it can have been
/// written over, and checkpoint, segments and journal belong together; when not, what came to the segments is copied too
/// and the journal read again. The copy holds at least all that was acknowledged before it began, and is a data folder.
package struct Backup {
  package struct Report: Sendable {
    package var bytes: Int64 = 0
    package var segments = 0
    package var partitions = 0
    package var journalFrames = 0
    /// How often the copying went over the folder.
    package var passes = 0
    /// What a check of the finished copy found.
    package var verified = VerifyReport()
  }

  /// Passes before the folder is said to change too fast.
  private static let passLimit = 50
  private static let chunk = 4 << 20

  private let source: any Disk
  private let target: any Disk
  /// What of each segment has been copied: so many bytes, of which this is the CRC-32C.
  private var copied: [SegmentKey: (size: Int64, digest: UInt32)] = [:]
  private var folders: Set<String> = ["", "data", JournalWriter.folder]
  private var report = Report()

  private init(source: any Disk, target: any Disk) {
    self.source = source
    self.target = target
  }

  /// Copies the folder on `source` to the empty folder on `target`, and checks the copy. `afterPass` is called whenever
  /// the segments have been gone over.
  package static func take(
    from source: any Disk, to target: any Disk, afterPass: () -> Void = {}
  ) throws(InspectionError) -> Report {
    var backup = Backup(source: source, target: target)
    let held = try backup.onDisk { () throws(DiskError) in try target.list("") }.first { $0.name != "lost+found" }
    if let held {
      throw InspectionError(.refused, "the target holds '\(held.name)' already: name a new or empty folder")
    }
    let reading = try backup.copy(afterPass)
    do throws(DiskError) {
      try backup.finish(reading)
    } catch {
      throw InspectionError(.disk, error.description)
    }
    backup.report.verified = try Verification.run(target)
    return backup.report
  }

  private mutating func copy(_ afterPass: () -> Void) throws(InspectionError) -> FolderReading {
    try onDisk { () throws(DiskError) in
      for folder in ["data", JournalWriter.folder] { try target.makeDirectory(folder) }
    }
    for _ in 0..<Self.passLimit {
      report.passes += 1
      let before = try read()
      let isWhole = try copySegments(of: before)
      afterPass()
      let after = try read()
      if isWhole, after.checkpoint.sequence == before.checkpoint.sequence,
        after.checkpoint.firstUse == before.checkpoint.firstUse, try copySegments(of: after)
      {
        return after
      }
    }
    throw InspectionError(
      .busy, "the server made a checkpoint in each of \(Self.passLimit) passes; try again when it has less to do")
  }

  private func read() throws(InspectionError) -> FolderReading {
    let reading: FolderReading
    do throws(RecoveryFailure) {
      reading = try FolderAccess.reading(source, isLive: true)
    } catch {
      throw InspectionError(.refused, error.description)
    }
    if let damage = reading.damage { throw InspectionError(.refused, damage.description) }
    return reading
  }

  private func onDisk<Value>(_ body: () throws(DiskError) -> Value) throws(InspectionError) -> Value {
    do throws(DiskError) { return try body() } catch { throw InspectionError(.disk, error.description) }
  }

  // MARK: Segments

  /// Brings the copies of all segments to the sizes in the checkpoint. False: one is gone or shorter, which a newer
  /// checkpoint explains.
  private mutating func copySegments(of reading: FolderReading) throws(InspectionError) -> Bool {
    var isWhole = true
    for (key, extent) in reading.settledSegments(all: true) where extent.size.value > 0 {
      let size = extent.size.value
      if copied[key].map({ $0.size > size }) ?? false { copied[key] = nil }
      do throws(DiskError) {
        isWhole = try copySegment(key, to: size) && isWhole
        if copied[key].map({ $0.digest != extent.digest }) ?? false {
          // Something else may have stood there by this name. Where the bytes differ again, they are damaged, and the
          // check of the copy says so.
          copied[key] = nil
          isWhole = try copySegment(key, to: size) && isWhole
        }
      } catch {
        throw InspectionError(.disk, error.description)
      }
    }
    return isWhole
  }

  private mutating func copySegment(_ key: SegmentKey, to size: Int64) throws(DiskError) -> Bool {
    var (at, digest) = copied[key] ?? (0, 0)
    guard at < size else { return true }
    let from: any DiskFile
    do throws(DiskError) {
      from = try source.open(key.logPath, .read)
    } catch {
      guard error.isMissing else { throw error }
      return false
    }
    try target.makeDirectory(key.partition.folder)
    folders.insert(key.partition.folder)
    let to = try target.open(key.logPath, .create)
    while at < size {
      let bytes = try from.read(count: Int(min(Int64(Self.chunk), size - at)), at: FilePosition(at))
      guard !bytes.isEmpty else { return false }
      try to.write([bytes], at: FilePosition(at))
      digest = Checksum.crc32c(bytes, continuing: digest)
      at += Int64(bytes.count)
    }
    copied[key] = (size, digest)
    return true
  }

  // MARK: The end

  /// Index rows, the journal as one file, names, and last of all the checkpoint: without it a copy is no data folder.
  private mutating func finish(_ reading: FolderReading) throws(DiskError) {
    let segments = reading.settledSegments(all: true).filter { $0.extent.size.value > 0 }
    var known: Set<SegmentKey> = []
    for (key, extent) in segments {
      known.insert(key)
      let file = try target.open(key.logPath, .write)
      try file.truncate(to: extent.size)
      try file.sync()
      try copyRows(key, extent.size)
      report.bytes += extent.size.value
    }
    for key in copied.keys where !known.contains(key) { try target.remove(key.logPath) }
    report.segments = segments.count
    report.partitions = reading.state.partitions.count
    report.journalFrames = reading.frames.count
    let journal = JournalImage(reading).bytes
    report.bytes += Int64(journal.count)
    try write(journal, "\(JournalWriter.folder)/0.journal")
    for folder in folders.sorted().reversed() { try target.syncDirectory(folder) }
    var checkpoint = reading.checkpoint
    // Two folders must never give out the same offsets under the same leader epoch.
    checkpoint.isCleanStop = false
    try write(checkpoint.encoded(), Checkpoint.fileNames[0])
    try target.syncDirectory("")
  }

  private func copyRows(_ key: SegmentKey, _ size: ByteCount) throws(DiskError) {
    guard let content = try FolderAccess.content(key.indexPath, on: source) else { return }
    let width = BlockIndex.Row.encodedSize
    var count = 0
    var end = FilePosition(0)
    while let row = BlockIndex.Row(content.part(from: count * width, count: width), of: key), row.position == end,
      row.end.value <= size.value
    {
      count += 1
      end = row.end
    }
    if count > 0 { try write(content.part(from: 0, count: count * width), key.indexPath) }
  }

  private func write(_ bytes: ByteSlice, _ path: String) throws(DiskError) {
    let file = try target.open(path, .create)
    try file.write([bytes], at: FilePosition(0))
    try file.sync()
  }
}

/// The frames behind a checkpoint as one journal file of its own, with a witness at its end: damage to any of them is
/// told from a torn tail.
struct JournalImage {
  let bytes: ByteSlice

  init(_ reading: FolderReading) {
    var writer = ByteWriter(capacity: 1 << 16)
    let incarnation = Incarnation(use: max(reading.checkpoint.firstUse, 1), random: reading.checkpoint.sequence.value)
    var chain: UInt32 = 0
    func add(_ header: JournalFrameHeader, _ payload: ByteSlice) {
      var header = header
      header.incarnation = incarnation
      header.chain = chain
      header.encode(to: &writer, salt: reading.checkpoint.salt)
      chain = header.chainValue
      payload.withUnsafeBytes { writer.writeBytes($0) }
      let padding = header.frameLength - JournalFrameHeader.size - payload.count
      writer.writeBytes([UInt8](repeating: 0, count: padding))
    }
    let checkpoint = reading.checkpoint
    let empty = Checksum.crc32c(ByteSlice.empty)
    add(
      JournalFrameHeader(
        kind: .open, endsUnit: true, incarnation: incarnation, sequence: checkpoint.sequence, unit: 0,
        durable: checkpoint.sequence, payloadLength: 0, payloadCRC: empty, chain: 0), .empty)
    for frame in reading.frames { add(frame.header, frame.payload) }
    let last = reading.frames.last?.header
    let end = last?.sequence ?? checkpoint.sequence
    add(
      JournalFrameHeader(
        kind: .witness, endsUnit: true, incarnation: incarnation, sequence: end.next,
        unit: max(checkpoint.nextUnit, (last?.unit ?? 0) + 1), durable: end, payloadLength: 0, payloadCRC: empty,
        chain: 0), .empty)
    bytes = writer.takeSlice()
  }
}
