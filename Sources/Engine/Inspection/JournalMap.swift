package import ByteCodec
package import LogStore
package import Machine
package import Units

/// Where the journal's frames stand, in the files as they are: for naming damage by its place.
package struct JournalMap {
  package struct Frame: Sendable {
    package var position: Int64
    package var header: JournalFrameHeader
    package var isPayloadIntact: Bool
  }

  package struct File {
    package var path: String
    package var bytes: ByteSlice
    /// Frames of uses of interest whose headers are intact, by position.
    package var frames: [Frame]
  }

  package private(set) var files: [File] = []

  /// Maps the frames that the folder of `checkpoint` needs or may need.
  package init(_ disk: any Disk, _ checkpoint: Checkpoint) throws(DiskError) {
    for entry in try disk.list(JournalWriter.folder) where entry.name.hasSuffix(".journal") {
      let path = "\(JournalWriter.folder)/\(entry.name)"
      let file = try disk.open(path, .read)
      let bytes = try file.read(count: Int(try file.size().value), at: FilePosition(0))
      var frames: [Frame] = []
      for position in JournalFrameHeader.candidates(in: bytes) {
        guard let header = JournalFrameHeader.parse(bytes, at: position, salt: checkpoint.salt),
          header.incarnation.use >= checkpoint.firstUse
        else { continue }
        let payload = bytes.part(from: position + JournalFrameHeader.size, count: header.payloadLength)
        frames.append(
          Frame(
            position: Int64(position), header: header,
            isPayloadIntact: payload.count == header.payloadLength && Checksum.crc32c(payload) == header.payloadCRC))
      }
      files.append(File(path: path, bytes: bytes, frames: frames))
    }
  }

  /// All frames with intact headers.
  package var frameCount: Int { files.reduce(0) { $0 + $1.frames.count } }

  /// A stretch of a file in which a frame with this sequence stands or should stand.
  package struct Place: Equatable, Sendable {
    package var file: Int
    package var bytes: Range<Int64>
    /// Whether its header can be read.
    package var hasHeader: Bool
  }

  /// Where the frame `sequence` stands, or must have stood: behind the one before it, up to the next intact one.
  package func place(of sequence: JournalSequence) -> Place? {
    for (number, file) in files.enumerated() {
      if let frame = file.frames.first(where: { $0.header.sequence == sequence && $0.header.kind != .open }) {
        let end = frame.position + Int64(frame.header.frameLength)
        return Place(file: number, bytes: frame.position..<end, hasHeader: true)
      }
    }
    for (number, file) in files.enumerated() {
      guard let before = file.frames.lastIndex(where: { $0.header.sequence.next == sequence }) else { continue }
      let start = file.frames[before].position + Int64(file.frames[before].header.frameLength)
      let incarnation = file.frames[before].header.incarnation
      let behind = file.frames.first { $0.position >= start && $0.header.incarnation == incarnation }
      if let behind { return Place(file: number, bytes: start..<behind.position, hasHeader: false) }
    }
    return nil
  }
}
