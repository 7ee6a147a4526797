import KafkaWire
package import Units

/// A partition of a topic, by name: how offsets are kept.
package struct PartitionName: Hashable, Comparable, Sendable {
  package var topic: String
  package var partition: Int32

  package init(topic: String, partition: Int32) {
    self.topic = topic
    self.partition = partition
  }

  package static func < (a: PartitionName, b: PartitionName) -> Bool { (a.topic, a.partition) < (b.topic, b.partition) }
}

/// How far a group has read a partition.
package struct CommittedOffset: Equatable, Sendable {
  package var offset: Int64
  /// The leader epoch of the last record read, or -1.
  package var leaderEpoch: Int32
  /// The client's note.
  package var metadata: String
  package var committedAt: Timestamp
  /// When it expires, where the client said so (versions 2 to 4 of OffsetCommit).
  package var expiresAt: Timestamp?
  /// The topic's id when it was committed, or zero.
  package var topicID: UniqueID

  package init(
    offset: Int64, leaderEpoch: Int32 = -1, metadata: String = "", committedAt: Timestamp, expiresAt: Timestamp? = nil,
    topicID: UniqueID = .zero
  ) {
    self.offset = offset
    self.leaderEpoch = leaderEpoch
    self.metadata = metadata
    self.committedAt = committedAt
    self.expiresAt = expiresAt
    self.topicID = topicID
  }

  init(_ value: OffsetCommitValue) {
    self.init(
      offset: value.offset, leaderEpoch: value.leaderEpoch, metadata: value.metadata,
      committedAt: Timestamp(milliseconds: value.commitTimestamp),
      expiresAt: value.expireTimestamp < 0 ? nil : Timestamp(milliseconds: value.expireTimestamp),
      topicID: value.topicId)
  }

  /// The record's value, and the oldest version that holds all of it: foreign readers know the older ones.
  var stored: (value: OffsetCommitValue, version: Int16) {
    let value = OffsetCommitValue(
      offset: offset, leaderEpoch: leaderEpoch, metadata: metadata, commitTimestamp: committedAt.milliseconds,
      topicId: topicID, expireTimestamp: expiresAt?.milliseconds ?? -1)
    guard expiresAt == nil else { return (value, 1) }
    return (value, topicID == .zero ? 3 : 4)
  }
}
