import ByteCodec
import LogStore
import Testing
import Units

@Suite struct CheckpointTests {
  private static let checkpoint = Checkpoint(
    sequence: JournalSequence(5), epoch: 6, salt: JournalSalt(value: 9), firstUse: 7, isCleanStop: true, nextUnit: 8,
    state: ByteSlice(copying: [UInt8](0..<200)), doomed: ["data/x/", "data/y/0.log"])

  private func decoded(_ bytes: [UInt8]) -> Checkpoint? {
    try? Checkpoint.decode(ByteSlice(copying: bytes)).get()
  }

  private func expectSame(_ found: Checkpoint?, _ comment: Comment? = nil) {
    #expect(found?.sequence == Self.checkpoint.sequence, comment)
    #expect(found?.epoch == 6, comment)
    #expect(found?.salt == JournalSalt(value: 9), comment)
    #expect(found?.firstUse == 7, comment)
    #expect(found?.isCleanStop == true, comment)
    #expect(found?.nextUnit == 8, comment)
    #expect(found?.state.copy() == Self.checkpoint.state.copy(), comment)
    #expect(found?.doomed == Self.checkpoint.doomed, comment)
  }

  @Test func aCheckpointIsReadBack() { expectSame(decoded(Self.checkpoint.encoded().copy())) }

  @Test func oneFlippedBitAnywhereCostsNothing() {
    let bytes = Self.checkpoint.encoded().copy()
    for position in bytes.indices {
      var damaged = bytes
      damaged[position] ^= 1 << UInt8(position % 8)
      expectSame(decoded(damaged), "byte \(position)")
    }
  }

  @Test func damageInBothCopiesIsSeen() {
    let bytes = Self.checkpoint.encoded().copy()
    for position in 0..<bytes.count / 2 {
      var damaged = bytes
      damaged[position] ^= 1
      let other: Int = (position * 7) % (bytes.count / 2)
      damaged[bytes.count / 2 + other] ^= 1
      #expect(decoded(damaged) == nil, "byte \(position)")
    }
  }

  @Test func aFileCutShortIsReadWhileOneCopyIsWhole() {
    let bytes = Self.checkpoint.encoded().copy()
    for count in bytes.indices {
      let found = decoded(Array(bytes[..<count]))
      if count >= bytes.count / 2 { expectSame(found, "\(count) bytes") } else { #expect(found == nil) }
    }
  }

  @Test func bytesBehindTheCopiesDoNotMatter() {
    let bytes = Self.checkpoint.encoded().copy()
    expectSame(decoded(bytes + [UInt8](repeating: 0xEE, count: 333)))
  }

  @Test func anotherVersionIsNamed() {
    let body: [UInt8] = [0, 3] + [UInt8](repeating: 0, count: 40)
    var writer = ByteWriter()
    writer.writeUInt32(0x4D52_4350)
    writer.writeInt64(Int64(body.count))
    writer.writeUInt32(Checksum.crc32c(ByteSlice(copying: body)))
    writer.writeBytes(body)
    #expect(throws: Checkpoint.Unreadable.otherFormat(3)) { try Checkpoint.decode(writer.takeSlice()).get() }
  }
}
