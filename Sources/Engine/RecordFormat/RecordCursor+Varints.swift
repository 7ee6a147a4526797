/// Zig-zag varints. Most take one or two bytes, so those cases come first, without a loop.
extension RecordCursor {
  @inline(__always)
  mutating func int32() throws(RefusalReason) -> Int32 {
    let first = UInt32(try byte())
    guard first >= 0x80 else { return RecordCursor.zigzag(first) }
    let second = UInt32(try byte())
    guard second >= 0x80 else { return RecordCursor.zigzag(first & 0x7F | second &<< 7) }
    var value = first & 0x7F | (second & 0x7F) &<< 7
    var shift: UInt32 = 14
    while true {
      let next = try byte()
      if shift == 28, next > 0x0F { throw .malformedRecord }
      value |= UInt32(next & 0x7F) &<< shift
      guard next >= 0x80 else { return RecordCursor.zigzag(value) }
      shift &+= 7
    }
  }

  @inline(__always)
  mutating func int64() throws(RefusalReason) -> Int64 {
    let first = UInt64(try byte())
    guard first >= 0x80 else { return RecordCursor.zigzag(first) }
    let second = UInt64(try byte())
    guard second >= 0x80 else { return RecordCursor.zigzag(first & 0x7F | second &<< 7) }
    var value = first & 0x7F | (second & 0x7F) &<< 7
    var shift: UInt64 = 14
    while true {
      let next = try byte()
      if shift == 63, next > 0x01 { throw .malformedRecord }
      value |= UInt64(next & 0x7F) &<< shift
      guard next >= 0x80 else { return RecordCursor.zigzag(value) }
      shift &+= 7
    }
  }

  /// A record's length, which lies before the bytes it counts.
  @inline(__always)
  mutating func length() throws(RefusalReason) -> Int32 {
    var value: UInt32 = 0
    var shift: UInt32 = 0
    while true {
      let next = try byteOfLength()
      if shift == 28, next > 0x0F { throw .malformedRecord }
      value |= UInt32(next & 0x7F) &<< shift
      guard next >= 0x80 else { return RecordCursor.zigzag(value) }
      shift &+= 7
    }
  }

  @inline(__always)
  private static func zigzag(_ raw: UInt32) -> Int32 { Int32(bitPattern: raw >> 1) ^ -Int32(bitPattern: raw & 1) }

  @inline(__always)
  private static func zigzag(_ raw: UInt64) -> Int64 { Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1) }

  /// Moves over a length (-1 is null) and as many bytes; whether it was not null.
  @inline(__always)
  mutating func field() throws(RefusalReason) -> Bool {
    let length = Int(try int32())
    guard length >= -1, length <= left else { throw .malformedRecord }
    guard length > 0 else { return length == 0 }
    try skip(length)
    return true
  }
}
