import ByteCodec
import Machine
import Units

/// Reads the journal behind a checkpoint: which frames are there, where they end, and whether that end is a torn tail or
/// damage.
///
/// A frame that cannot be read ends the journal. If any later frame says that the sequence was durable when it was
/// written, acknowledged data is damaged and nothing may be cut; otherwise what follows was never synced. Only frames of
/// the last group or two can be both acknowledged and unwitnessed; an idle node writes a witness to close that gap.
struct JournalReader {
  struct Frame {
    var header: JournalFrameHeader
    var payload: ByteSlice
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

  private struct File {
    var path: String
    var bytes: ByteSlice
    var open: JournalFrameHeader?
  }

  /// The largest payload a frame can have: a batch of the largest request.
  static let maximumPayload = 256 << 20

  private var files: [File] = []
  private let checkpoint: JournalSequence
  private let firstUse: UInt32

  init(disk: any Disk, checkpoint: Checkpoint) throws(DiskError) {
    self.checkpoint = checkpoint.sequence
    firstUse = checkpoint.firstUse
    for entry in try disk.list(JournalWriter.folder) where entry.name.hasSuffix(".journal") {
      let path = "\(JournalWriter.folder)/\(entry.name)"
      let file = try disk.open(path, .read)
      let bytes = try file.read(count: Int(try file.size().value), at: FilePosition(0))
      let open = JournalFrameHeader.parse(bytes, at: 0).flatMap { $0.kind == .open ? $0 : nil }
      files.append(File(path: path, bytes: bytes, open: open))
    }
  }

  /// All frames behind the checkpoint; throws when acknowledged ones are damaged.
  func read() throws(RecoveryFailure) -> Outcome {
    let current = files.filter { ($0.open?.incarnation.use ?? 0) >= firstUse }
      .sorted { ($0.open?.incarnation.use ?? 0) < ($1.open?.incarnation.use ?? 0) }
    var outcome = Outcome(
      last: checkpoint, highestUse: max(current.last?.open?.incarnation.use ?? 0, max(firstUse, 1) - 1))
    outcome.wasWritten = !current.isEmpty
    let first = current.lastIndex { ($0.open?.sequence ?? .start) <= checkpoint }
    var scan = Scan(checkpoint: checkpoint)
    for file in current[(first ?? 0)...] {
      guard scan.begins(file.open) else { break }
      scan.walk(file.bytes)
    }
    try checkWitness(of: scan)
    let whole = scan.frames.lastIndex { $0.header.endsUnit }.map { $0 + 1 } ?? 0
    outcome.dropped = scan.frames.count - whole
    outcome.frames = Array(scan.frames[..<whole])
    if let last = outcome.frames.last { outcome.last = last.header.sequence }
    outcome.wasWritten = outcome.wasWritten && (scan.expected > checkpoint.next || outcome.dropped > 0)
    return outcome
  }

  /// Looks in all files for a frame behind the end that has seen the missing one synced.
  private func checkWitness(of scan: Scan) throws(RecoveryFailure) {
    for file in files {
      var at = 0
      while at + JournalFrameHeader.size <= file.bytes.count {
        defer { at += 8 }
        guard let header = JournalFrameHeader.parse(file.bytes, at: at), header.incarnation.use >= firstUse,
          header.sequence >= scan.expected, header.durable >= scan.expected
        else { continue }
        throw .journalDamaged(
          path: file.path, sequence: scan.expected, witness: header.sequence, durable: header.durable)
      }
    }
  }

  /// The walk from frame to frame, over as many files as follow one another.
  private struct Scan {
    var expected: JournalSequence
    var frames: [Frame] = []
    private var chain: UInt32?
    private var incarnation = Incarnation(value: 0)
    private let checkpoint: JournalSequence

    init(checkpoint: JournalSequence) {
      self.checkpoint = checkpoint
      expected = checkpoint.next
    }

    /// Whether a file that opens with `header` goes on where the walk stands.
    mutating func begins(_ header: JournalFrameHeader?) -> Bool {
      guard let header else { return false }
      if let chain {
        guard header.sequence.next == expected, header.chain == chain else { return false }
      } else {
        guard header.sequence < expected else { return false }
        chain = header.chain
      }
      incarnation = header.incarnation
      return true
    }

    mutating func walk(_ bytes: ByteSlice) {
      var at = 0
      var sequence: JournalSequence?
      while let header = JournalFrameHeader.parse(bytes, at: at), header.incarnation == incarnation,
        header.chain == chain, header.payloadLength <= JournalReader.maximumPayload
      {
        let isOpen = at == 0
        guard isOpen == (header.kind == .open) else { return }
        if let sequence, header.sequence != sequence.next { return }
        let payload = bytes.part(from: at + JournalFrameHeader.size, count: header.payloadLength)
        if !isOpen, header.sequence > checkpoint {
          guard payload.count == header.payloadLength, Checksum.crc32c(payload) == header.payloadCRC else { return }
          frames.append(Frame(header: header, payload: payload))
          expected = header.sequence.next
        }
        sequence = header.sequence
        chain = header.chainValue
        at += header.frameLength
      }
    }
  }
}
