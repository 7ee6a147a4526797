package import ByteCodec
package import Units

/// The header before every frame of the journal: who it is, where it belongs, what came before it. 112 bytes, big-endian;
/// a frame is its header, its payload, and zeros up to a multiple of eight.
///
/// Only the folder itself can make one: the header depends on the folder's salt (`JournalSalt`), so that a record which
/// looks like a frame is none. The incarnation is new at every use of a journal file, so a frame of an earlier use never passes for a new one. The
/// chain value covers everything before the frame, the durable sequence says what had been synced when it was written:
/// together they tell a torn tail from damage (`JournalReader`).
package struct JournalFrameHeader: Equatable {
  package enum Kind: UInt8 {
    /// The first frame of a journal file; its payload is empty.
    case open = 1
    /// A record batch, which also stands in a segment.
    case batch = 2
    /// A change of the catalogue or of a partition's extent (`ControlRecord`).
    case control = 3
    /// No content: written when idle, so that everything before it is witnessed.
    case witness = 4
  }

  package var kind: Kind
  /// Whether this frame completes its unit.
  package var endsUnit: Bool
  package var incarnation: Incarnation
  package var sequence: JournalSequence
  package var unit: UInt64
  /// The highest sequence whose sync had returned when this frame was written.
  package var durable: JournalSequence
  package var payloadLength: Int
  package var payloadCRC: UInt32
  /// `chainValue` of the frame before.
  package var chain: UInt32
  /// Where a batch belongs; all zero in other frames.
  package var place = BatchPlace()
  /// Set by `encode` and `parse`.
  package private(set) var headerCRC: UInt32 = 0

  package static let size = 112
  /// "MRJ1": never zero, so that zeros never parse.
  private static let magic: UInt32 = 0x4D52_4A31
  private static let version: UInt16 = 1

  package init(
    kind: Kind, endsUnit: Bool, incarnation: Incarnation, sequence: JournalSequence, unit: UInt64,
    durable: JournalSequence, payloadLength: Int, payloadCRC: UInt32, chain: UInt32, place: BatchPlace = BatchPlace()
  ) {
    self.kind = kind
    self.endsUnit = endsUnit
    self.incarnation = incarnation
    self.sequence = sequence
    self.unit = unit
    self.durable = durable
    self.payloadLength = payloadLength
    self.payloadCRC = payloadCRC
    self.chain = chain
    self.place = place
  }

  /// The value the next frame carries as its `chain`.
  package var chainValue: UInt32 {
    withUnsafeBytes(of: (chain.bigEndian, headerCRC.bigEndian, payloadCRC.bigEndian)) { Checksum.crc32c($0) }
  }

  /// Bytes from the start of this frame to the start of the next.
  package var frameLength: Int { Self.size + Self.padded(payloadLength) }

  /// `length` rounded up to a multiple of eight.
  package static func padded(_ length: Int) -> Int { (length + 7) & ~7 }

  /// The header's bytes for the folder whose salt is `salt`, its own CRC last.
  package mutating func encode(to writer: inout ByteWriter, salt: JournalSalt) {
    writer.writeUInt32(Self.magic)
    writer.writeUInt16(Self.version)
    writer.writeUInt8(kind.rawValue)
    writer.writeUInt8(endsUnit ? 1 : 0)
    writer.writeUInt64(incarnation.value)
    writer.writeUInt64(sequence.value)
    writer.writeUInt64(unit)
    writer.writeUInt64(durable.value)
    writer.writeUInt32(UInt32(truncatingIfNeeded: payloadLength))
    writer.writeUInt32(payloadCRC)
    writer.writeUInt32(chain)
    writer.writeUInt32(salt.mark)
    place.encode(to: &writer)
    headerCRC = writer.checksum(ofLast: Self.size - 4, continuing: salt.checksumStart)
    writer.writeUInt32(headerCRC)
  }

  /// Positions in `bytes` at which a header may stand: multiples of eight with the right first bytes.
  package static func candidates(in bytes: ByteSlice) -> [Int] {
    bytes.withUnsafeBytes { bytes in
      stride(from: 0, through: bytes.count - size, by: 8).filter {
        bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self) == magic.bigEndian
      }
    }
  }

  /// The header at `position` of `bytes`, or nil when there is no intact one of the folder whose salt is `salt`.
  package static func parse(_ bytes: ByteSlice, at position: Int, salt: JournalSalt) -> JournalFrameHeader? {
    let slice = bytes.part(from: position, count: size)
    guard position >= 0, slice.count == size else { return nil }
    var reader = ByteReader(slice)
    do throws(WireError) {
      guard try reader.readUInt32() == magic else { return nil }
      let crc = Checksum.crc32c(slice.part(from: 0, count: size - 4), continuing: salt.checksumStart)
      guard try reader.readUInt16() == version, let kind = Kind(rawValue: try reader.readUInt8()) else { return nil }
      let flags = try reader.readUInt8()
      let incarnation = Incarnation(value: try reader.readUInt64())
      let sequence = JournalSequence(try reader.readUInt64())
      let unit = try reader.readUInt64()
      let durable = JournalSequence(try reader.readUInt64())
      let length = Int(try reader.readUInt32())
      let payloadCRC = try reader.readUInt32()
      let chain = try reader.readUInt32()
      guard try reader.readUInt32() == salt.mark else { return nil }
      let place = try BatchPlace(from: &reader)
      guard try reader.readUInt32() == crc else { return nil }
      var header = JournalFrameHeader(
        kind: kind, endsUnit: flags & 1 != 0, incarnation: incarnation, sequence: sequence, unit: unit,
        durable: durable, payloadLength: length, payloadCRC: payloadCRC, chain: chain, place: place)
      header.headerCRC = crc
      return header
    } catch {
      return nil
    }
  }
}

/// One use of a journal file: a counter that grows with every use, and random bits.
package struct Incarnation: Hashable {
  package var value: UInt64

  package init(value: UInt64) { self.value = value }
  package init(use: UInt32, random: UInt64) { value = UInt64(use) << 32 | random & 0xFFFF_FFFF }

  /// Which use of any journal file this is, counted from 1 over the life of the data folder.
  package var use: UInt32 { UInt32(truncatingIfNeeded: value >> 32) }
}

/// Where a batch stands: its partition, the segment, the position in it, its first offset; and the wall clock when it was
/// appended, from which producers expire.
package struct BatchPlace: Hashable {
  package var partition = PartitionKey(topic: .zero, index: 0)
  package var segment = Offset(0)
  package var position = FilePosition(0)
  package var baseOffset = Offset(0)
  package var appended = Timestamp(milliseconds: 0)

  package init() {}

  package init(
    partition: PartitionKey, segment: Offset, position: FilePosition, baseOffset: Offset, appended: Timestamp
  ) {
    self.partition = partition
    self.segment = segment
    self.position = position
    self.baseOffset = baseOffset
    self.appended = appended
  }

  /// 52 bytes.
  func encode(to writer: inout ByteWriter) {
    partition.encode(to: &writer)
    writer.writeInt64(segment.value)
    writer.writeInt64(position.value)
    writer.writeInt64(baseOffset.value)
    writer.writeInt64(appended.milliseconds)
  }

  init(from reader: inout ByteReader) throws(WireError) {
    partition = try PartitionKey(from: &reader)
    segment = Offset(try reader.readInt64())
    position = FilePosition(try reader.readInt64())
    baseOffset = Offset(try reader.readInt64())
    appended = Timestamp(milliseconds: try reader.readInt64())
  }
}

/// A partition by its topic's id and its number: what stays the same when a name is used again.
package struct PartitionKey: Hashable, Comparable, Sendable {
  package var topic: UniqueID
  package var index: Int32

  package init(topic: UniqueID, index: Int32) {
    self.topic = topic
    self.index = index
  }

  package static func < (a: PartitionKey, b: PartitionKey) -> Bool { (a.topic, a.index) < (b.topic, b.index) }

  /// One word says enough: ids are random, and the node's own.
  package func hash(into hasher: inout Hasher) { hasher.combine(word) }

  var word: UInt64 { topic.low &+ UInt64(truncatingIfNeeded: index) }

  /// The partition's folder, made of id and number only: no name from the wire reaches the disk.
  package var folder: String { "data/\(topic.hexadecimal)-\(index)" }

  func encode(to writer: inout ByteWriter) {
    writer.writeUUID(topic)
    writer.writeInt32(index)
  }

  init(from reader: inout ByteReader) throws(WireError) {
    topic = try reader.readUUID()
    index = try reader.readInt32()
  }
}
