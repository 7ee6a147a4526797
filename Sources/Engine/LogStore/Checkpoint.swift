package import ByteCodec
package import Units

/// The whole state as of one journal sequence, so that recovery reads the journal only from there.
///
/// Two files, `checkpoint-a` and `checkpoint-b`, are written in turn; each holds its body twice, so that one flipped bit
/// costs nothing. A checkpoint counts only after every segment byte and name it speaks of has been synced.
package struct Checkpoint: Sendable {
  package var sequence: JournalSequence
  /// The node's leader epoch.
  package var epoch: Int32
  /// What frames of the journal are made with: the same over the whole life of the folder.
  package var salt: JournalSalt
  /// Journal files of earlier uses than this are of no interest to recovery.
  package var firstUse: UInt32
  /// The node was stopped in order after this checkpoint, with nothing behind it.
  package var isCleanStop: Bool
  /// The next number of a unit.
  package var nextUnit: UInt64
  /// `LogState`, encoded.
  package var state: ByteSlice
  /// Files and folders that nothing refers to any more, not yet removed.
  package var doomed: [String]
  /// What others keep with the state, by name. The store does not look into it.
  package var attachments: [CheckpointAttachment] = []

  package init(
    sequence: JournalSequence, epoch: Int32, salt: JournalSalt, firstUse: UInt32, isCleanStop: Bool, nextUnit: UInt64,
    state: ByteSlice, doomed: [String]
  ) {
    self.sequence = sequence
    self.epoch = epoch
    self.salt = salt
    self.firstUse = firstUse
    self.isCleanStop = isCleanStop
    self.nextUnit = nextUnit
    self.state = state
    self.doomed = doomed
  }

  package static let magic: UInt32 = 0x4D52_4350  // "MRCP"
  /// The folder's format; a program reads its own and no other.
  package static let version: UInt16 = 2
  private static let prologue = 16

  package static let fileNames = ["checkpoint-a", "checkpoint-b"]

  /// The file's content: two copies of prologue and body.
  package func encoded() -> ByteSlice {
    var body = ByteWriter(capacity: state.count + 256)
    body.writeUInt16(Self.version)
    body.writeUInt64(sequence.value)
    body.writeInt32(epoch)
    body.writeUInt64(salt.value)
    body.writeUInt32(firstUse)
    body.writeBool(isCleanStop)
    body.writeUInt64(nextUnit)
    body.writeList(doomed) { writer, path in writer.writeLongText(path) }
    body.writeInt64(Int64(state.count))
    state.withUnsafeBytes { body.writeBytes($0) }
    CheckpointAttachment.write(attachments, to: &body)
    let bytes = body.takeSlice()
    var file = ByteWriter(capacity: 2 * (bytes.count + Self.prologue))
    for _ in 0..<2 {
      file.writeUInt32(Self.magic)
      file.writeInt64(Int64(bytes.count))
      file.writeUInt32(Checksum.crc32c(bytes))
      bytes.withUnsafeBytes { file.writeBytes($0) }
    }
    return file.takeSlice()
  }

  /// Why a checkpoint file is of no use.
  package enum Unreadable: Error, Equatable {
    case damaged
    case otherFormat(UInt16)
  }

  /// The checkpoint in `file`, from whichever copy is intact. Bytes behind the two copies do not matter: the file may
  /// have been longer, and its new size lost.
  package static func decode(_ file: ByteSlice) -> Result<Checkpoint, Unreadable> {
    let second = length(of: file).map { prologue + $0 }
    for start in [0, second ?? file.count / 2, file.count / 2] {
      guard let body = intactBody(file.dropping(start)) else { continue }
      var reader = ByteReader(body)
      guard let version = try? reader.readUInt16() else { continue }
      guard version == Self.version else { return .failure(.otherFormat(version)) }
      if let checkpoint = try? Checkpoint(from: &reader) { return .success(checkpoint) }
    }
    return .failure(.damaged)
  }

  /// Which of the two copies in `file` are intact.
  package static func intactCopies(_ file: ByteSlice) -> [Bool] {
    let second = length(of: file).map { prologue + $0 } ?? file.count / 2
    return [0, second].map { intactBody(file.dropping($0)) != nil }
  }

  /// The length of the body that `copy` begins with, if it says one that fits.
  private static func length(of copy: ByteSlice) -> Int? {
    var reader = ByteReader(copy)
    guard let magic = try? reader.readUInt32(), magic == Self.magic, let length = try? reader.readInt64(),
      length >= 0, length <= Int64(copy.count - prologue)
    else { return nil }
    return Int(length)
  }

  private static func intactBody(_ copy: ByteSlice) -> ByteSlice? {
    guard let length = length(of: copy) else { return nil }
    var reader = ByteReader(copy.dropping(prologue - 4))
    let body = copy.part(from: prologue, count: length)
    guard let crc = try? reader.readUInt32(), Checksum.crc32c(body) == crc else { return nil }
    return body
  }
}

extension Checkpoint {
  private init(from reader: inout ByteReader) throws(WireError) {
    sequence = JournalSequence(try reader.readUInt64())
    epoch = try reader.readInt32()
    salt = JournalSalt(value: try reader.readUInt64())
    firstUse = try reader.readUInt32()
    isCleanStop = try reader.readBool()
    nextUnit = try reader.readUInt64()
    doomed = try reader.readList(minimumSize: 4) { reader throws(WireError) in try reader.readLongText() }
    let length = try reader.readInt64()
    guard length >= 0, length <= Int64(reader.remaining) else { throw .badLength }
    state = try reader.readPayload(Int(length))
    attachments = try CheckpointAttachment.read(from: &reader)
  }
}
