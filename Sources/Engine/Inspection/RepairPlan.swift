package import ByteCodec
package import LogStore
package import Machine
import RecordFormat
import Units

/// Offsets of a partition, or frames of the journal, that a repair would give up.
package struct Loss: Sendable, Equatable, CustomStringConvertible {
  /// `topic/number`, or `journal` for frames that belong to no partition.
  package var place: String
  package var first: Int64
  package var last: Int64

  package init(place: String, first: Int64, last: Int64) {
    self.place = place
    self.first = first
    self.last = last
  }

  /// Reads `TOPIC/PARTITION:FIRST-LAST` or `journal:FIRST-LAST`.
  package init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":") else { return nil }
    let bounds = text[text.index(after: colon)...].split(separator: "-", omittingEmptySubsequences: false)
    guard bounds.count == 2, let first = Int64(bounds[0]), let last = Int64(bounds[1]), first >= 0, first <= last,
      colon > text.startIndex
    else { return nil }
    self.init(place: String(text[..<colon]), first: first, last: last)
  }

  package var description: String { "\(place):\(first)-\(last)" }

  func isCovered(by others: [Loss]) -> Bool {
    others.contains { $0.place == place && $0.first <= first && $0.last >= last }
  }
}

/// What a repair would do to a folder.
package struct RepairPlan: Sendable {
  /// Bytes put back as they were: nothing is lost.
  package struct Patch: Sendable {
    package var path: String
    package var position: Int64
    package var bytes: ByteSlice
    package var what: String
  }

  /// A stretch of a segment for which a batch without records will stand.
  package struct Gap: Sendable {
    package var key: SegmentKey
    package var bytes: Range<Int64>
    package var offsets: ClosedRange<Int64>
  }

  package internal(set) var patches: [Patch] = []
  package internal(set) var gaps: [Gap] = []
  /// What has to be accepted by name.
  package internal(set) var losses: [Loss] = []
  /// What else there is to know.
  package internal(set) var remarks: [String] = []
  var journalLoss: AcceptedLoss?

  /// Nothing has to be done.
  package var isEmpty: Bool { patches.isEmpty && gaps.isEmpty && journalLoss == nil }

  /// For a person: what would be done, and the command that does it.
  package func lines(folder: String) -> [String] {
    if isEmpty { return ["nothing has to be repaired"] + remarks }
    var lines = patches.map { "restores without loss: \($0.what)" }
    lines += losses.map { "gives up: \($0)" }
    lines += remarks
    let accepted = losses.map { " --accept-loss \($0)" }.joined()
    lines.append("to do this: millrace repair \(folder)\(accepted.isEmpty ? " --apply" : accepted)")
    return lines
  }

  /// Looks at the folder on `disk`, whose lock the caller holds.
  package init(_ disk: any Disk) throws(InspectionError) {
    do throws(RecoveryFailure) {
      let reading = try FolderReading(disk)
      do throws(DiskError) {
        try planJournal(reading, disk)
        try planSegments(reading, disk)
      } catch {
        throw RecoveryFailure.disk(error)
      }
    } catch {
      throw InspectionError(.refused, error.description)
    }
  }

  // MARK: Journal

  private mutating func planJournal(_ reading: FolderReading, _ disk: any Disk) throws(DiskError) {
    guard case .journalDamaged(_, let missing, _, let durable) = reading.damage else { return }
    let map = try JournalMap(disk, reading.checkpoint)
    if let place = map.place(of: missing), let patch = try patch(map, place, missing, reading.checkpoint.salt, disk) {
      patches.append(patch)
      remarks.append("run the repair again afterwards: there may be damage behind what is restored")
      return
    }
    let unreachable = try reading.journal.unreachable().filter { $0.sequence > missing }
    var ends: [PartitionKey: Offset] = [:]
    var others = unreachable.isEmpty
    for header in unreachable + damagedHeader(map, missing) {
      guard header.kind == .batch else {
        others = others || header.kind == .control
        continue
      }
      let base = header.place.baseOffset
      let batch = try reading.journal.payload(of: header).flatMap { try? RecordBatchHeader($0.bytes) }
      let next = batch.map { base.advanced(by: Int64($0.lastOffsetDelta) + 1) } ?? base.advanced(by: 1)
      ends[header.place.partition] = max(ends[header.place.partition] ?? next, next)
    }
    for partition in reading.state.partitions.values {
      let end = try Self.writtenEnd(partition, disk)
      if end > partition.end { ends[partition.key] = max(ends[partition.key] ?? end, end) }
    }
    for (key, end) in ends.sorted(by: { $0.key < $1.key }) {
      guard let partition = reading.state.partition(key), end > partition.end else { continue }
      losses.append(Loss(place: reading.name(of: key), first: partition.end.value, last: end.value - 1))
    }
    if losses.isEmpty || others {
      losses.append(Loss(place: "journal", first: Int64(missing.value), last: Int64(max(durable, missing).value)))
    }
    remarks.append(
      "the journal ends before frame \(missing.value): what stands behind it (\(unreachable.count) readable frames) is "
        + "given up; changes of topics and settings among them are lost")
    journalLoss = AcceptedLoss(firstFrame: missing, lastFrame: max(durable, reading.journal.lastKnown), ends: ends)
  }

  private func damagedHeader(_ map: JournalMap, _ missing: JournalSequence) -> [JournalFrameHeader] {
    map.files.flatMap(\.frames).filter { $0.header.sequence == missing && $0.header.kind == .batch }.map(\.header)
  }

  /// The end of a partition by the batches in its last segment's file, trusted or not: offsets up to there may have been
  /// given.
  private static func writtenEnd(_ partition: PartitionLog, _ disk: any Disk) throws(DiskError) -> Offset {
    guard let last = partition.segments.last else { return partition.end }
    let path = FolderReading.key(partition, last).logPath
    guard let content = try FolderAccess.content(path, on: disk) else { return partition.end }
    var at = Int(last.size.value)
    var end = partition.end
    while let header = SegmentCheck.intactBatch(content, at: at, end...end) {
      end = header.nextOffset
      at += header.totalSize
    }
    return end
  }

  /// The bytes of a damaged frame as they were: by turning one bit back, or from the segment, which has the same batch.
  private func patch(
    _ map: JournalMap, _ place: JournalMap.Place, _ missing: JournalSequence, _ salt: JournalSalt, _ disk: any Disk
  ) throws(DiskError) -> Patch? {
    let file = map.files[place.file]
    let at = Int(place.bytes.lowerBound)
    guard place.hasHeader else {
      let size = JournalFrameHeader.size
      let bytes = file.bytes.part(from: at, count: size)
      guard bytes.count == size else { return nil }
      for bit in 0..<8 * size {
        var turned = bytes.copy()
        turned[bit / 8] ^= 1 << UInt8(bit % 8)
        let restored = ByteSlice(copying: turned)
        guard JournalFrameHeader.parse(restored, at: 0, salt: salt)?.sequence == missing else { continue }
        return Patch(
          path: file.path, position: Int64(at), bytes: restored,
          what: "one bit at byte \(at + bit / 8) of \(file.path), in a frame's header")
      }
      return nil
    }
    guard let header = file.frames.first(where: { $0.position == place.bytes.lowerBound })?.header else { return nil }
    let start = at + JournalFrameHeader.size
    let payload = file.bytes.part(from: start, count: header.payloadLength)
    if payload.count == header.payloadLength,
      let found = BitSyndrome.restored(payload, checksum: header.payloadCRC)
    {
      return Patch(
        path: file.path, position: Int64(start), bytes: found.bytes,
        what: "one bit at byte \(start + found.byte) of \(file.path), in the content of a frame")
    }
    guard header.kind == .batch else { return nil }
    let path = SegmentKey(partition: header.place.partition, base: header.place.segment).logPath
    guard let content = try FolderAccess.content(path, on: disk) else { return nil }
    let copy = content.part(from: Int(header.place.position.value), count: header.payloadLength)
    guard copy.count == header.payloadLength, Checksum.crc32c(copy) == header.payloadCRC else { return nil }
    return Patch(
      path: file.path, position: Int64(start), bytes: copy,
      what: "the content of frame \(header.sequence.value) in \(file.path), from its copy in \(path)")
  }

  // MARK: Segments

  private mutating func planSegments(_ reading: FolderReading, _ disk: any Disk) throws(DiskError) {
    for (key, extent) in reading.settledSegments() {
      let check = try SegmentCheck(key, extent, on: disk)
      var restored: Set<Int64> = []
      for damage in check.damages {
        if let bit = damage.bit {
          guard restored.insert(bit.byte).inserted else { continue }
          if let patch = try Self.patch(key.logPath, bit, disk) { patches.append(patch) }
          continue
        }
        gaps.append(Gap(key: key, bytes: damage.bytes, offsets: damage.offsets))
        losses.append(
          Loss(
            place: reading.name(of: key.partition), first: damage.offsets.lowerBound, last: damage.offsets.upperBound)
        )
      }
    }
  }

  private static func patch(
    _ path: String, _ bit: (byte: Int64, bit: Int), _ disk: any Disk
  ) throws(DiskError) -> Patch? {
    let bytes = try disk.open(path, .read).read(count: 1, at: FilePosition(bit.byte)).copy()
    guard let byte = bytes.first else { return nil }
    return Patch(
      path: path, position: bit.byte, bytes: ByteSlice(copying: [byte ^ (1 << UInt8(bit.bit))]),
      what: "one bit at byte \(bit.byte) of \(path)")
  }
}
