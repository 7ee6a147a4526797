package import ByteCodec
package import KafkaWire
import RecordFormat

/// Makes what a client says out of arbitrary bytes, such that little of it is refused at the first look.
package enum Utterance {
  /// The request that makes the topic `t`, which the rest of a conversation may name.
  package static let prologue: [UInt8] = frame(
    .metadata, version: 12, body: encoded(MetadataRequest(topics: [.init(name: "t")]), version: 12))

  /// The frame of a request with that body.
  package static func frame(_ api: APIKey, version: Int16, correlation: Int32 = 0, body: ByteSlice) -> [UInt8] {
    var writer = ByteWriter()
    RequestHeader(apiKey: api.rawValue, apiVersion: version, correlationId: correlation, clientId: "c")
      .encode(to: &writer)
    body.withUnsafeBytes { writer.writeBytes($0) }
    return framed(writer.takeSlice())
  }

  package static func encoded(_ message: some WireMessage, version: Int16) -> ByteSlice {
    var writer = ByteWriter()
    message.encode(to: &writer, version: version)
    return writer.takeSlice()
  }

  /// Requests from `bytes`: for each its API, its version, two bytes of length, its body. Record batches get the length
  /// and the checksum that they should have.
  package static func requests(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var rest = bytes
    var spoken: [UInt8] = []
    var correlation: Int32 = 0
    while let key = rest.popFirst(), let version = rest.popFirst(), let high = rest.popFirst(),
      let low = rest.popFirst()
    {
      let count = min(Int(high) << 8 | Int(low), rest.count)
      let body = ByteSlice(copying: Array(rest.prefix(count)))
      rest = rest.dropFirst(count)
      guard let api = APIKey(rawValue: Int16(key)) else { continue }
      if api == .produce { seal(body, version: Int16(version)) }
      spoken += frame(api, version: Int16(version), correlation: correlation, body: body)
      correlation += 1
    }
    return spoken
  }

  /// What `requests` makes a request of that body from.
  package static func recipe(_ api: APIKey, version: Int16, body: ByteSlice) -> [UInt8] {
    [
      UInt8(clamping: api.rawValue), UInt8(clamping: version), UInt8(clamping: body.count >> 8),
      UInt8(body.count & 0xff),
    ]
      + body.copy()
  }

  /// Cuts `bytes` into pieces of up to `largest` bytes; `seed` decides where.
  package static func cut(_ bytes: [UInt8], seed: UInt8, largest: Int) -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    var rest = bytes[...]
    var state = UInt32(seed) &* 2_654_435_761 &+ 1
    while !rest.isEmpty {
      state = state &* 1_664_525 &+ 1_013_904_223
      let count = 1 + Int(state >> 8) % max(largest, 1)
      pieces.append(Array(rest.prefix(count)))
      rest = rest.dropFirst(count)
    }
    return pieces
  }

  private static func seal(_ body: ByteSlice, version: Int16) {
    var reader = ByteReader(body)
    guard let request = try? ProduceRequest(from: &reader, version: version) else { return }
    for topic in request.topicData {
      for case let records? in topic.partitionData.map(\.records) where records.count >= RecordBatchHeader.size {
        records.stamp(Int32(truncatingIfNeeded: records.count - RecordBatchHeader.uncountedSize), at: 8)
        records.stamp(Checksum.crc32c(records.dropping(RecordBatchHeader.Layout.attributes)), at: 17)
      }
    }
  }

  private static func framed(_ content: ByteSlice) -> [UInt8] {
    var writer = ByteWriter()
    writer.writeInt32(Int32(truncatingIfNeeded: content.count))
    content.withUnsafeBytes { writer.writeBytes($0) }
    return writer.takeSlice().copy()
  }
}
