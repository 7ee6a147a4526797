import ByteCodec

/// The few compound shapes of the store's own records: text, lists and maps, each with a 32-bit length.
extension ByteWriter {
  mutating func writeLongText(_ text: String) {
    writeInt32(Int32(truncatingIfNeeded: text.utf8.count))
    writeText(text)
  }

  mutating func writeList<Element>(_ list: [Element], _ encode: (inout ByteWriter, Element) -> Void) {
    writeInt32(Int32(truncatingIfNeeded: list.count))
    for element in list { encode(&self, element) }
  }

  /// Sorted by name, so that equal maps have equal bytes.
  mutating func writeOverrides(_ overrides: [String: String]) {
    writeList(overrides.sorted { $0.key < $1.key }) { writer, pair in
      writer.writeLongText(pair.key)
      writer.writeLongText(pair.value)
    }
  }
}

extension ByteReader {
  mutating func readLongText() throws(WireError) -> String {
    try readText(Int(try readInt32()))
  }

  mutating func readList<Element>(
    minimumSize: Int, _ decode: (inout ByteReader) throws(WireError) -> Element
  ) throws(WireError) -> [Element] {
    let count = Int(try readInt32())
    try admit(count: count, minimumSize: minimumSize, stride: MemoryLayout<Element>.stride)
    var list: [Element] = []
    list.reserveCapacity(count)
    for _ in 0..<count { list.append(try decode(&self)) }
    return list
  }

  mutating func readOverrides() throws(WireError) -> [String: String] {
    let pairs = try readList(minimumSize: 8) { reader throws(WireError) in
      (try reader.readLongText(), try reader.readLongText())
    }
    return Dictionary(pairs, uniquingKeysWith: { _, last in last })
  }
}
