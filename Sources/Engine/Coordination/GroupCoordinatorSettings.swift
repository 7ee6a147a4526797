/// The settings that groups obey, given by whoever runs the coordinator. Times in milliseconds.
package struct GroupCoordinatorSettings: Equatable, Sendable {
  /// `group.min.session.timeout.ms`.
  package var minSessionTimeoutMs: Int32 = 6_000
  /// `group.max.session.timeout.ms`.
  package var maxSessionTimeoutMs: Int32 = 1_800_000
  /// `group.initial.rebalance.delay.ms`.
  package var initialRebalanceDelayMs: Int32 = 3_000
  /// `group.max.size`: members of one classic group.
  package var maxSize: Int32 = .max
  /// `offset.metadata.max.bytes`.
  package var offsetMetadataMaxBytes: Int32 = 4_096
  /// `offsets.retention.minutes`, in milliseconds.
  package var offsetsRetentionMs: Int64 = 7 * 24 * 3_600_000
  /// `offsets.retention.check.interval.ms`.
  package var offsetsRetentionCheckIntervalMs: Int64 = 600_000
  /// `offsets.topic.num.partitions`, as the topic was created: it decides which marker ends which offsets.
  package var offsetsTopicPartitions: Int32 = 50

  /// What consumer groups obey that have no settings of their own.
  package var consumer = ConsumerGroupSettings()
  /// The settings of single consumer groups, by group: the broker's with the group's own over them.
  package var consumerOverrides: [String: ConsumerGroupSettings] = [:]
  /// `group.coordinator.rebalance.protocols` names `consumer`.
  package var servesConsumerGroups = true
  /// `group.consumer.migration.policy`: whether a classic group may become a consumer group while it has members.
  package var allowsUpgrade = true
  /// And whether a consumer group becomes a classic one when its last member of the new protocol has left.
  package var allowsDowngrade = true

  /// What the consumer group `id` obeys.
  package func consumer(_ id: String) -> ConsumerGroupSettings { consumerOverrides[id] ?? consumer }

  /// Kafka's defaults.
  package init() {}
}
