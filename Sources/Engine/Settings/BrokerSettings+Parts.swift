/// Retention and compaction as work of the background.
package struct UpkeepSettings: Sendable, Equatable {
  /// `log.retention.check.interval.ms`.
  package let retentionCheckIntervalMs: Int64
  /// `log.cleaner.backoff.ms`.
  package let cleanerBackoffMs: Int64
  /// Memory for the keys of a compaction.
  package let cleanerDedupeBufferBytes: Int64
  /// Ceiling of compaction's reads and writes together, a second.
  package let cleanerMaxBytesPerSecond: Double
  /// Ceiling of the scrub's reads, a second; 0 turns it off.
  package let scrubBytesPerSecond: Int64
  /// From the begin of one scrub of all segments to the next.
  package let scrubIntervalMs: Int64

  init(_ reader: SettingReader) throws(SettingError) {
    retentionCheckIntervalMs = try reader.long("log.retention.check.interval.ms")
    cleanerBackoffMs = try reader.long("log.cleaner.backoff.ms")
    cleanerDedupeBufferBytes = try reader.long("log.cleaner.dedupe.buffer.size")
    cleanerMaxBytesPerSecond = try reader.number("log.cleaner.io.max.bytes.per.second")
    scrubBytesPerSecond = try reader.long("scrub.bytes.per.second")
    scrubIntervalMs = try reader.long("scrub.interval.ms")
  }
}

/// Limits of connections and requests.
package struct NetworkSettings: Sendable, Equatable {
  /// `fetch.max.bytes`.
  package let fetchMaxBytes: Int32
  /// `socket.request.max.bytes`.
  package let requestMaxBytes: Int32
  /// nil when nobody chose: the server then goes by its descriptors.
  package let maxConnections: Int32?
  /// nil when nobody chose: the server then has a limit of its own beyond loopback.
  package let maxConnectionsPerAddress: Int32?
  /// New connections a second; nil when nobody chose.
  package let maxConnectionRate: Int32?
  /// Silence after which a connection is closed; 0 or less is never.
  package let idleMs: Int64
  /// `max.incremental.fetch.session.cache.slots`.
  package let fetchSessionSlots: Int32
  /// `socket.listen.backlog.size`.
  package let acceptBacklog: Int32
  /// -1 leaves the system's choice.
  package let sendBufferBytes: Int32
  /// -1 leaves the system's choice.
  package let receiveBufferBytes: Int32
  /// Largest message before a login is complete.
  package let loginMaxBytes: Int32
  /// `connection.failed.authentication.delay.ms`.
  package let failedLoginDelayMs: Int32
  /// Memory that the process may take; nil when nobody chose: the server then looks at what there is.
  package let memoryLimitBytes: Int64?

  init(_ reader: SettingReader) throws(SettingError) {
    fetchMaxBytes = try reader.int("fetch.max.bytes")
    requestMaxBytes = try reader.int("socket.request.max.bytes")
    maxConnections = try reader.chosen("max.connections")
    maxConnectionsPerAddress = try reader.chosen("max.connections.per.ip")
    maxConnectionRate = try reader.chosen("max.connection.creation.rate")
    idleMs = try reader.long("connections.max.idle.ms")
    fetchSessionSlots = try reader.int("max.incremental.fetch.session.cache.slots")
    acceptBacklog = try reader.int("socket.listen.backlog.size")
    sendBufferBytes = try reader.int("socket.send.buffer.bytes")
    receiveBufferBytes = try reader.int("socket.receive.buffer.bytes")
    loginMaxBytes = try reader.int("sasl.server.max.receive.size")
    failedLoginDelayMs = try reader.int("connection.failed.authentication.delay.ms")
    memoryLimitBytes = try reader.chosenLong("memory.limit")
  }
}

/// Limits of groups and their offsets. What one group may change is in `GroupSettings`.
package struct GroupLimits: Sendable, Equatable {
  /// `group.min.session.timeout.ms`.
  package let minSessionTimeoutMs: Int32
  /// `group.max.session.timeout.ms`.
  package let maxSessionTimeoutMs: Int32
  /// `group.initial.rebalance.delay.ms`.
  package let initialRebalanceDelayMs: Int32
  /// Members of one classic group.
  package let maxSize: Int32
  /// Members of one consumer group.
  package let consumerMaxSize: Int32
  /// Members of one share group.
  package let shareMaxSize: Int32
  /// `group.share.max.share.sessions`.
  package let shareMaxSessions: Int32
  /// Kinds of groups served: classic, consumer, share, streams.
  package let protocols: [String]
  /// `group.consumer.assignors`.
  package let consumerAssignors: [String]
  /// `group.consumer.migration.policy`.
  package let consumerMigrationPolicy: String
  /// `group.consumer.regex.refresh.interval.ms`.
  package let consumerPatternRefreshMs: Int32
  /// `offset.metadata.max.bytes`.
  package let offsetMetadataMaxBytes: Int32
  /// `offsets.retention.minutes`, in milliseconds.
  package let offsetsRetentionMs: Int64
  /// `offsets.retention.check.interval.ms`.
  package let offsetsRetentionCheckIntervalMs: Int64
  /// `offsets.topic.num.partitions`, for when the topic is made.
  package let offsetsPartitions: Int32
  /// `offsets.topic.segment.bytes`, likewise.
  package let offsetsSegmentBytes: Int32

  init(_ reader: SettingReader) throws(SettingError) {
    minSessionTimeoutMs = try reader.int("group.min.session.timeout.ms")
    maxSessionTimeoutMs = try reader.int("group.max.session.timeout.ms")
    initialRebalanceDelayMs = try reader.int("group.initial.rebalance.delay.ms")
    maxSize = try reader.int("group.max.size")
    consumerMaxSize = try reader.int("group.consumer.max.size")
    shareMaxSize = try reader.int("group.share.max.size")
    shareMaxSessions = try reader.int("group.share.max.share.sessions")
    protocols = try reader.list("group.coordinator.rebalance.protocols")
    consumerAssignors = try reader.list("group.consumer.assignors")
    consumerMigrationPolicy = try reader.text("group.consumer.migration.policy").lowercased()
    consumerPatternRefreshMs = try reader.int("group.consumer.regex.refresh.interval.ms")
    offsetMetadataMaxBytes = try reader.int("offset.metadata.max.bytes")
    offsetsRetentionMs = Int64(try reader.int("offsets.retention.minutes")) * 60_000
    offsetsRetentionCheckIntervalMs = try reader.long("offsets.retention.check.interval.ms")
    offsetsPartitions = try reader.int("offsets.topic.num.partitions")
    offsetsSegmentBytes = try reader.int("offsets.topic.segment.bytes")
  }
}

/// Limits of producers and transactions.
package struct TransactionSettings: Sendable, Equatable {
  /// `producer.id.expiration.ms`.
  package let producerIDExpirationMs: Int32
  /// `transaction.max.timeout.ms`.
  package let maxTimeoutMs: Int32
  /// `transactional.id.expiration.ms`.
  package let idExpirationMs: Int32
  /// `transaction.abort.timed.out.transaction.cleanup.interval.ms`.
  package let timeoutCheckIntervalMs: Int32
  /// `transaction.remove.expired.transaction.cleanup.interval.ms`.
  package let idExpirationCheckIntervalMs: Int32
  /// `transaction.two.phase.commit.enable`.
  package let isTwoPhaseCommitAllowed: Bool
  /// `transaction.partition.verification.enable`.
  package let isPartitionVerified: Bool
  /// `transaction.state.log.num.partitions`, for when the topic is made.
  package let statePartitions: Int32
  /// `transaction.state.log.segment.bytes`, likewise.
  package let stateSegmentBytes: Int32

  init(_ reader: SettingReader) throws(SettingError) {
    producerIDExpirationMs = try reader.int("producer.id.expiration.ms")
    maxTimeoutMs = try reader.int("transaction.max.timeout.ms")
    idExpirationMs = try reader.int("transactional.id.expiration.ms")
    timeoutCheckIntervalMs = try reader.int("transaction.abort.timed.out.transaction.cleanup.interval.ms")
    idExpirationCheckIntervalMs = try reader.int("transaction.remove.expired.transaction.cleanup.interval.ms")
    isTwoPhaseCommitAllowed = try reader.boolean("transaction.two.phase.commit.enable")
    isPartitionVerified = try reader.boolean("transaction.partition.verification.enable")
    statePartitions = try reader.int("transaction.state.log.num.partitions")
    stateSegmentBytes = try reader.int("transaction.state.log.segment.bytes")
  }
}

/// When a record counts as stored.
package enum Durability: Equatable, Sendable {
  /// Acknowledged means synced.
  case sync
  /// Acknowledged means written; synced every so many milliseconds.
  case interval(milliseconds: Int32)
}

/// How records are checked before they are stored.
package enum RecordValidation: Equatable, Sendable {
  /// Every record is walked.
  case full
  /// Only the header of a batch.
  case header
}

/// The journal and the promise it keeps.
package struct StorageSettings: Sendable, Equatable {
  /// `durability` with its interval.
  package let durability: Durability
  /// `record.validation`.
  package let recordValidation: RecordValidation
  /// `journal.file.bytes`.
  package let journalFileBytes: Int64
  /// `journal.checkpoint.bytes`.
  package let journalCheckpointBytes: Int64
  /// `journal.cap.bytes`.
  package let journalCapBytes: Int64

  init(_ reader: SettingReader) throws(SettingError) {
    let interval = try reader.int("durability.interval.ms")
    durability = try reader.text("durability") == "sync" ? .sync : .interval(milliseconds: interval)
    recordValidation = try reader.text("record.validation") == "full" ? .full : .header
    journalFileBytes = try reader.long("journal.file.bytes")
    journalCheckpointBytes = try reader.long("journal.checkpoint.bytes")
    journalCapBytes = try reader.long("journal.cap.bytes")
  }
}
