import ByteCodec
import LogStore
import Testing
import Units

@Suite struct JournalFrameTests {
  private static let salt = JournalSalt(value: 0x0123_4567_89AB_CDEF)
  private static let place = BatchPlace(
    partition: PartitionKey(topic: UniqueID(high: 3, low: 4), index: 5), segment: Offset(6), position: FilePosition(7),
    baseOffset: Offset(8), appended: Timestamp(milliseconds: 9))

  private func frame(_ kind: JournalFrameHeader.Kind = .batch) -> (header: JournalFrameHeader, bytes: ByteSlice) {
    var header = JournalFrameHeader(
      kind: kind, endsUnit: true, incarnation: Incarnation(use: 11, random: .max), sequence: JournalSequence(12),
      unit: 13, durable: JournalSequence(10), payloadLength: 21, payloadCRC: 14, chain: 15, place: Self.place)
    var writer = ByteWriter()
    header.encode(to: &writer, salt: Self.salt)
    return (header, writer.takeSlice())
  }

  @Test(arguments: [JournalFrameHeader.Kind.open, .batch, .control, .witness])
  func aHeaderIsReadBack(_ kind: JournalFrameHeader.Kind) {
    let (header, bytes) = frame(kind)
    #expect(bytes.count == JournalFrameHeader.size)
    #expect(JournalFrameHeader.parse(bytes, at: 0, salt: Self.salt) == header)
    #expect(header.frameLength == JournalFrameHeader.size + 24)
    #expect(header.incarnation.use == 11)
  }

  @Test func everyBitOfTheSaltCounts() {
    let bytes = frame().bytes
    for bit in 0..<64 {
      let other = JournalSalt(value: Self.salt.value ^ 1 << UInt64(bit))
      #expect(JournalFrameHeader.parse(bytes, at: 0, salt: other) == nil, "bit \(bit)")
    }
  }

  @Test func everyTruncationIsRefused() {
    let bytes = frame().bytes
    for count in 0..<bytes.count {
      #expect(JournalFrameHeader.parse(bytes.part(from: 0, count: count), at: 0, salt: Self.salt) == nil)
    }
  }

  @Test func everyFlippedBitIsRefused() {
    let bytes = frame().bytes.copy()
    for bit in 0..<bytes.count * 8 {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(JournalFrameHeader.parse(ByteSlice(copying: damaged), at: 0, salt: Self.salt) == nil, "bit \(bit)")
    }
  }

  @Test func zerosAreNoFrame() {
    let zeros = ByteSlice(copying: [UInt8](repeating: 0, count: 4_096))
    #expect(JournalFrameHeader.candidates(in: zeros).isEmpty)
    #expect(JournalFrameHeader.parse(zeros, at: 0, salt: Self.salt) == nil)
  }

  @Test func positionsOutsideAreRefused() {
    let bytes = frame().bytes
    for position in [-1, 1, 112, .max] {
      #expect(JournalFrameHeader.parse(bytes, at: position, salt: Self.salt) == nil)
    }
  }

  @Test func candidatesStandAtMultiplesOfEight() {
    let bytes = frame().bytes.copy()
    let pad = [UInt8](repeating: 0, count: 8)
    let both = ByteSlice(copying: pad + bytes + pad + bytes + [0, 0, 0, 0] + bytes)
    #expect(JournalFrameHeader.candidates(in: both) == [8, 128])
  }

  @Test func theChainCoversEveryFieldOfTheHeader() {
    let first = frame().header
    var writer = ByteWriter()
    var other = first
    other.durable = JournalSequence(11)
    other.encode(to: &writer, salt: Self.salt)
    #expect(other.chainValue != first.chainValue)
  }
}
