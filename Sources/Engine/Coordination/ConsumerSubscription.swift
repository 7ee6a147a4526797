import ByteCodec

/// The topics in the metadata of a member of protocol type `consumer`: all that a broker reads of it.
enum ConsumerSubscription {
  /// The type whose members subscribe to topics; any other type's metadata is its own business.
  static let protocolType = "consumer"

  /// The topics, or nil where the bytes are no subscription.
  static func topics(in metadata: [UInt8]) -> [String]? {
    do throws(WireError) {
      var reader = ByteReader(metadata.span.bytes)
      guard try reader.readInt16() >= 0 else { return nil }
      let count = Int(try reader.readInt32())
      // Each name has its length in front.
      guard count >= 0, count <= reader.remaining / 2 else { return nil }
      var topics: [String] = []
      for _ in 0..<count {
        let length = Int(try reader.readInt16())
        guard length >= 0 else { return nil }
        topics.append(try reader.readText(length))
      }
      return topics
    } catch {
      return nil
    }
  }
}
