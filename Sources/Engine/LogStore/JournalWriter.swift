import ByteCodec
import Machine
package import Units

/// Writes commit groups to the journal's files, on the journal's thread. A file is used from its start to `fileBytes`, then
/// the next free one is taken: files are made once and used again, so that syncs need not move file-system metadata.
///
/// Where every group is synced, a group is one write past the page cache that is durable when it returns: neither pages
/// nor a second call for each.
package final class JournalWriter {
  private final class File {
    let handle: any DiskFile
    /// The last sequence in it; nil while it holds nothing of interest.
    var last: JournalSequence?

    init(_ handle: any DiskFile) { self.handle = handle }
  }

  /// The folder of the journal's files.
  package static let folder = "journal"

  private let disk: any Disk
  private let entropy: any Entropy
  private let fileBytes: ByteCount
  /// Whether writes are durable when they return.
  private let writesThrough: Bool
  private var stage = BlockStage()
  /// The frames of the group that is written: headers, and the batches as they are.
  private var frames = ByteWriter(capacity: 4_096)
  /// So much memory is kept for the headers of the next group.
  private static let headerBytes = 64 << 10
  /// The folder's; frames carry it.
  let salt: JournalSalt
  private var files: [Int: File] = [:]
  private var current: Int?
  /// Files with frames that no sync covers yet: with `durability=interval` writing may have gone on in another one.
  private var unsynced: [Int] = []
  private var position = FilePosition(0)
  private var incarnation = Incarnation(value: 0)
  private var use: UInt32
  private var chain: UInt32 = 0
  private var durable: JournalSequence
  private var note: DurableNote

  /// Begins behind `durable`, with no file open; the first write takes one of use `firstUse`. `syncsAll`: no group is
  /// written that need not be synced.
  init(
    disk: any Disk, entropy: any Entropy, fileBytes: ByteCount, firstUse: UInt32, salt: JournalSalt,
    durable: JournalSequence, syncsAll: Bool
  ) {
    #if PLANTED_BUGS
      writesThrough = syncsAll && !PlantedBug.is(.ackBeforeSync)
    #else
      writesThrough = syncsAll
    #endif
    self.disk = disk
    self.entropy = entropy
    self.fileBytes = fileBytes
    self.salt = salt
    use = firstUse
    self.durable = durable
    note = DurableNote(disk: disk)
  }

  /// The room there is, now.
  var room: JournalRoom {
    let made = ByteCount(Int64(files.count) * fileBytes.value)
    guard let current else { return JournalRoom(spare: .zero, made: made) }
    let rest = ByteCount(max(fileBytes.value - position.value, 0))
    let spare = files.reduce(rest) { $1.key != current && $1.value.last == nil ? $0 + fileBytes : $0 }
    return JournalRoom(spare: spare, made: made)
  }

  static func path(_ number: Int) -> String { "\(folder)/\(number).journal" }

  /// Finds room for `group`: in the current file, or in the next one. Writes nothing.
  func makeRoom(for group: CommitGroup) throws(DiskError) {
    for (number, file) in files where number != current {
      if let last = file.last, last <= group.reclaimable { file.last = nil }
      #if PLANTED_BUGS
        if PlantedBug.is(.journalRecycledEarly) { file.last = nil }
      #endif
    }
    let needed = group.bytes + ByteCount((group.entries.count + 1) * (JournalFrameHeader.size + 8))
    if current == nil || position.value > 0 && position.value + needed.value > fileBytes.value { try takeFile() }
    if let current, needed > fileBytes {
      try files[current]?.handle.reserve(upTo: position.advanced(by: needed))
    }
  }

  /// Writes `group` behind what is there, where `makeRoom` found room. Returns the bytes written. A group that failed may
  /// be written again as it is.
  func write(_ group: CommitGroup) throws(DiskError) -> ByteCount {
    let chainBefore = chain
    defer { frames.clear(keeping: Self.headerBytes) }
    if position.value == 0 {
      append(.open, Payload(), sequence: JournalSequence(group.first.value - 1))
    }
    for (index, entry) in group.entries.enumerated() {
      let sequence = JournalSequence(group.first.value + UInt64(index))
      var payload = Payload(unit: entry.unit, endsUnit: entry.endsUnit, checksum: entry.checksum)
      switch entry.content {
      case .batch(let bytes, let place):
        payload.bytes = bytes
        payload.place = place
        append(.batch, payload, sequence: sequence)
      case .control(let bytes):
        payload.bytes = bytes
        append(.control, payload, sequence: sequence)
      case .witness:
        append(.witness, payload, sequence: sequence)
      }
    }
    guard let current, let file = files[current] else { return .zero }
    let length = ByteCount(frames.count)
    do throws(DiskError) {
      if writesThrough {
        try stage.append(frames.gathered, to: file.handle, at: position)
      } else {
        try file.handle.write(frames.gathered, at: position)
      }
    } catch {
      chain = chainBefore
      throw error
    }
    position = position.advanced(by: length)
    file.last = group.last
    if !writesThrough, !unsynced.contains(current) { unsynced.append(current) }
    return length
  }

  /// Makes everything written so far durable.
  func sync(through last: JournalSequence) throws(DiskError) {
    #if PLANTED_BUGS
      if PlantedBug.is(.ackBeforeSync) { return durable = last }
      if PlantedBug.is(.leftFileNotSynced), let current { unsynced.removeAll { $0 != current } }
    #endif
    for number in unsynced { try files[number]?.handle.sync() }
    unsynced.removeAll(keepingCapacity: true)
    durable = last
  }

  /// Notes beside the journal what of it is durable; when idle, with the witness. Evidence, and no more: where it cannot
  /// be written there is none.
  func noteDurable() { _ = Result { () throws(DiskError) in try note.write(durable) } }

  private struct Payload {
    var bytes = ByteSlice.empty
    var unit: UInt64 = 0
    var endsUnit = true
    var checksum: UInt32?
    var place = BatchPlace()
  }

  private func append(_ kind: JournalFrameHeader.Kind, _ payload: Payload, sequence: JournalSequence) {
    var header = JournalFrameHeader(
      kind: kind, endsUnit: payload.endsUnit, incarnation: incarnation, sequence: sequence, unit: payload.unit,
      durable: durable, payloadLength: payload.bytes.count,
      payloadCRC: payload.checksum ?? Checksum.crc32c(payload.bytes), chain: chain, place: payload.place)
    header.encode(to: &frames, salt: salt)
    chain = header.chainValue
    frames.splice(payload.bytes)
    for _ in JournalFrameHeader.size + payload.bytes.count..<header.frameLength { frames.writeUInt8(0) }
  }

  /// Goes on in a free file, or a new one whose name is made durable first.
  private func takeFile() throws(DiskError) {
    let free = files.filter { $0.value.last == nil && $0.key != current }.keys.min()
    let number = free ?? (0...).first { files[$0] == nil } ?? files.count
    if files[number] == nil {
      let handle = try disk.open(Self.path(number), writesThrough ? .createThrough : .create)
      try handle.reserve(upTo: FilePosition(fileBytes.value))
      #if PLANTED_BUGS
        if !PlantedBug.is(.journalNameNotSynced) { try disk.syncDirectory(Self.folder) }
      #else
        try disk.syncDirectory(Self.folder)
      #endif
      files[number] = File(handle)
    }
    current = number
    position = FilePosition(0)
    stage.restart()
    incarnation = Incarnation(use: use, random: entropy.next())
    use += 1
  }
}

/// What the journal's files can take.
package struct JournalRoom: Equatable, Sendable {
  /// What can be written before a new file must be made: the rest of the current file, and the files that are free.
  package var spare = ByteCount.zero
  /// Bytes of all files this run has made room for.
  package var made = ByteCount.zero
}
