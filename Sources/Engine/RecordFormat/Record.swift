package import ByteCodec
package import Units

/// A header of a record: a name, and bytes that may be null.
package struct RecordHeader: Sendable {
  /// UTF-8 by custom; nobody checks.
  package var key: ByteSlice
  package var value: ByteSlice?

  package init(key: ByteSlice, value: ByteSlice?) {
    self.key = key
    self.value = value
  }

  /// A header of its own copies of `key`, in UTF-8, and `value`.
  package init(key: String, value: [UInt8]?) {
    self.init(key: ByteSlice(copying: Array(key.utf8)), value: value.map { ByteSlice(copying: $0) })
  }
}

/// A record to be written: what a producer chooses, not where it lands.
package struct Record: Sendable {
  package var timestamp: Timestamp
  package var key: ByteSlice?
  /// Null is a tombstone in a compacted topic.
  package var value: ByteSlice?
  package var headers: [RecordHeader]

  /// A record that shares the bytes it is given.
  package init(timestamp: Timestamp, key: ByteSlice?, value: ByteSlice?, headers: [RecordHeader] = []) {
    self.timestamp = timestamp
    self.key = key
    self.value = value
    self.headers = headers
  }

  /// A record of its own copies of `key` and `value`.
  package init(timestamp: Timestamp, key: [UInt8]?, value: [UInt8]?, headers: [RecordHeader] = []) {
    self.init(
      timestamp: timestamp, key: key.map { ByteSlice(copying: $0) }, value: value.map { ByteSlice(copying: $0) },
      headers: headers)
  }
}

/// A record as it lies in a batch. It shares the batch's bytes, or those they were decompressed into.
package struct RecordView: Sendable {
  package var offset: Offset
  /// The batch's maximum where the broker set the time, else the record's own; -1 for none.
  package var timestamp: Timestamp
  package var key: ByteSlice?
  package var value: ByteSlice?
  package var headerCount: Int
  /// The headers as they are encoded, without their count.
  package var headerBytes: ByteSlice

  /// The headers, decoded. A record out of a `RecordReader` has had them checked, so this does not fail for it.
  package func headers() throws(WireError) -> [RecordHeader] {
    var reader = ByteReader(headerBytes)
    try reader.admit(count: headerCount, minimumSize: 2, stride: MemoryLayout<RecordHeader>.stride)
    var headers: [RecordHeader] = []
    headers.reserveCapacity(headerCount)
    for _ in 0..<headerCount {
      guard let key = try reader.readRecordField() else { throw .unexpectedNull }
      headers.append(RecordHeader(key: key, value: try reader.readRecordField()))
    }
    try reader.finish()
    return headers
  }
}

extension ByteReader {
  /// A length as a zig-zag varint (-1 is null) and as many bytes, which share the input's block.
  mutating func readRecordField() throws(WireError) -> ByteSlice? {
    let length = try readVarInt32()
    guard length >= -1 else { throw .badLength }
    return length < 0 ? nil : try readPayload(Int(length))
  }
}
