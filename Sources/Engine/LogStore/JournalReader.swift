package import ByteCodec
package import Machine
package import Units

/// Reads the journal behind a checkpoint: which frames are there, where they end, and whether that end is a torn tail or
/// damage.
///
/// Every intact frame header is found by search, wherever it stands, so that damage to a frame that is no longer needed
/// hides none that is. The frames are then put together by sequence and chain value. A frame that cannot be read ends the
/// journal. If any later frame says that the sequence was durable when it was written, acknowledged data is damaged and
/// nothing may be cut; otherwise what follows was never synced. Only frames of the last group or two can be both
/// acknowledged and unwitnessed; an idle node writes a witness to close that gap.
package struct JournalReader {
  package struct Frame {
    package var header: JournalFrameHeader
    package var payload: ByteSlice
  }

  struct Outcome {
    /// Frames behind the checkpoint, whole units only, in sequence.
    var frames: [Frame] = []
    /// The last sequence that counts.
    var last: JournalSequence
    /// The highest use of a journal file seen.
    var highestUse: UInt32
    /// Frames that were intact but belonged to a unit without its end, or stood behind the end.
    var dropped = 0
    /// Whether anything was written behind the checkpoint, even if it did not survive.
    var wasWritten = false
  }

  /// Where an intact header stands.
  private struct Place {
    var sequence: JournalSequence
    var file: Int
    var position: Int
  }

  /// The largest payload a frame can have: a batch of the largest request.
  package static let maximumPayload = 256 << 20

  private var files: [(path: String, bytes: ByteSlice)] = []
  /// Frames behind the checkpoint, by sequence.
  private var places: [Place] = []
  /// The first frames of files, by the sequence before the file's own.
  private var opens: [JournalSequence: [JournalFrameHeader]] = [:]
  /// The frame that knows of the highest durable sequence.
  private var witness: (header: JournalFrameHeader, path: String)?
  private var highestUse: UInt32
  /// What was durable when the node was last idle, if that is known.
  private let noted: JournalSequence?
  private let checkpoint: JournalSequence

  /// Looks for frames behind `checkpoint` that were written in use `firstUse` of a journal file or later.
  package init(disk: any Disk, checkpoint: JournalSequence, firstUse: UInt32) throws(DiskError) {
    self.checkpoint = checkpoint
    highestUse = max(firstUse, 1) - 1
    noted = try DurableNote.read(disk)
    for entry in try disk.list(JournalWriter.folder) where entry.name.hasSuffix(".journal") {
      let path = "\(JournalWriter.folder)/\(entry.name)"
      let file = try disk.open(path, .read)
      files.append((path, try file.read(count: Int(try file.size().value), at: FilePosition(0))))
      search(files.count - 1, firstUse: firstUse)
    }
    places.sort { ($0.sequence, $0.file, $0.position) < ($1.sequence, $1.file, $1.position) }
  }

  private mutating func search(_ file: Int, firstUse: UInt32) {
    #if PLANTED_BUGS
      let firstUse = PlantedBug.is(.staleJournalAccepted) ? 0 : firstUse
    #endif
    let (path, bytes) = files[file]
    for position in JournalFrameHeader.candidates(in: bytes) {
      guard let header = JournalFrameHeader.parse(bytes, at: position), header.incarnation.use >= firstUse else {
        continue
      }
      highestUse = max(highestUse, header.incarnation.use)
      if header.kind == .open {
        if header.sequence >= checkpoint { opens[header.sequence, default: []].append(header) }
      } else if header.sequence > checkpoint {
        places.append(Place(sequence: header.sequence, file: file, position: position))
      }
      if witness.map({ $0.header.durable < header.durable }) ?? true { witness = (header, path) }
    }
  }

  /// All frames behind the checkpoint; throws when acknowledged ones are damaged.
  ///
  /// `givingUp` is the first frame that somebody has agreed to lose, with all behind it.
  func read(givingUp: JournalSequence? = nil) throws(RecoveryFailure) -> Outcome {
    let found = frames()
    let missing = (found.last?.header.sequence ?? checkpoint).next
    #if PLANTED_BUGS
      let witness = PlantedBug.is(.evidenceIgnored) ? nil : witness
      let noted = PlantedBug.is(.evidenceIgnored) ? nil : noted
    #endif
    if let witness, witness.header.durable >= missing, givingUp != missing {
      throw .journalDamaged(
        path: path(of: missing) ?? witness.path, sequence: missing, witness: witness.header.sequence,
        durable: witness.header.durable)
    }
    if let noted, noted >= missing, givingUp != missing {
      throw .journalDamaged(
        path: path(of: missing) ?? JournalWriter.folder, sequence: missing, witness: noted.next, durable: noted)
    }
    let ended = found.lastIndex { $0.header.endsUnit }.map { $0 + 1 } ?? 0
    #if PLANTED_BUGS
      let kept = PlantedBug.is(.unitWithoutEndKept) ? found.count : ended
      let whole = PlantedBug.is(.lastFrameForgotten) ? max(kept - 1, 0) : kept
    #else
      let whole = ended
    #endif
    var outcome = Outcome(last: checkpoint, highestUse: highestUse)
    outcome.dropped = places.count - whole
    outcome.frames = Array(found[..<whole])
    if let last = outcome.frames.last { outcome.last = last.header.sequence }
    outcome.wasWritten = !places.isEmpty
    return outcome
  }

  /// The last sequence that anything here speaks of: none up to it may be given again.
  package var lastKnown: JournalSequence {
    max(witness?.header.durable ?? checkpoint, noted ?? checkpoint, places.last?.sequence ?? checkpoint, checkpoint)
  }

  /// Intact frames behind the checkpoint that `frames` does not reach, by their headers.
  package func unreachable() -> [JournalFrameHeader] {
    let end = frames().last?.header.sequence ?? checkpoint
    var seen: Set<JournalSequence> = []
    return places.compactMap { place in
      guard place.sequence > end, seen.insert(place.sequence).inserted else { return nil }
      return JournalFrameHeader.parse(files[place.file].bytes, at: place.position)
    }
  }

  /// The payload of the frame with `header`, when it is intact.
  package func payload(of header: JournalFrameHeader) -> ByteSlice? {
    for place in places where place.sequence == header.sequence {
      let start = place.position + JournalFrameHeader.size
      let payload = files[place.file].bytes.part(from: start, count: header.payloadLength)
      if payload.count == header.payloadLength, Checksum.crc32c(payload) == header.payloadCRC { return payload }
    }
    return nil
  }

  /// The file in which the header of the frame `sequence` stands, if that much of it is left.
  private func path(of sequence: JournalSequence) -> String? {
    places.first { $0.sequence == sequence }.map { files[$0.file].path }
  }

  /// The frames that follow one another behind the checkpoint, each intact.
  package func frames() -> [Frame] {
    var frames: [Frame] = []
    var chain: UInt32?
    var expected = checkpoint.next
    for place in places where place.sequence >= expected {
      guard place.sequence == expected else { break }
      // Several at one sequence are copies of one frame, of which one may do.
      guard let frame = frame(at: place, after: chain) else { continue }
      frames.append(frame)
      chain = frame.header.chainValue
      expected = expected.next
    }
    return frames
  }

  /// The frame at `place`, when it is intact and follows the one whose chain value is `chain`: directly, or as the first
  /// in the next file.
  private func frame(at place: Place, after chain: UInt32?) -> Frame? {
    let bytes = files[place.file].bytes
    guard let header = JournalFrameHeader.parse(bytes, at: place.position),
      header.payloadLength <= Self.maximumPayload
    else { return nil }
    #if PLANTED_BUGS
      let chain = PlantedBug.is(.staleJournalAccepted) ? nil : chain
    #endif
    if let chain, header.chain != chain {
      let before = opens[JournalSequence(header.sequence.value - 1)] ?? []
      guard before.contains(where: { $0.chain == chain && $0.chainValue == header.chain }) else { return nil }
    }
    let payload = bytes.part(from: place.position + JournalFrameHeader.size, count: header.payloadLength)
    #if PLANTED_BUGS
      if PlantedBug.is(.payloadNotChecked) { return Frame(header: header, payload: payload) }
    #endif
    guard payload.count == header.payloadLength, Checksum.crc32c(payload) == header.payloadCRC else { return nil }
    return Frame(header: header, payload: payload)
  }
}
