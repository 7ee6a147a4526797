// Table: facts of Apache Kafka 4.3, one row a setting, in order of name. Kept by hand; the tests compare it with the facts.

extension BrokerSettingTable {
  static let rowsLToR: [SettingDefinition] = [
    .fixed("leader.imbalance.check.interval.seconds", .long, "300", .atLeast(1)),
    .clusterWide("leader.replication.throttled.rate", .long, "9223372036854775807", .atLeast(0), isHidden: true),
    .fixed(
      "listener.security.protocol.map", .string,
      "SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT",
      about: "Security protocol of each listener name."),
    .fixed(
      "listeners", .list, "PLAINTEXT://localhost:9092", .listeners,
      about: "Addresses to listen on, as NAME://host:port."),
    .clusterWide(
      "log.cleaner.backoff.ms", .long, "15000", .atLeast(0), about: "Pause when there is nothing to compact."),
    .clusterWide("log.cleaner.dedupe.buffer.size", .long, "134217728", about: "Memory for the keys of a compaction."),
    .clusterWide(
      "log.cleaner.delete.retention.ms", .long, "86400000", .atLeast(0),
      about: "How long compaction keeps tombstones, for topics that do not say."),
    .fixed(
      "log.cleaner.enable", .boolean, "true",
      about: "Stored and shown; topics that ask for compaction are always compacted."),
    .clusterWide("log.cleaner.io.buffer.load.factor", .double, "0.9"),
    .clusterWide("log.cleaner.io.buffer.size", .int, "524288", .atLeast(0)),
    .clusterWide(
      "log.cleaner.io.max.bytes.per.second", .double, "1.7976931348623157E308",
      about: "Ceiling of compaction's reads and writes together."),
    .clusterWide("log.cleaner.max.compaction.lag.ms", .long, "9223372036854775807", .atLeast(1)),
    .clusterWide("log.cleaner.min.cleanable.ratio", .double, "0.5", .fraction(upTo: 1)),
    .clusterWide("log.cleaner.min.compaction.lag.ms", .long, "0", .atLeast(0)),
    .clusterWide("log.cleaner.threads", .int, "1", .atLeast(0)),
    .clusterWide(
      "log.cleanup.policy", .list, "delete", .eachOneOf(["compact", "delete"]),
      about: "What happens to old data, for topics that do not say."),
    .fixed("log.dir", .list, "millrace-data", about: "The data folder, when log.dirs is not set."),
    .fixed("log.dir.failure.timeout.ms", .long, "30000", .atLeast(1)),
    .fixed("log.dirs", .list, nil, about: "The data folder. The first entry is used."),
    .clusterWide(
      "log.flush.interval.messages", .long, "9223372036854775807", .atLeast(1),
      about: "Records between forced syncs, for topics that do not say."),
    .clusterWide("log.flush.interval.ms", .long, nil, .atLeast(0), from: .flush),
    .fixed("log.flush.offset.checkpoint.interval.ms", .int, "60000", .atLeast(0)),
    .fixed("log.flush.scheduler.interval.ms", .long, "9223372036854775807"),
    .fixed("log.flush.start.offset.checkpoint.interval.ms", .int, "60000", .atLeast(0)),
    .clusterWide("log.index.interval.bytes", .int, "4096", .atLeast(0)),
    .clusterWide("log.index.size.max.bytes", .int, "10485760", .atLeast(4)),
    .fixed("log.initial.task.delay.ms", .long, "30000", .atLeast(0), isHidden: true),
    .clusterWide("log.local.retention.bytes", .long, "-2", .atLeast(-2)),
    .clusterWide("log.local.retention.ms", .long, "-2", .atLeast(-2)),
    .clusterWide("log.message.timestamp.after.max.ms", .long, "3600000", .atLeast(0)),
    .clusterWide("log.message.timestamp.before.max.ms", .long, "9223372036854775807", .atLeast(0)),
    .clusterWide(
      "log.message.timestamp.type", .string, "CreateTime", .oneOf(["CreateTime", "LogAppendTime"]),
      about: "Whose clock dates records, for topics that do not say."),
    .clusterWide("log.preallocate", .boolean, "false"),
    .clusterWide(
      "log.retention.bytes", .long, "-1", about: "Bytes a partition keeps, for topics that do not say; -1 is no limit."),
    .fixed(
      "log.retention.check.interval.ms", .long, "300000", .atLeast(1),
      about: "Time between two looks for data that may go."),
    .fixed(
      "log.retention.hours", .int, "168", .exactlyOrBetween(-1, 1, .max),
      about: "Age at which data goes, when neither minutes nor milliseconds are set."),
    .fixed(
      "log.retention.minutes", .int, nil, .exactlyOrBetween(-1, 1, .max), from: .retentionMinutes,
      about: "Age at which data goes, when milliseconds are not set."),
    .clusterWide(
      "log.retention.ms", .long, nil, .exactlyOrBetween(-1, 1, .max), from: .retention,
      about: "Age at which data goes, for topics that do not say; -1 is never."),
    .fixed(
      "log.roll.hours", .int, "168", .atLeast(1),
      about: "Age at which a segment is closed, when log.roll.ms is not set."),
    .fixed("log.roll.jitter.hours", .int, "0", .atLeast(0)),
    .clusterWide("log.roll.jitter.ms", .long, nil, .atLeast(0), from: .rollJitter),
    .clusterWide(
      "log.roll.ms", .long, nil, .atLeast(1), from: .roll,
      about: "Age at which a segment is closed, for topics that do not say."),
    .clusterWide(
      "log.segment.bytes", .int, "1073741824", .atLeast(1_048_576),
      about: "Size at which a segment is closed, for topics that do not say."),
    .clusterWide(
      "log.segment.delete.delay.ms", .long, "60000", .atLeast(0),
      about: "Pause between dropping a segment and removing its files, for topics that do not say."),
    .clusterWide(
      "max.connection.creation.rate", .int, "2147483647", .atLeast(0), about: "New connections accepted in a second."),
    .clusterWide("max.connections", .int, "2147483647", .atLeast(0), about: "Connections at a time."),
    .clusterWide(
      "max.connections.per.ip", .int, "2147483647", .atLeast(0), about: "Connections at a time from one address."),
    .clusterWide(
      "max.connections.per.ip.overrides", .string, "", about: "Addresses with a limit of their own, as address:count."),
    .fixed("max.incremental.fetch.session.cache.slots", .int, "1000", .atLeast(0), about: "Fetch sessions remembered."),
    .fixed(
      "max.request.partition.size.limit", .int, "2000", .atLeast(1),
      about: "Partitions in one answer of DescribeTopicPartitions."),
    .clusterWide(
      "message.max.bytes", .int, "1048588", .atLeast(0), about: "Largest batch accepted, for topics that do not say."),
    .fixed("metadata.log.dir", .string, nil),
    .fixed("metadata.log.max.record.bytes.between.snapshots", .long, "20971520", .atLeast(1)),
    .fixed("metadata.log.max.snapshot.interval.ms", .long, "3600000", .atLeast(0)),
    .fixed("metadata.log.segment.bytes", .int, "1073741824", .atLeast(8_388_608)),
    .fixed("metadata.log.segment.ms", .long, "604800000"),
    .fixed("metadata.max.idle.interval.ms", .int, "500", .atLeast(0)),
    .fixed("metadata.max.retention.bytes", .long, "104857600"),
    .fixed("metadata.max.retention.ms", .long, "604800000"),
    .clusterWide("metric.reporters", .list, "org.apache.kafka.common.metrics.JmxReporter"),
    .fixed("metrics.num.samples", .int, "2", .atLeast(1)),
    .fixed("metrics.recording.level", .string, "INFO"),
    .fixed("metrics.sample.window.ms", .long, "30000", .atLeast(1)),
    .clusterWide(
      "min.insync.replicas", .int, "1", .atLeast(1), about: "Stored and shown; with one replica it counts as met."),
    .fixed("node.id", .int, "1", .atLeast(0), about: "Number by which clients know this node."),
    .clusterWide(
      "num.io.threads", .int, "8", .atLeast(1), about: "Stored and shown; the server sizes its own threads."),
    .clusterWide(
      "num.network.threads", .int, "3", .atLeast(1), about: "Stored and shown; the server sizes its own threads."),
    .fixed("num.partitions", .int, "1", .atLeast(1), about: "Partitions of a topic that does not ask for a number."),
    .clusterWide("num.recovery.threads.per.data.dir", .int, "2", .atLeast(1)),
    .fixed("num.replica.alter.log.dirs.threads", .int, nil),
    .clusterWide("num.replica.fetchers", .int, "1", .atLeast(1)),
    .fixed("offset.metadata.max.bytes", .int, "4096", about: "Largest note beside a committed offset."),
    .fixed("offsets.commit.timeout.ms", .int, "5000", .atLeast(1)),
    .fixed("offsets.load.buffer.size", .int, "5242880", .atLeast(1)),
    .fixed(
      "offsets.retention.check.interval.ms", .long, "600000", .atLeast(1),
      about: "Time between two looks for offsets that may go."),
    .fixed(
      "offsets.retention.minutes", .int, "10080", .atLeast(1), about: "How long the offsets of an empty group are kept."
    ),
    .fixed("offsets.topic.compression.codec", .int, "0"),
    .fixed(
      "offsets.topic.num.partitions", .int, "50", .atLeast(1),
      about: "Partitions of the topic of committed offsets, when it is made."),
    .fixed("offsets.topic.replication.factor", .short, "3", .atLeast(1)),
    .fixed("offsets.topic.segment.bytes", .int, "104857600", .atLeast(1)),
    .perBroker(
      "principal.builder.class", .classname,
      "org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder"),
    .fixed(
      "process.roles", .list, "broker,controller", .eachOneOf(["broker", "controller"]),
      about: "Stored and shown; this server is broker and controller in one."),
    .fixed("producer.id.expiration.check.interval.ms", .int, "600000", .atLeast(1), isHidden: true),
    .clusterWide(
      "producer.id.expiration.ms", .int, "86400000", .atLeast(1),
      about: "Idle time after which a producer's sequence numbers are forgotten."),
    .fixed("producer.purgatory.purge.interval.requests", .int, "1000"),
    .fixed("queued.max.request.bytes", .long, "-1"),
    .fixed("queued.max.requests", .int, "500", .atLeast(1)),
    .fixed("quota.window.num", .int, "11", .atLeast(1)),
    .fixed("quota.window.size.seconds", .int, "1", .atLeast(1)),
    .clusterWide("remote.fetch.max.wait.ms", .int, "500", .atLeast(1)),
    .clusterWide("remote.list.offsets.request.timeout.ms", .long, "30000", .atLeast(1)),
    .clusterWide("remote.log.index.file.cache.total.size.bytes", .long, "1073741824", .atLeast(1)),
    .fixed("remote.log.index.file.cache.ttl.ms", .long, "900000", .atLeast(-1), isHidden: true),
    .clusterWide("remote.log.manager.copier.thread.pool.size", .int, "10", .atLeast(1)),
    .clusterWide("remote.log.manager.copy.max.bytes.per.second", .long, "9223372036854775807", .atLeast(1)),
    .fixed("remote.log.manager.copy.quota.window.num", .int, "11", .atLeast(1)),
    .fixed("remote.log.manager.copy.quota.window.size.seconds", .int, "1", .atLeast(1)),
    .clusterWide("remote.log.manager.expiration.thread.pool.size", .int, "10", .atLeast(1)),
    .clusterWide("remote.log.manager.fetch.max.bytes.per.second", .long, "9223372036854775807", .atLeast(1)),
    .fixed("remote.log.manager.fetch.quota.window.num", .int, "11", .atLeast(1)),
    .fixed("remote.log.manager.fetch.quota.window.size.seconds", .int, "1", .atLeast(1)),
    .clusterWide("remote.log.manager.follower.thread.pool.size", .int, "2", .atLeast(1)),
    .fixed("remote.log.manager.task.interval.ms", .long, "30000", .atLeast(1)),
    .fixed("remote.log.manager.task.retry.backoff.max.ms", .long, "30000", .atLeast(1), isHidden: true),
    .fixed("remote.log.manager.task.retry.backoff.ms", .long, "500", .atLeast(1), isHidden: true),
    .fixed("remote.log.manager.task.retry.jitter", .double, "0.2", .fraction(upTo: 0.5), isHidden: true),
    .fixed("remote.log.manager.thread.pool.size", .int, "2", .atLeast(1)),
    .fixed("remote.log.metadata.custom.metadata.max.bytes", .int, "128", .atLeast(0)),
    .fixed(
      "remote.log.metadata.manager.class.name", .string,
      "org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager", .notEmpty),
    .fixed("remote.log.metadata.manager.class.path", .string, nil),
    .fixed("remote.log.metadata.manager.impl.prefix", .string, "rlmm.config.", .notEmpty),
    .fixed("remote.log.metadata.manager.listener.name", .string, nil, .notEmpty),
    .fixed("remote.log.reader.max.pending.tasks", .int, "100", .atLeast(1)),
    .clusterWide("remote.log.reader.threads", .int, "10", .atLeast(1)),
    .fixed("remote.log.storage.manager.class.name", .string, nil, .notEmpty),
    .fixed("remote.log.storage.manager.class.path", .string, nil),
    .fixed("remote.log.storage.manager.impl.prefix", .string, "rsm.config.", .notEmpty),
    .fixed("remote.log.storage.system.enable", .boolean, "false"),
    .clusterWide(
      "replica.alter.log.dirs.io.max.bytes.per.second", .long, "9223372036854775807", .atLeast(0), isHidden: true),
    .fixed("replica.fetch.backoff.ms", .int, "1000", .atLeast(0)),
    .fixed("replica.fetch.max.bytes", .int, "1048576", .atLeast(0)),
    .fixed("replica.fetch.min.bytes", .int, "1"),
    .fixed("replica.fetch.response.max.bytes", .int, "10485760", .atLeast(0)),
    .fixed("replica.fetch.wait.max.ms", .int, "500"),
    .fixed("replica.high.watermark.checkpoint.interval.ms", .long, "5000"),
    .fixed("replica.lag.time.max.ms", .long, "30000"),
    .fixed("replica.selector.class", .string, nil),
    .fixed("replica.socket.receive.buffer.bytes", .int, "65536"),
    .fixed("replica.socket.timeout.ms", .int, "30000"),
    .fixed("replication.quota.window.num", .int, "11", .atLeast(1)),
    .fixed("replication.quota.window.size.seconds", .int, "1", .atLeast(1)),
    .fixed("request.timeout.ms", .int, "30000"),
  ]
}
