import ByteCodec
import LogStore
package import Machine
import Units

/// What a check of a whole data folder found.
package struct VerifyReport: Sendable {
  package var findings: [Finding] = []
  package var files = 0
  package var bytes: Int64 = 0
  package var partitions = 0
  package var segments = 0
  package var batches = 0
  package var journalFrames = 0

  package var isDamaged: Bool { findings.contains { $0.weight == .damage } }

  /// For a person, in one line.
  package var summary: String {
    "\(isDamaged ? "damaged" : "sound"): \(partitions) partitions, \(segments) segments, \(batches) batches, "
      + "\(journalFrames) journal frames, \(bytes) bytes checked"
  }
}

/// Checks every byte of a data folder against what was written, without changing anything.
package struct Verification {
  private let disk: any Disk
  /// The server may be writing: what changes meanwhile is looked at again.
  private let isLive: Bool
  private var report = VerifyReport()

  /// A check of the folder on `disk`, which no process may have open unless `isLive`.
  package static func run(_ disk: any Disk, isLive: Bool = false) throws(InspectionError) -> VerifyReport {
    var lock: (any DiskLock)?
    if !isLive { lock = try FolderAccess.lock(disk) }
    var check = Verification(disk: disk, isLive: isLive)
    do throws(DiskError) {
      try check.all()
    } catch {
      throw InspectionError(.disk, error.description)
    }
    withExtendedLifetime(lock) {}
    return check.report
  }

  private init(disk: any Disk, isLive: Bool) {
    self.disk = disk
    self.isLive = isLive
  }

  private mutating func all() throws(DiskError) {
    let reading: FolderReading
    do throws(RecoveryFailure) {
      reading = try FolderAccess.reading(disk, isLive: isLive)
    } catch {
      if case .disk(let reason) = error { throw reason }
      try checkCheckpoints(nil)
      report.findings.append(Finding(.checkpoint, .damage, "", error.description))
      return
    }
    try checkCheckpoints(reading)
    try checkJournal(reading)
    try checkSegments(reading)
    try checkOrphans(reading)
  }

  // MARK: Checkpoints

  private mutating func checkCheckpoints(_ reading: FolderReading?) throws(DiskError) {
    for (index, name) in Checkpoint.fileNames.enumerated() {
      guard let content = try FolderAccess.content(name, on: disk) else {
        // A folder's first checkpoint is alone.
        continue
      }
      count(content.count)
      let copies = Checkpoint.intactCopies(content)
      if copies.allSatisfy({ $0 }) { continue }
      // A cut while it was written tears the older file, and only then: the newer one is read.
      let mayBeTorn = reading.map { index != $0.fileIndex && !$0.checkpoint.isCleanStop } ?? false
      let half = Int64(content.count / 2)
      let bad = copies.indices.filter { !copies[$0] }
      let range = Int64(bad.first ?? 0) * half..<max(1, Int64((bad.last ?? 0) + 1) * half)
      let what =
        bad.count == 1
        ? "one of its two copies does not match its CRC; the other one serves"
        : mayBeTorn
          ? "neither copy matches its CRC, as after a cut while it was written; the other checkpoint is newer and serves"
          : "neither copy matches its CRC" + (reading == nil ? "" : "; the other checkpoint serves")
      report.findings.append(
        Finding(.checkpoint, mayBeTorn || isLive ? .note : .damage, name, bytes: range, what))
    }
  }

  // MARK: Journal

  private mutating func checkJournal(_ reading: FolderReading) throws(DiskError) {
    let map = try JournalMap(disk, reading.checkpoint)
    for file in map.files { count(file.bytes.count) }
    report.journalFrames = map.frameCount
    let end = reading.frames.last?.header.sequence ?? reading.checkpoint.sequence
    if let damage = reading.damage, case .journalDamaged(let path, let missing, _, let durable) = damage {
      let place = map.place(of: missing)
      var finding = Finding(
        .journal, .damage, place.map { map.files[$0.file].path } ?? path, bytes: place?.bytes,
        "frame \(missing.value) cannot be read, and frames up to \(durable.value) had been acknowledged: the server "
          + "refuses to start; see `millrace repair --dry-run`")
      if let place, place.hasHeader,
        let header = map.files[place.file].frames.first(where: { $0.position == place.bytes.lowerBound })?.header,
        header.kind == .batch
      {
        finding.partition = reading.name(of: header.place.partition)
        let first = header.place.baseOffset.value
        finding.offsets = first...first
      }
      report.findings.append(finding)
    }
    for file in map.files {
      for frame in file.frames where !frame.isPayloadIntact && frame.header.sequence <= reading.checkpoint.sequence {
        report.findings.append(
          Finding(
            .journal, .note, file.path,
            bytes: frame.position..<frame.position + Int64(frame.header.frameLength),
            "frame \(frame.header.sequence.value) is damaged; the checkpoint has what it said"))
      }
      checkGaps(file, end: end, reading)
    }
  }

  /// Headers that are gone between frames that the checkpoint covers: nothing needs them.
  private mutating func checkGaps(_ file: JournalMap.File, end: JournalSequence, _ reading: FolderReading) {
    for (frame, next) in zip(file.frames, file.frames.dropFirst())
    where frame.header.incarnation == next.header.incarnation && frame.header.sequence < reading.checkpoint.sequence {
      let expected = frame.position + Int64(frame.header.frameLength)
      guard next.position > expected else { continue }
      report.findings.append(
        Finding(
          .journal, .note, file.path, bytes: expected..<next.position,
          "frame \(frame.header.sequence.value + 1) is damaged; the checkpoint has what it said"))
    }
  }

  // MARK: Segments

  private mutating func checkSegments(_ reading: FolderReading) throws(DiskError) {
    report.partitions = reading.state.partitions.count
    for (key, extent) in reading.settledSegments() {
      let check = try SegmentCheck(key, extent, on: disk)
      if !check.damages.isEmpty, isLive, try !isStillListed(key) { continue }
      count(Int(extent.size.value))
      report.segments += 1
      report.batches += check.batches
      let name = reading.name(of: key.partition)
      for damage in check.damages {
        report.findings.append(
          Finding(
            .segment, .damage, key.logPath, bytes: damage.bytes, partition: name, offsets: damage.offsets,
            damage.reason))
      }
      if check.indexIsDamaged, !isLive {
        report.findings.append(
          Finding(.index, .note, key.indexPath, partition: name, "rows do not match their CRC; they are made again"))
      }
    }
  }

  /// Whether the newest checkpoint of a running server still speaks of this segment.
  private func isStillListed(_ key: SegmentKey) throws(DiskError) -> Bool {
    do throws(RecoveryFailure) {
      let fresh = try FolderAccess.reading(disk, isLive: true)
      return fresh.settledSegments().contains { $0.key == key }
    } catch {
      if case .disk(let reason) = error { throw reason }
      return true
    }
  }

  // MARK: Orphans

  private mutating func checkOrphans(_ reading: FolderReading) throws(DiskError) {
    guard !isLive else { return }
    let doomed = reading.state.doomed.map(\.path) + reading.checkpoint.doomed
    for path in try Orphans.find(on: disk, state: reading.state, doomed: doomed) {
      report.findings.append(
        Finding(.orphan, .note, path, "nothing refers to it; a start moves it to the folder '\(Orphans.folder)'"))
    }
  }

  private mutating func count(_ bytes: Int) {
    report.files += 1
    report.bytes += Int64(bytes)
  }
}
