import ByteCodec
import KafkaWire

/// A record of `__consumer_offsets`, decoded.
enum GroupRecord {
  case offset(group: String, partition: PartitionName, CommittedOffset?)
  case classic(group: String, GroupMetadataValue?)
  /// A part of a consumer group, which reads it itself.
  case consumer(group: String)
  /// A layout that another kind of group replays, or none at all.
  case other

  /// The numbers that open the keys.
  enum Layout {
    static let legacyOffset: Int16 = 0
    static let offset: Int16 = 1
    static let classicGroup: Int16 = 2
    static let consumerGroup: [Int16] = [
      ConsumerGroupMetadataKey.recordType, ConsumerGroupMemberMetadataKey.recordType,
      ConsumerGroupTargetAssignmentMetadataKey.recordType, ConsumerGroupTargetAssignmentMemberKey.recordType,
      ConsumerGroupCurrentMemberAssignmentKey.recordType, ConsumerGroupRegularExpressionKey.recordType,
    ]
  }

  /// The newest layout of a classic group's value without tagged fields: what Kafka writes.
  static let classicVersion: Int16 = 3

  init(_ record: CoordinatorRecord) {
    do throws(WireError) {
      var key = ByteReader(record.key.span.bytes)
      switch try key.readInt16() {
      case Layout.legacyOffset, Layout.offset:
        let name = try OffsetCommitKey(from: &key, version: 0)
        self = .offset(
          group: name.group, partition: PartitionName(topic: name.topic, partition: name.partition),
          try Self.value(OffsetCommitValue.self, record).map(CommittedOffset.init))
      case Layout.classicGroup:
        let name = try GroupMetadataKey(from: &key, version: 0)
        self = .classic(group: name.group, try Self.value(GroupMetadataValue.self, record))
      case let type where Layout.consumerGroup.contains(type):
        // All of their keys begin with the group.
        self = .consumer(group: try ConsumerGroupMetadataKey(from: &key, version: 0).groupId)
      default: self = .other
      }
    } catch {
      self = .other
    }
  }

  private static func value<Value: WireMessage>(
    _ type: Value.Type, _ record: CoordinatorRecord
  ) throws(WireError) -> Value? {
    guard let bytes = record.value else { return nil }
    var reader = ByteReader(bytes.span.bytes)
    let version = try reader.readInt16()
    return try Value(from: &reader, version: version)
  }

  /// The record of an offset, or of its removal.
  static func offset(_ offset: CommittedOffset?, of partition: PartitionName, in group: String) -> CoordinatorRecord {
    let stored = offset?.stored
    return CoordinatorRecord(
      type: Layout.offset,
      key: OffsetCommitKey(group: group, topic: partition.topic, partition: partition.partition),
      value: stored?.value, version: stored?.version ?? 0)
  }

  /// The record of a classic group, or of its removal.
  static func classic(_ value: GroupMetadataValue?, of group: String) -> CoordinatorRecord {
    CoordinatorRecord(
      type: Layout.classicGroup, key: GroupMetadataKey(group: group), value: value, version: classicVersion)
  }

  /// The record of a classic group whose value is encoded.
  static func classic(_ value: [UInt8]?, of group: String) -> CoordinatorRecord {
    var record = classic(nil as GroupMetadataValue?, of: group)
    record.value = value
    return record
  }
}
