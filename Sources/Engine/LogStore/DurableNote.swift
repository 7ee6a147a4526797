import ByteCodec
import Machine
import Units

/// A small file beside the journal that says how far the journal was durable when the node was last idle: so that a
/// journal file that is missing, frames, witness and all, is missed.
///
/// Evidence only: a note that is missing, torn or damaged says nothing.
struct DurableNote {
  static let path = "\(JournalWriter.folder)/durable"
  private static let magic: UInt32 = 0x4D52_444E  // "MRDN"
  private static let size = 16

  private let disk: any Disk
  private var file: (any DiskFile)?

  init(disk: any Disk) { self.disk = disk }

  /// Makes the note that everything up to `sequence` is durable. Called when it is.
  mutating func write(_ sequence: JournalSequence) throws(DiskError) {
    var writer = ByteWriter(capacity: Self.size)
    writer.writeUInt32(Self.magic)
    writer.writeUInt64(sequence.value)
    let fields = writer.takeSlice()
    fields.withUnsafeBytes { writer.writeBytes($0) }
    writer.writeUInt32(Checksum.crc32c(fields))
    if let file {
      try file.write([writer.takeSlice()], at: FilePosition(0))
      return try file.sync()
    }
    let made = try disk.open(Self.path, .create)
    try made.write([writer.takeSlice()], at: FilePosition(0))
    try made.sync()
    try disk.syncDirectory(JournalWriter.folder)
    file = made
  }

  /// The sequence noted; nil when there is no intact note.
  static func read(_ disk: any Disk) throws(DiskError) -> JournalSequence? {
    let bytes: ByteSlice
    do throws(DiskError) {
      bytes = try disk.open(path, .read).read(count: size, at: FilePosition(0))
    } catch {
      guard error.isMissing else { throw error }
      return nil
    }
    var reader = ByteReader(bytes)
    guard let magic = try? reader.readUInt32(), magic == Self.magic, let sequence = try? reader.readUInt64(),
      let crc = try? reader.readUInt32(), crc == Checksum.crc32c(bytes.part(from: 0, count: size - 4))
    else { return nil }
    return JournalSequence(sequence)
  }
}
