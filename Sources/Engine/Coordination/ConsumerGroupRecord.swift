import ByteCodec
import KafkaWire
import Units

/// A record of a consumer group, decoded: a value, or nil where the record removes it.
enum ConsumerGroupRecord {
  case group(ConsumerGroupMetadataValue?)
  case member(String, ConsumerMember?)
  case targetEpoch(ConsumerGroupTargetAssignmentMetadataValue?)
  case target(String, [TopicPartition]?)
  case current(String, MemberAssignment?)
  case pattern(String, ResolvedPattern?)

  /// Nil for a record of something else, or one that cannot be read.
  init?(_ record: CoordinatorRecord) {
    do throws(WireError) {
      guard let read = try Self.decoded(record) else { return nil }
      self = read
    } catch {
      return nil
    }
  }

  private static func decoded(_ record: CoordinatorRecord) throws(WireError) -> ConsumerGroupRecord? {
    var key = ByteReader(record.key.span.bytes)
    switch try key.readInt16() {
    case ConsumerGroupMetadataKey.recordType:
      _ = try ConsumerGroupMetadataKey(from: &key, version: 0)
      return .group(try value(ConsumerGroupMetadataValue.self, record))
    case ConsumerGroupMemberMetadataKey.recordType:
      let name = try ConsumerGroupMemberMetadataKey(from: &key, version: 0)
      return .member(name.memberId, try value(ConsumerGroupMemberMetadataValue.self, record).map(ConsumerMember.init))
    case ConsumerGroupTargetAssignmentMetadataKey.recordType:
      _ = try ConsumerGroupTargetAssignmentMetadataKey(from: &key, version: 0)
      return .targetEpoch(try value(ConsumerGroupTargetAssignmentMetadataValue.self, record))
    case ConsumerGroupTargetAssignmentMemberKey.recordType:
      let name = try ConsumerGroupTargetAssignmentMemberKey(from: &key, version: 0)
      let stored = try value(ConsumerGroupTargetAssignmentMemberValue.self, record)
      let partitions = stored?.topicPartitions.flatMap { topic in
        topic.partitions.map { TopicPartition(topic: topic.topicId, partition: $0) }
      }
      return .target(name.memberId, partitions)
    case ConsumerGroupCurrentMemberAssignmentKey.recordType:
      let name = try ConsumerGroupCurrentMemberAssignmentKey(from: &key, version: 0)
      let stored = try value(ConsumerGroupCurrentMemberAssignmentValue.self, record)
      return .current(name.memberId, stored.map(MemberAssignment.init))
    case ConsumerGroupRegularExpressionKey.recordType:
      let name = try ConsumerGroupRegularExpressionKey(from: &key, version: 0)
      let stored = try value(ConsumerGroupRegularExpressionValue.self, record)
      return .pattern(
        name.regularExpression, stored.map { ResolvedPattern(topics: $0.topics, timestamp: $0.timestamp) })
    default: return nil
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

  /// The record, as `group` writes it.
  func encoded(of group: String) -> CoordinatorRecord {
    switch self {
    case .group(let value):
      CoordinatorRecord(
        type: ConsumerGroupMetadataKey.recordType, key: ConsumerGroupMetadataKey(groupId: group), value: value,
        version: 0)
    case .member(let id, let member):
      CoordinatorRecord(
        type: ConsumerGroupMemberMetadataKey.recordType,
        key: ConsumerGroupMemberMetadataKey(groupId: group, memberId: id), value: member?.stored, version: 0)
    case .targetEpoch(let value):
      CoordinatorRecord(
        type: ConsumerGroupTargetAssignmentMetadataKey.recordType,
        key: ConsumerGroupTargetAssignmentMetadataKey(groupId: group), value: value, version: 0)
    case .target(let id, let partitions):
      CoordinatorRecord(
        type: ConsumerGroupTargetAssignmentMemberKey.recordType,
        key: ConsumerGroupTargetAssignmentMemberKey(groupId: group, memberId: id),
        value: partitions.map { list in
          ConsumerGroupTargetAssignmentMemberValue(
            topicPartitions: list.byTopic().map { .init(topicId: $0.topic, partitions: $0.partitions) })
        }, version: 0)
    case .current(let id, let current):
      CoordinatorRecord(
        type: ConsumerGroupCurrentMemberAssignmentKey.recordType,
        key: ConsumerGroupCurrentMemberAssignmentKey(groupId: group, memberId: id), value: current?.stored, version: 0)
    case .pattern(let text, let resolved):
      CoordinatorRecord(
        type: ConsumerGroupRegularExpressionKey.recordType,
        key: ConsumerGroupRegularExpressionKey(groupId: group, regularExpression: text),
        value: resolved.map {
          ConsumerGroupRegularExpressionValue(topics: $0.topics, version: 0, timestamp: $0.timestamp)
        }, version: 0)
    }
  }
}

extension ConsumerMember {
  init(_ stored: ConsumerGroupMemberMetadataValue) {
    self.init()
    instanceID = stored.instanceId
    rackID = stored.rackId
    clientID = stored.clientId
    clientHost = stored.clientHost
    topics = stored.subscribedTopicNames
    // Kafka keeps the empty pattern of a member that has withdrawn one.
    pattern = stored.subscribedTopicRegex == "" ? nil : stored.subscribedTopicRegex
    rebalanceTimeoutMs = stored.rebalanceTimeoutMs
    assignor = stored.serverAssignor
    // A record without the field reads as an empty one: a classic member always has a protocol.
    if let side = stored.classicMemberMetadata, !side.supportedProtocols.isEmpty {
      classic = ClassicSide(
        sessionTimeoutMs: side.sessionTimeoutMs,
        protocols: side.supportedProtocols.map { ClassicProtocol(name: $0.name, metadata: $0.metadata) })
    }
  }

  var stored: ConsumerGroupMemberMetadataValue {
    ConsumerGroupMemberMetadataValue(
      instanceId: instanceID, rackId: rackID, clientId: clientID, clientHost: clientHost, subscribedTopicNames: topics,
      subscribedTopicRegex: pattern, rebalanceTimeoutMs: rebalanceTimeoutMs, serverAssignor: assignor,
      classicMemberMetadata: classic.map { side in
        .init(
          sessionTimeoutMs: side.sessionTimeoutMs,
          supportedProtocols: side.protocols.map { .init(name: $0.name, metadata: $0.metadata) })
      })
  }
}

extension MemberAssignment {
  init(_ stored: ConsumerGroupCurrentMemberAssignmentValue) {
    self.init()
    epoch = stored.memberEpoch
    previousEpoch = stored.previousMemberEpoch
    phase = Phase(rawValue: stored.state) ?? .stable
    for topic in stored.assignedPartitions {
      Self.read(topic.partitions, topic.assignmentEpochs, of: topic.topicId, otherwise: epoch, into: &assigned)
    }
    for topic in stored.partitionsPendingRevocation {
      Self.read(topic.partitions, topic.assignmentEpochs, of: topic.topicId, otherwise: epoch, into: &pending)
    }
  }

  /// Records of older brokers have no epochs of assignment: the member's own stands for them.
  private static func read(
    _ partitions: [Int32], _ epochs: [Int32]?, of topic: UniqueID, otherwise epoch: Int32,
    into table: inout [TopicPartition: Int32]
  ) {
    let epochs = epochs ?? []
    for (index, partition) in partitions.enumerated() {
      table[TopicPartition(topic: topic, partition: partition)] = index < epochs.count ? epochs[index] : epoch
    }
  }

  var stored: ConsumerGroupCurrentMemberAssignmentValue {
    ConsumerGroupCurrentMemberAssignmentValue(
      memberEpoch: epoch, previousMemberEpoch: previousEpoch, state: phase.rawValue,
      assignedPartitions: assigned.keys.byTopic().map {
        .init(
          topicId: $0.topic, partitions: $0.partitions,
          assignmentEpochs: Self.epochs(of: $0.partitions, $0.topic, assigned))
      },
      partitionsPendingRevocation: pending.keys.byTopic().map {
        .init(
          topicId: $0.topic, partitions: $0.partitions,
          assignmentEpochs: Self.epochs(of: $0.partitions, $0.topic, pending))
      })
  }

  private static func epochs(
    of partitions: [Int32], _ topic: UniqueID, _ table: [TopicPartition: Int32]
  ) -> [Int32] {
    partitions.map { table[TopicPartition(topic: topic, partition: $0)] ?? 0 }
  }
}
