import ByteCodec
import Testing

@Suite struct ByteWriterTests {
  @Test func memoryGrowsAndNothingIsLost() {
    var writer = ByteWriter(capacity: 1)
    for number in 0..<1000 as Range<Int32> { writer.writeInt32(number) }
    #expect(writer.count == 4000)
    let bytes = writer.takeArray()
    #expect(bytes.count == 4000 && Array(bytes.suffix(4)) == [0, 0, 3, 231])
    #expect(writer.count == 0 && writer.takeArray().isEmpty)
  }

  @Test func largeSlicesAreSplicedSmallOnesCopied() {
    let large = ByteSlice(copying: Array(repeating: 1, count: 257))
    let small = ByteSlice(copying: Array(repeating: 2, count: 256))
    var writer = ByteWriter()
    writer.writeInt8(9)
    writer.splice(small)
    writer.splice(large)
    writer.writeInt8(8)
    #expect(writer.count == 515)
    let parts = writer.takeParts()
    #expect(parts.map(\.count) == [257, 257, 1])
    #expect(parts[1].block === large.block && parts[0].block !== small.block)
  }

  @Test func gapsCountAndStandInOrder() {
    var writer = ByteWriter()
    writer.writeInt32(0)
    writer.leaveGap(1_000)
    writer.leaveGap(5)
    writer.writeInt8(3)
    writer.splice(ByteSlice(copying: Array(repeating: 7, count: 300)))
    writer.leaveGap(2)
    #expect(writer.count == 1_312)
    writer.overwriteInt32(1_308, at: 0)
    var pieces: [String] = []
    writer.takePieces { piece in
      if case .gap(let count) = piece { pieces.append("gap \(count)") } else { pieces.append("bytes") }
    }
    #expect(pieces == ["bytes", "gap 1000", "gap 5", "bytes", "bytes", "gap 2"])
    #expect(writer.count == 0)
    writer.takePieces { _ in Issue.record("nothing was written") }
  }

  @Test func takingASliceJoinsTheParts() {
    var writer = ByteWriter(capacity: 4)
    writer.writeText("ab")
    writer.splice(ByteSlice(copying: Array(repeating: 7, count: 300)))
    writer.writeText("cd")
    #expect(writer.takeArray() == [0x61, 0x62] + Array(repeating: 7, count: 300) + [0x63, 0x64])
  }

  @Test func aLengthCanBeFilledInLater() {
    var writer = ByteWriter()
    writer.writeInt32(0)
    writer.writeText("abc")
    writer.overwriteInt32(3, at: 0)
    #expect(writer.takeArray() == [0, 0, 0, 3, 0x61, 0x62, 0x63])
    writer.writeInt32(0)
    writer.splice(ByteSlice(copying: Array(repeating: 7, count: 300)))
    writer.overwriteInt32(300, at: 0)
    #expect(writer.takeArray().prefix(4) == [0, 0, 1, 44])
  }

  @Test func slicesAreHeldWithinTheirBlock() {
    let slice = ByteSlice(copying: [1, 2, 3, 4, 5])
    #expect(slice.part(from: 1, count: 2).copy() == [2, 3])
    #expect(slice.part(from: -3, count: 99).count == 5 && slice.part(from: 9, count: 1).isEmpty)
    #expect(slice.dropping(4).copy() == [5] && ByteSlice.empty.isEmpty)
    slice.stamp(0x0A0B as UInt16, at: 4)
    slice.stamp(0x0A0B as UInt16, at: 1)
    #expect(slice.copy() == [1, 0x0A, 0x0B, 4, 5])
  }

  @Test func checksumsGoOnFromBefore() {
    let digits = Array("123456789".utf8)
    let whole = Checksum.crc32c(ByteSlice(copying: digits))
    #expect(whole == 0xE306_9283)
    let first = Checksum.crc32c(ByteSlice(copying: Array(digits[..<4])))
    #expect(Checksum.crc32c(ByteSlice(copying: Array(digits[4...])), continuing: first) == whole)
    #expect(Checksum.crc32c(ByteSlice.empty, continuing: 7) == 7)
  }
}
