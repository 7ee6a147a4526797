import ByteCodec
import KafkaWire

/// What members of the protocol type `consumer` tell each other inside the bytes of JoinGroup and SyncGroup
/// (`ConsumerSubscription`, `ConsumerAssignment`), which a classic group hands on unread.
package enum EmbeddedProtocol {
  /// The type whose members subscribe to topics; any other type's metadata is its own business.
  package static let name = "consumer"

  /// The version that opens the bytes, held to those known; nil where there is none.
  static func version(of bytes: [UInt8]) -> Int16? {
    var reader = ByteReader(bytes.span.bytes)
    guard let version = try? reader.readInt16(), version >= 0 else { return nil }
    return min(version, ConsumerSubscription.newest)
  }

  /// The topics, or nil where the bytes are no subscription.
  static func topics(in metadata: [UInt8]) -> [String]? { (try? ConsumerSubscription(metadata))?.topics }
}

extension TopicLookup {
  /// The partitions by topic id; those of unknown topics are left out.
  func identified(_ list: [TopicPartitions]) -> [TopicPartition] {
    list.flatMap { one in
      topic(named: one.topic).map { facts in
        one.partitions.map { TopicPartition(topic: facts.id, partition: $0) }
      } ?? []
    }
  }

  /// The partitions by topic name; those of unknown topics are left out.
  func named(_ partitions: some Sequence<TopicPartition>) -> [TopicPartitions] {
    partitions.byTopic().compactMap { one in
      topic(one.topic).map { TopicPartitions(topic: $0.name, partitions: one.partitions) }
    }
  }
}
