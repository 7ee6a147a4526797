import ByteCodec

/// Walks the tagged fields at the end of a structure (KIP-482) and checks that they ascend and fill their sizes.
struct TagReader {
  private var left: UInt32
  private var previous: Int64 = -1
  /// Where the current field must end.
  private var end: Int
  private var tag: UInt32 = 0

  init(_ reader: inout ByteReader) throws(WireError) {
    left = try reader.readVarUInt32()
    end = reader.position
  }

  /// The number of the next field, with the reader at its value; nil after the last one.
  mutating func next(_ reader: inout ByteReader) throws(WireError) -> UInt32? {
    guard reader.position == end else { throw .badTag }
    guard left > 0 else { return nil }
    left -= 1
    tag = try reader.readVarUInt32()
    guard Int64(tag) > previous else { throw .badTag }
    previous = Int64(tag)
    let size = Int(try reader.readVarUInt32())
    guard size <= reader.remaining else { throw .truncated }
    end = reader.position + size
    return tag
  }

  /// Passes over an unknown field, or adds it to `tags` when the reader keeps them.
  mutating func keep(_ reader: inout ByteReader, in tags: inout [UnknownTag]) throws(WireError) {
    let size = end - reader.position
    guard reader.keepsUnknownTags else { return try reader.skip(size) }
    try reader.charge(MemoryLayout<UnknownTag>.stride)
    tags.append(UnknownTag(tag: tag, bytes: try reader.readBytes(size)))
  }
}

/// Collects tagged fields and writes them in ascending order.
struct TagWriter {
  private var fields: [UnknownTag]

  init(_ unknown: [UnknownTag]) { fields = unknown }

  /// Adds a known field, in place of an unknown one with its number.
  mutating func add(_ tag: UInt32, _ body: (inout ByteWriter) -> Void) {
    var value = ByteWriter(capacity: 64)
    body(&value)
    fields.removeAll { $0.tag == tag }
    fields.append(UnknownTag(tag: tag, bytes: value.takeArray()))
  }

  func write(to writer: inout ByteWriter) {
    writer.tags(fields.sorted { $0.tag < $1.tag })
  }
}

extension ByteReader {
  /// The tagged fields of a structure that knows none.
  mutating func unknownTags() throws(WireError) -> [UnknownTag] {
    var kept: [UnknownTag] = []
    var tags = try TagReader(&self)
    while try tags.next(&self) != nil { try tags.keep(&self, in: &kept) }
    return kept
  }
}

extension ByteWriter {
  /// Tagged fields that are in ascending order.
  mutating func tags(_ fields: [UnknownTag]) {
    writeVarUInt32(UInt32(clamping: fields.count))
    for field in fields {
      writeVarUInt32(field.tag)
      writeVarUInt32(UInt32(clamping: field.bytes.count))
      writeBytes(field.bytes)
    }
  }
}
