import ByteCodec
import Units

/// How the generated decoders read their fields. They are kept out of line on purpose: thousands of call sites share them.
///
/// `flexible` says that lengths are unsigned varints of length + 1 instead of fixed integers (KIP-482).
extension ByteReader {
  /// The longest text of the protocol, in bytes.
  static var longestText: Int { Int(Int16.max) }

  /// What the header of an array costs, beside its elements.
  private static var arrayOverhead: Int { 32 }

  @inline(never) mutating func bool() throws(WireError) -> Bool { try readBool() }
  @inline(never) mutating func int8() throws(WireError) -> Int8 { try readInt8() }
  @inline(never) mutating func int16() throws(WireError) -> Int16 { try readInt16() }
  @inline(never) mutating func uInt16() throws(WireError) -> UInt16 { try readUInt16() }
  @inline(never) mutating func int32() throws(WireError) -> Int32 { try readInt32() }
  @inline(never) mutating func int64() throws(WireError) -> Int64 { try readInt64() }
  @inline(never) mutating func float64() throws(WireError) -> Double { try readFloat64() }
  @inline(never) mutating func uuid() throws(WireError) -> UniqueID { try readUUID() }

  /// A length whose fixed form has 32 bits; nil for null.
  @inline(never)
  private mutating func length(_ flexible: Bool) throws(WireError) -> Int? {
    let length = flexible ? Int(try readVarUInt32()) - 1 : Int(try readInt32())
    guard length >= -1 else { throw .badLength }
    return length < 0 ? nil : length
  }

  @inline(never)
  mutating func optionalText(_ flexible: Bool) throws(WireError) -> String? {
    let length = flexible ? Int(try readVarUInt32()) - 1 : Int(try readInt16())
    // Both forms carry the same: the fixed one is what the same text is stored with.
    guard length >= -1, length <= Self.longestText else { throw .badLength }
    return length < 0 ? nil : try readText(length)
  }

  @inline(never)
  mutating func text(_ flexible: Bool) throws(WireError) -> String {
    guard let text = try optionalText(flexible) else { throw .unexpectedNull }
    return text
  }

  @inline(never)
  mutating func optionalOctets(_ flexible: Bool) throws(WireError) -> [UInt8]? {
    guard let length = try length(flexible) else { return nil }
    guard length <= remaining else { throw .truncated }
    return try readBytes(length)
  }

  @inline(never)
  mutating func octets(_ flexible: Bool) throws(WireError) -> [UInt8] {
    guard let octets = try optionalOctets(flexible) else { throw .unexpectedNull }
    return octets
  }

  /// Record batches, which share the request's block.
  @inline(never)
  mutating func optionalPayload(_ flexible: Bool) throws(WireError) -> ByteSlice? {
    guard let length = try length(flexible) else { return nil }
    return try readPayload(length)
  }

  @inline(never)
  mutating func payload(_ flexible: Bool) throws(WireError) -> ByteSlice {
    guard let payload = try optionalPayload(flexible) else { throw .unexpectedNull }
    return payload
  }

  /// The count of an array whose memory has been admitted; nil for null.
  @inline(never)
  private mutating func count(_ flexible: Bool, minimumSize: Int, stride: Int) throws(WireError) -> Int? {
    guard let count = try length(flexible) else { return nil }
    try admit(count: count, minimumSize: minimumSize, stride: stride)
    if count > 0 { try charge(Self.arrayOverhead) }
    return count
  }

  /// An array of structures, each of at least `least` bytes; nil for null.
  mutating func optionalElements<Element: WireStructure>(
    _ version: Int16, _ flexible: Bool, least: Int
  ) throws(WireError) -> [Element]? {
    let stride = MemoryLayout<Element>.stride
    guard let count = try count(flexible, minimumSize: least, stride: stride) else { return nil }
    var elements: [Element] = []
    elements.reserveCapacity(count)
    for _ in 0..<count { elements.append(try Element(from: &self, version: version)) }
    return elements
  }

  mutating func elements<Element: WireStructure>(
    _ version: Int16, _ flexible: Bool, least: Int
  ) throws(WireError) -> [Element] {
    guard let elements: [Element] = try optionalElements(version, flexible, least: least) else { throw .unexpectedNull }
    return elements
  }

  /// The same through one body for all types: a hundred arrays that are seldom read do not deserve a loop each.
  @inline(never) @_semantics("optimize.sil.specialize.generic.never")
  mutating func optionalSharedElements<Element: WireStructure>(
    _ version: Int16, _ flexible: Bool, least: Int
  ) throws(WireError) -> [Element]? {
    try optionalElements(version, flexible, least: least)
  }

  @inline(never) @_semantics("optimize.sil.specialize.generic.never")
  mutating func sharedElements<Element: WireStructure>(
    _ version: Int16, _ flexible: Bool, least: Int
  ) throws(WireError) -> [Element] {
    try elements(version, flexible, least: least)
  }

  mutating func optionalValues<Value: WireValue>(_ flexible: Bool) throws(WireError) -> [Value]? {
    let (least, stride) = (Value.minimumSize(flexible), MemoryLayout<Value>.stride)
    guard let count = try count(flexible, minimumSize: least, stride: stride) else { return nil }
    var values: [Value] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(try Value.read(from: &self, flexible)) }
    return values
  }

  mutating func values<Value: WireValue>(_ flexible: Bool) throws(WireError) -> [Value] {
    guard let values: [Value] = try optionalValues(flexible) else { throw .unexpectedNull }
    return values
  }

  /// A structure behind a byte that is negative for null.
  mutating func optionalStructure<Structure: WireStructure>(_ version: Int16) throws(WireError) -> Structure? {
    try readInt8() < 0 ? nil : try Structure(from: &self, version: version)
  }
}

/// A value without fields that stands in arrays.
protocol WireValue: Sendable {
  /// The fewest bytes a value takes.
  static func minimumSize(_ flexible: Bool) -> Int
  static func read(from reader: inout ByteReader, _ flexible: Bool) throws(WireError) -> Self
  func write(to writer: inout ByteWriter, _ flexible: Bool)
}

extension Int8: WireValue {
  static func minimumSize(_ flexible: Bool) -> Int { 1 }
  static func read(from reader: inout ByteReader, _ flexible: Bool) throws(WireError) -> Int8 { try reader.int8() }
  func write(to writer: inout ByteWriter, _ flexible: Bool) { writer.writeInt8(self) }
}

extension Int16: WireValue {
  static func minimumSize(_ flexible: Bool) -> Int { 2 }
  static func read(from reader: inout ByteReader, _ flexible: Bool) throws(WireError) -> Int16 { try reader.int16() }
  func write(to writer: inout ByteWriter, _ flexible: Bool) { writer.writeInt16(self) }
}

extension Int32: WireValue {
  static func minimumSize(_ flexible: Bool) -> Int { 4 }
  static func read(from reader: inout ByteReader, _ flexible: Bool) throws(WireError) -> Int32 { try reader.int32() }
  func write(to writer: inout ByteWriter, _ flexible: Bool) { writer.writeInt32(self) }
}

extension Int64: WireValue {
  static func minimumSize(_ flexible: Bool) -> Int { 8 }
  static func read(from reader: inout ByteReader, _ flexible: Bool) throws(WireError) -> Int64 { try reader.int64() }
  func write(to writer: inout ByteWriter, _ flexible: Bool) { writer.writeInt64(self) }
}

extension UniqueID: WireValue {
  static func minimumSize(_ flexible: Bool) -> Int { 16 }
  static func read(from reader: inout ByteReader, _ flexible: Bool) throws(WireError) -> UniqueID { try reader.uuid() }
  func write(to writer: inout ByteWriter, _ flexible: Bool) { writer.writeUUID(self) }
}

extension String: WireValue {
  static func minimumSize(_ flexible: Bool) -> Int { flexible ? 1 : 2 }
  static func read(from reader: inout ByteReader, _ flexible: Bool) throws(WireError) -> String {
    try reader.text(flexible)
  }
  func write(to writer: inout ByteWriter, _ flexible: Bool) { writer.text(self, flexible) }
}
