import ByteCodec
import Testing
import Units

@Suite struct ByteReaderTests {
  /// Reads `bytes` with `body`, as a view and as a slice, which must agree.
  private func read<Value: Equatable>(
    _ bytes: [UInt8], _ body: (inout ByteReader) throws(WireError) -> Value
  ) throws(WireError) -> Value {
    let slice = ByteSlice(copying: bytes)
    var reader = ByteReader(slice)
    let value = try body(&reader)
    try reader.finish()
    var other = ByteReader(bytes.span.bytes)
    let again = try body(&other)
    #expect(value == again)
    return value
  }

  @Test func fixedNumbersAreBigEndian() throws {
    #expect(try read([0xFE]) { reader throws(WireError) in try reader.readInt8() } == -2)
    #expect(try read([0xFE]) { reader throws(WireError) in try reader.readUInt8() } == 254)
    #expect(try read([0x80, 1]) { reader throws(WireError) in try reader.readInt16() } == -32_767)
    #expect(try read([0x80, 1]) { reader throws(WireError) in try reader.readUInt16() } == 32_769)
    #expect(try read([0, 0, 1, 2]) { reader throws(WireError) in try reader.readInt32() } == 258)
    #expect(try read([255, 255, 255, 255]) { reader throws(WireError) in try reader.readUInt32() } == .max)
    #expect(try read([128, 0, 0, 0, 0, 0, 0, 0]) { reader throws(WireError) in try reader.readInt64() } == .min)
    #expect(try read([0x3F, 0xF8, 0, 0, 0, 0, 0, 0]) { reader throws(WireError) in try reader.readFloat64() } == 1.5)
    #expect(try read([2]) { reader throws(WireError) in try reader.readBool() })
    let id = try read(Array(0..<16)) { reader throws(WireError) in try reader.readUUID() }
    #expect(id == UniqueID(high: 0x0001_0203_0405_0607, low: 0x0809_0A0B_0C0D_0E0F))
  }

  @Test(arguments: [0, 1, 127, 128, 16_383, 16_384, UInt32.max - 1, .max])
  func varints32GoAndComeBack(value: UInt32) throws {
    var writer = ByteWriter()
    writer.writeVarUInt32(value)
    #expect(try read(writer.takeArray()) { reader throws(WireError) in try reader.readVarUInt32() } == value)
    let signed = Int32(bitPattern: value)
    writer.writeVarInt32(signed)
    #expect(try read(writer.takeArray()) { reader throws(WireError) in try reader.readVarInt32() } == signed)
  }

  @Test(arguments: [0, 1, 127, 128, UInt64(UInt32.max) + 1, .max - 1, .max])
  func varints64GoAndComeBack(value: UInt64) throws {
    var writer = ByteWriter()
    writer.writeVarUInt64(value)
    #expect(try read(writer.takeArray()) { reader throws(WireError) in try reader.readVarUInt64() } == value)
    let signed = Int64(bitPattern: value)
    writer.writeVarInt64(signed)
    #expect(try read(writer.takeArray()) { reader throws(WireError) in try reader.readVarInt64() } == signed)
  }

  @Test func varintsWithTooManyBitsAreRefused() {
    let four: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF]
    #expect(throws: WireError.badVarint) { try read(four + [0x10]) { r throws(WireError) in try r.readVarUInt32() } }
    #expect(throws: WireError.badVarint) {
      try read(four + [0x80, 0]) { r throws(WireError) in try r.readVarUInt32() }
    }
    let nine: [UInt8] = Array(repeating: 0xFF, count: 9)
    #expect(throws: WireError.badVarint) { try read(nine + [0x02]) { r throws(WireError) in try r.readVarUInt64() } }
    #expect(throws: WireError.badVarint) { try read(nine + [0x80, 0]) { r throws(WireError) in try r.readVarInt64() } }
    #expect(throws: WireError.truncated) { try read(four) { r throws(WireError) in try r.readVarInt32() } }
  }

  private func everything(_ reader: inout ByteReader) throws(WireError) -> String {
    _ = try reader.readInt8()
    _ = try reader.readInt16()
    _ = try reader.readInt32()
    _ = try reader.readInt64()
    _ = try reader.readVarUInt32()
    _ = try reader.readVarInt64()
    _ = try reader.readUUID()
    _ = try reader.readBytes(3)
    _ = try reader.readPayload(5)
    try reader.skip(2)
    return try reader.readText(4)
  }

  @Test func everyTruncationIsRefused() throws {
    var writer = ByteWriter()
    writer.writeInt8(1)
    writer.writeInt16(2)
    writer.writeInt32(3)
    writer.writeInt64(4)
    writer.writeVarUInt32(300)
    writer.writeVarInt64(-70_000)
    writer.writeUUID(UniqueID(high: 1, low: 2))
    writer.writeBytes([1, 2, 3])
    writer.splice(ByteSlice(copying: [1, 2, 3, 4, 5]))
    writer.writeInt16(0)
    writer.writeText("häß".prefix(2) + "x")
    let whole = writer.takeArray()
    #expect(try read(whole, everything) == "häx")
    for length in 0..<whole.count {
      #expect(throws: WireError.truncated) { try read(Array(whole[..<length]), everything) }
    }
    #expect(throws: WireError.trailingBytes) { try read(whole + [0], everything) }
  }

  @Test func lengthsAreChecked() {
    let bytes: [UInt8] = [1, 2, 3]
    #expect(throws: WireError.badLength) { try read(bytes) { r throws(WireError) in try r.readBytes(-1) } }
    #expect(throws: WireError.badLength) { try read(bytes) { r throws(WireError) in try r.readPayload(-1).count } }
    #expect(throws: WireError.badLength) { try read(bytes) { r throws(WireError) in try r.readText(-1) } }
    #expect(throws: WireError.truncated) { try read(bytes) { r throws(WireError) in try r.readPayload(4).count } }
    #expect(throws: WireError.truncated) { try read(bytes) { r throws(WireError) in try r.readBytes(4) } }
    #expect(throws: WireError.badText) { try read([0xC3, 0x28]) { r throws(WireError) in try r.readText(2) } }
    #expect(throws: WireError.badLength) {
      try read(bytes) { r throws(WireError) in
        try r.skip(-1)
        return 0
      }
    }
  }

  @Test func payloadsShareTheBlockOfASlice() throws {
    let slice = ByteSlice(copying: [1, 2, 3, 4]).dropping(1)
    var reader = ByteReader(slice)
    _ = try reader.readInt8()
    let payload = try reader.readPayload(2)
    #expect(payload.block === slice.block && payload.copy() == [3, 4])
  }

  @Test func countsAreAdmittedByWhatRemainsAndByTheAllowance() throws {
    let slice = ByteSlice(copying: Array(repeating: 0, count: 100))
    var reader = ByteReader(slice)
    #expect(throws: WireError.badLength) { try reader.admit(count: -1, minimumSize: 1, stride: 1) }
    #expect(throws: WireError.truncated) { try reader.admit(count: 26, minimumSize: 4, stride: 1) }
    #expect(throws: WireError.truncated) { try reader.admit(count: 101, minimumSize: 0, stride: 1) }
    #expect(throws: WireError.budgetExceeded) { try reader.admit(count: 100, minimumSize: 1, stride: .max) }
    try reader.admit(count: 25, minimumSize: 4, stride: 64)
    let rest = 100 * 16 + 1_048_576 - 25 * 64
    #expect(throws: WireError.budgetExceeded) { try reader.charge(rest + 1) }
    try reader.charge(rest)
    #expect(throws: WireError.budgetExceeded) { try reader.readBytes(1) }
  }
}
