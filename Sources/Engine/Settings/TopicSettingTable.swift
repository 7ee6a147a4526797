// Table: facts of Apache Kafka 4.3, one row a setting, in order of name. Kept by hand; the tests compare it with the facts.

/// Settings of a topic: type, default, allowed values, and the broker settings that stand in for one that is not set.
enum TopicSettingTable {
  static let rows: [SettingDefinition] = [
    .topic(
      "cleanup.policy", .list, "delete", .eachOneOf(["compact", "delete"]), from: [.init("log.cleanup.policy")],
      about:
        "What happens to old data: delete drops whole segments, compact keeps the last value of each key, empty keeps all."
    ),
    .topic(
      "compression.gzip.level", .int, "-1", .exactlyOrBetween(-1, 1, 9), from: [.init("compression.gzip.level")],
      about: "Effort of gzip when the topic re-compresses: 1 to 9, or -1 for the library's own choice."),
    .topic(
      "compression.lz4.level", .int, "9", .between(1, 17), from: [.init("compression.lz4.level")],
      about: "Effort of lz4 when the topic re-compresses."),
    .topic(
      "compression.type", .string, "producer", .oneOf(["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]),
      from: [.init("compression.type")],
      about: "Codec that batches are stored with; producer keeps whatever the producer chose."),
    .topic(
      "compression.zstd.level", .int, "3", .between(-131_072, 22), from: [.init("compression.zstd.level")],
      about: "Effort of zstd when the topic re-compresses."),
    .topic(
      "delete.retention.ms", .long, "86400000", .atLeast(0), from: [.init("log.cleaner.delete.retention.ms")],
      about: "How long compaction keeps a tombstone, so that slow readers still see the deletion."),
    .topic(
      "file.delete.delay.ms", .long, "60000", .atLeast(0), from: [.init("log.segment.delete.delay.ms")],
      about: "Pause between dropping a segment and removing its files."),
    .topic(
      "flush.messages", .long, "9223372036854775807", .atLeast(1), from: [.init("log.flush.interval.messages")],
      about:
        "Records between forced syncs; 1 asks for a sync before every acknowledgement, whatever the durability mode."),
    .topic(
      "flush.ms", .long, "9223372036854775807", .atLeast(0), from: .flush,
      about: "Longest time a record may wait for a forced sync."),
    .topic(
      "follower.replication.throttled.replicas", .list, "", .replicaThrottle,
      about: "Kept for reassignment tools; one node has no followers to slow down."),
    .topic(
      "index.interval.bytes", .int, "4096", .atLeast(0), from: [.init("log.index.interval.bytes")],
      about: "Bytes of records between two entries of the offset index."),
    .topic(
      "internal.segment.bytes", .int, nil, .atLeast(1), isHidden: true,
      about: "A segment size below the usual minimum, for tests of rolling."),
    .topic(
      "leader.replication.throttled.replicas", .list, "", .replicaThrottle,
      about: "Kept for reassignment tools; one node sends to no followers."),
    .topic(
      "local.retention.bytes", .long, "-2", .atLeast(-2), from: [.init("log.local.retention.bytes")],
      about: "Kept for tiered storage, which this server does not have."),
    .topic(
      "local.retention.ms", .long, "-2", .atLeast(-2), from: [.init("log.local.retention.ms")],
      about: "Kept for tiered storage, which this server does not have."),
    .topic(
      "max.compaction.lag.ms", .long, "9223372036854775807", .atLeast(1),
      from: [.init("log.cleaner.max.compaction.lag.ms")], about: "Longest time a record may stay uncompacted."),
    .topic(
      "max.message.bytes", .int, "1048588", .atLeast(0), from: [.init("message.max.bytes")],
      about: "Largest batch accepted, counted as it is stored."),
    .topic(
      "message.timestamp.after.max.ms", .long, "3600000", .atLeast(0),
      from: [.init("log.message.timestamp.after.max.ms")],
      about: "How far ahead of the server's clock a producer's timestamp may be."),
    .topic(
      "message.timestamp.before.max.ms", .long, "9223372036854775807", .atLeast(0),
      from: [.init("log.message.timestamp.before.max.ms")],
      about: "How far behind the server's clock a producer's timestamp may be."),
    .topic(
      "message.timestamp.type", .string, "CreateTime", .oneOf(["CreateTime", "LogAppendTime"]),
      from: [.init("log.message.timestamp.type")],
      about: "Whose clock dates records: CreateTime is the producer's, LogAppendTime the server's."),
    .topic(
      "min.cleanable.dirty.ratio", .double, "0.5", .fraction(upTo: 1), from: [.init("log.cleaner.min.cleanable.ratio")],
      about: "Share of not yet compacted bytes at which a log is compacted."),
    .topic(
      "min.compaction.lag.ms", .long, "0", .atLeast(0), from: [.init("log.cleaner.min.compaction.lag.ms")],
      about: "Shortest time a record is safe from compaction."),
    .topic(
      "min.insync.replicas", .int, "1", .atLeast(1), from: [.init("min.insync.replicas")],
      about: "Stored and shown; with one replica it counts as met."),
    .topic(
      "preallocate", .boolean, "false", from: [.init("log.preallocate")],
      about: "Stored and shown; space for segments is always reserved ahead."),
    .topic(
      "remote.log.copy.disable", .boolean, "false", about: "Kept for tiered storage, which this server does not have."),
    .topic(
      "remote.log.delete.on.disable", .boolean, "false",
      about: "Kept for tiered storage, which this server does not have."),
    .topic(
      "remote.storage.enable", .boolean, "false", about: "Kept for tiered storage, which this server does not have."),
    .topic(
      "retention.bytes", .long, "-1", from: [.init("log.retention.bytes")],
      about: "Bytes a partition keeps before its oldest segments go; -1 is no limit."),
    .topic(
      "retention.ms", .long, "604800000", .atLeast(-1), from: .retention,
      about: "Age at which a segment's data goes; -1 is never."),
    .topic(
      "segment.bytes", .int, "1073741824", .atLeast(1_048_576), from: [.init("log.segment.bytes")],
      about: "Size at which a segment is closed and the next one begins."),
    .topic(
      "segment.index.bytes", .int, "10485760", .atLeast(4), from: [.init("log.index.size.max.bytes")],
      about: "Largest index of a segment; a full index closes the segment."),
    .topic(
      "segment.jitter.ms", .long, "0", .atLeast(0), from: .rollJitter,
      about: "Random time taken off segment.ms, so that segments do not all close at once."),
    .topic(
      "segment.ms", .long, "604800000", .atLeast(1), from: .roll,
      about: "Age at which a segment is closed even when it is not full."),
    .topic(
      "unclean.leader.election.enable", .boolean, "false", from: [.init("unclean.leader.election.enable")],
      about: "Stored and shown; one node elects nobody."),
  ]
}
