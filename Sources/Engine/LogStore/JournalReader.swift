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
    /// The last sequence that counts: frames up to here are whole units.
    var last: JournalSequence
    /// The unit of that frame; 0 where there is none.
    var lastUnit: UInt64 = 0
    /// How many frames there are from the checkpoint to `last`.
    var count = 0
    /// All of them, where the journal is held in memory.
    var frames: [Frame]?
    /// The highest use of a journal file seen.
    var highestUse: UInt32
    /// Frames that were intact but belonged to a unit without its end, or stood behind the end.
    var dropped = 0
    /// Whether anything was written behind the checkpoint, even if it did not survive.
    var wasWritten = false
  }

  /// Where an intact header stands, in 16 bytes: there may be a million.
  private struct Place {
    let sequence: JournalSequence
    /// The file's number above 40 bits of position.
    let packed: UInt64

    init(sequence: JournalSequence, file: Int, position: Int) {
      self.sequence = sequence
      packed = UInt64(truncatingIfNeeded: file) << 40 | UInt64(truncatingIfNeeded: position) & 0xFF_FFFF_FFFF
    }

    var file: Int { Int(packed >> 40) }
    var position: Int { Int(packed & 0xFF_FFFF_FFFF) }
  }

  private let files: JournalFiles
  private let salt: JournalSalt
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
  /// Whether the frames are few enough to be held with the files.
  private var holdsFrames = false

  /// Looks for frames behind `checkpoint` that were written in use `firstUse` of a journal file or later, by the folder
  /// whose salt is `salt`. A journal of `held` bytes or less is kept in memory.
  package init(
    disk: any Disk, checkpoint: JournalSequence, firstUse: UInt32, salt: JournalSalt, held: ByteCount = .zero
  ) throws(DiskError) {
    self.checkpoint = checkpoint
    self.salt = salt
    highestUse = max(firstUse, 1) - 1
    noted = try DurableNote.read(disk)
    files = try JournalFiles(disk, held: held)
    for file in files.indices { try search(file, firstUse: firstUse) }
    places.sort { ($0.sequence, $0.packed) < ($1.sequence, $1.packed) }
    holdsFrames = files.holdsAll && places.count * MemoryLayout<Frame>.stride <= held.value / 2
  }

  private mutating func search(_ file: Int, firstUse: UInt32) throws(DiskError) {
    #if PLANTED_BUGS
      let firstUse = PlantedBug.is(.staleJournalAccepted) ? 0 : firstUse
    #endif
    try files.search(file) { position, bytes in
      guard let header = JournalFrameHeader.parse(bytes, at: 0, salt: salt), header.incarnation.use >= firstUse else {
        return
      }
      highestUse = max(highestUse, header.incarnation.use)
      if header.kind == .open {
        if header.sequence >= checkpoint { opens[header.sequence, default: []].append(header) }
      } else if header.sequence > checkpoint {
        places.append(Place(sequence: header.sequence, file: file, position: position))
      }
      if witness.map({ $0.header.durable < header.durable }) ?? true { witness = (header, files.path(file)) }
    }
  }

  /// How far the journal goes behind the checkpoint; throws when acknowledged frames are damaged.
  ///
  /// `givingUp` is the first frame that somebody has agreed to lose, with all behind it.
  func read(givingUp: JournalSequence? = nil) throws(RecoveryFailure) -> Outcome {
    var found = Outcome(last: checkpoint, highestUse: highestUse)
    var count = 0
    var frames: [Frame] = []
    do throws(DiskError) {
      var walk = walk()
      while let frame = try walk.next() {
        count += 1
        if holdsFrames { frames.append(frame) }
        guard frame.header.endsUnit else { continue }
        found.count = count
        found.lastUnit = frame.header.unit
      }
    } catch {
      throw .disk(error)
    }
    let missing = JournalSequence(checkpoint.value &+ UInt64(count)).next
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
    #if PLANTED_BUGS
      if PlantedBug.is(.unitWithoutEndKept) { found.count = count }
      if PlantedBug.is(.lastFrameForgotten) { found.count = max(found.count - 1, 0) }
    #endif
    found.last = JournalSequence(checkpoint.value &+ UInt64(found.count))
    found.dropped = places.count - found.count
    if holdsFrames {
      frames.removeLast(max(frames.count - found.count, 0))
      found.frames = frames
    }
    found.wasWritten = !places.isEmpty
    return found
  }

  /// The last sequence that anything here speaks of: none up to it may be given again.
  package var lastKnown: JournalSequence {
    max(witness?.header.durable ?? checkpoint, noted ?? checkpoint, places.last?.sequence ?? checkpoint, checkpoint)
  }

  /// Intact frames behind the checkpoint that a walk does not reach, by their headers.
  package func unreachable() throws(DiskError) -> [JournalFrameHeader] {
    var walk = walk()
    var end = checkpoint
    while let frame = try walk.next() { end = frame.header.sequence }
    var found: [JournalFrameHeader] = []
    for place in places where place.sequence > end && place.sequence != found.last?.sequence {
      if let header = try header(at: place) { found.append(header) }
    }
    return found
  }

  /// The payload of the frame with `header`, when it is intact.
  package func payload(of header: JournalFrameHeader) throws(DiskError) -> ByteSlice? {
    for place in places where place.sequence == header.sequence {
      if let payload = try payload(of: header, at: place), Checksum.crc32c(payload) == header.payloadCRC {
        return payload
      }
    }
    return nil
  }

  /// The file in which the header of the frame `sequence` stands, if that much of it is left.
  private func path(of sequence: JournalSequence) -> String? {
    places.first { $0.sequence == sequence }.map { files.path($0.file) }
  }

  /// The frames that follow one another behind the checkpoint, each intact, up to `last` or as far as they go.
  package func walk(through last: JournalSequence? = nil) -> Walk { Walk(self, through: last) }

  /// Goes over frames one at a time; a frame's payload is good for as long as somebody holds it.
  package struct Walk {
    private let reader: JournalReader
    private let last: JournalSequence?
    private var at = 0
    private var chain: UInt32?
    private var expected: JournalSequence

    fileprivate init(_ reader: JournalReader, through last: JournalSequence?) {
      self.reader = reader
      self.last = last
      expected = reader.checkpoint.next
    }

    /// The next frame; nil at the end.
    package mutating func next() throws(DiskError) -> Frame? {
      if let last, expected > last { return nil }
      while at < reader.places.count, reader.places[at].sequence <= expected {
        let place = reader.places[at]
        at += 1
        // Several at one sequence are copies of one frame, of which one may do.
        guard place.sequence == expected, let frame = try reader.frame(at: place, after: chain) else { continue }
        chain = frame.header.chainValue
        expected = expected.next
        return frame
      }
      return nil
    }
  }

  private func header(at place: Place) throws(DiskError) -> JournalFrameHeader? {
    let bytes = try files.bytes(place.file, at: place.position, count: JournalFrameHeader.size)
    return JournalFrameHeader.parse(bytes, at: 0, salt: salt)
  }

  /// What stands behind the header at `place`; nil where the file ends before it does.
  private func payload(of header: JournalFrameHeader, at place: Place) throws(DiskError) -> ByteSlice? {
    let start = place.position + JournalFrameHeader.size
    guard header.payloadLength <= files.size(place.file) - start else { return nil }
    let payload = try files.bytes(place.file, at: start, count: header.payloadLength)
    return payload.count == header.payloadLength ? payload : nil
  }

  /// The frame at `place`, when it is intact and follows the one whose chain value is `chain`: directly, or as the first
  /// in the next file.
  private func frame(at place: Place, after chain: UInt32?) throws(DiskError) -> Frame? {
    guard let header = try header(at: place) else { return nil }
    #if PLANTED_BUGS
      let chain = PlantedBug.is(.staleJournalAccepted) ? nil : chain
    #endif
    if let chain, header.chain != chain {
      let before = opens[JournalSequence(header.sequence.value - 1)] ?? []
      guard before.contains(where: { $0.chain == chain && $0.chainValue == header.chain }) else { return nil }
    }
    guard let payload = try payload(of: header, at: place) else { return nil }
    #if PLANTED_BUGS
      if PlantedBug.is(.payloadNotChecked) { return Frame(header: header, payload: payload) }
    #endif
    return Checksum.crc32c(payload) == header.payloadCRC ? Frame(header: header, payload: payload) : nil
  }
}
