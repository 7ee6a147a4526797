import ByteCodec
import KafkaWire
import Testing
import VectorCheck
import wiregen

/// Where the package's files are.
enum PackageFolder {
  static let root: String = {
    let parts = #filePath.split(separator: "/").dropLast(3)
    return "/" + parts.joined(separator: "/")
  }()
  static let sample = root + "/Tests/KafkaWireTests/Vectors/messages.jsonl"
  static let batches = root + "/Tests/RecordFormatTests/Vectors/record-batches.jsonl"
  static let shared = root + "/../shared/kafka-protocol/vectors/messages.jsonl"
}

/// Decodes `body` as the server does and fails on bytes left over.
func decode<Message: WireMessage>(
  _ type: Message.Type, version: Int16, _ body: [UInt8], keepsUnknownTags: Bool = false
) throws(WireError) -> Message {
  let slice = ByteSlice(copying: body)
  var reader = ByteReader(slice)
  reader.keepsUnknownTags = keepsUnknownTags
  let message = try Message(from: &reader, version: version)
  try reader.finish()
  return message
}

/// The body's bytes.
func encoded(_ message: some WireMessage, version: Int16) -> [UInt8] {
  var writer = ByteWriter()
  message.encode(to: &writer, version: version)
  return writer.takeArray()
}

/// Small numbers from a seed, the same on every run.
struct SeededNumbers: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ state >> 29
  }
}
