import Settings
import Testing

struct TypedSettingsTests {
  static func broker(_ flags: [String] = []) throws -> BrokerSettings {
    try BrokerSettings(BrokerLayers(statics: try StaticSettings(flags: flags)))
  }

  @Test func defaultsOfATopic() {
    let topic = TopicSettings(BrokerLayers())
    #expect(topic.cleanupPolicy == .delete)
    #expect(topic.compression == .producer)
    #expect(topic.retentionMs == 604_800_000)
    #expect(topic.retentionBytes == -1)
    #expect(topic.segmentBytes == 1_073_741_824)
    #expect(topic.segmentMs == 604_800_000)
    #expect(topic.segmentJitterMs == 0)
    #expect(topic.segmentIndexBytes == 10_485_760)
    #expect(topic.maxMessageBytes == 1_048_588)
    #expect(topic.messageTimestampType == .createTime)
    #expect(topic.messageTimestampBeforeMaxMs == .max)
    #expect(topic.messageTimestampAfterMaxMs == 3_600_000)
    #expect(topic.flushMessages == .max && topic.flushMs == .max)
    #expect(topic.minInsyncReplicas == 1)
    #expect(topic.minCleanableDirtyRatio == 0.5)
    #expect(topic.minCompactionLagMs == 0 && topic.maxCompactionLagMs == .max)
    #expect(topic.deleteRetentionMs == 86_400_000)
    #expect(topic.fileDeleteDelayMs == 60_000)
    #expect(topic.indexIntervalBytes == 4096)
    #expect(!topic.preallocate && !topic.uncleanLeaderElection)
  }

  @Test func everyTypedFieldFollowsItsOverride() throws {
    let layers = BrokerLayers()
    let topic = try TopicSettings(
      checking: [
        "cleanup.policy": "compact,delete", "compression.type": "zstd", "compression.zstd.level": "7",
        "retention.ms": "1",
        "retention.bytes": "2", "segment.bytes": "1048577", "segment.ms": "3", "segment.jitter.ms": "4",
        "segment.index.bytes": "5", "max.message.bytes": "6", "message.timestamp.type": "LogAppendTime",
        "message.timestamp.before.max.ms": "7", "message.timestamp.after.max.ms": "8", "flush.messages": "9",
        "flush.ms": "10", "min.insync.replicas": "2", "min.cleanable.dirty.ratio": "0.25",
        "min.compaction.lag.ms": "11",
        "max.compaction.lag.ms": "12", "delete.retention.ms": "13", "file.delete.delay.ms": "14",
        "index.interval.bytes": "15", "preallocate": "true", "unclean.leader.election.enable": "true",
      ], layers: layers)
    #expect(topic.cleanupPolicy == [.compact, .delete])
    #expect(topic.compression == .zstd(level: 7))
    #expect([topic.retentionMs, topic.retentionBytes, topic.segmentMs, topic.segmentJitterMs] == [1, 2, 3, 4])
    #expect([topic.segmentBytes, topic.segmentIndexBytes, topic.maxMessageBytes] == [1_048_577, 5, 6])
    #expect(topic.messageTimestampType == .logAppendTime)
    #expect([topic.messageTimestampBeforeMaxMs, topic.messageTimestampAfterMaxMs] == [7, 8])
    #expect([topic.flushMessages, topic.flushMs] == [9, 10])
    #expect(topic.minInsyncReplicas == 2 && topic.minCleanableDirtyRatio == 0.25)
    #expect([topic.minCompactionLagMs, topic.maxCompactionLagMs, topic.deleteRetentionMs] == [11, 12, 13])
    #expect(topic.fileDeleteDelayMs == 14 && topic.indexIntervalBytes == 15)
    #expect(topic.preallocate && topic.uncleanLeaderElection)
  }

  @Test(
    arguments: [
      ("gzip", .gzip(level: -1)), ("lz4", .lz4(level: 9)), ("zstd", .zstd(level: 3)), ("snappy", .snappy),
      ("uncompressed", .uncompressed), ("producer", .producer),
    ] as [(String, CompressionSetting)])
  func codecs(_ name: String, _ expected: CompressionSetting) throws {
    #expect(try TopicSettings(checking: ["compression.type": name], layers: BrokerLayers()).compression == expected)
  }

  @Test func unknownAndOddOverrides() throws {
    let layers = BrokerLayers()
    let error = #expect(throws: SettingError.self) { try TopicSettings(checking: ["nosuch": "1"], layers: layers) }
    #expect(error?.reason == .unknownSetting)
    #expect(try TopicSettings(checking: ["cleanup.policy": ""], layers: layers).cleanupPolicy == [])
    #expect(try TopicSettings(checking: ["internal.segment.bytes": "1000"], layers: layers).segmentBytes == 1000)
  }

  @Test func defaultsOfTheBroker() throws {
    let broker = try Self.broker()
    #expect(broker.node.nodeID == 1)
    #expect(broker.node.dataFolder == "millrace-data")
    #expect(broker.node.listeners.map(\.description) == ["PLAINTEXT://localhost:9092"])
    #expect(broker.node.advertisedListeners.isEmpty && broker.node.rack == nil && !broker.node.isInsecureAllowed)
    #expect(broker.topics.partitions == 1 && broker.topics.autoCreate && broker.topics.isDeletionAllowed)
    #expect(broker.topics.maxPartitions == 100_000 && !broker.topics.isReplicationFactorStrict)
    #expect(broker.upkeep.retentionCheckIntervalMs == 300_000)
    #expect(broker.network.fetchMaxBytes == 57_671_680 && broker.network.requestMaxBytes == 104_857_600)
    #expect(broker.network.maxConnections == nil && broker.network.maxConnectionsPerAddress == nil)
    #expect(broker.network.idleMs == 600_000 && broker.network.fetchSessionSlots == 1000)
    #expect(broker.groups.minSessionTimeoutMs == 6000 && broker.groups.maxSessionTimeoutMs == 1_800_000)
    #expect(broker.groups.initialRebalanceDelayMs == 3000 && broker.groups.offsetsRetentionMs == 604_800_000)
    #expect(broker.transactions.maxTimeoutMs == 900_000 && broker.transactions.producerIDExpirationMs == 86_400_000)
    #expect(broker.storage.durability == .sync && broker.storage.recordValidation == .full)
    #expect(broker.storage.journalFileBytes == 64 << 20)
    #expect(broker.storage.journalCheckpointBytes == 128 << 20 && broker.storage.journalCapBytes == 512 << 20)
  }

  @Test func chosenValuesOfTheBroker() throws {
    let broker = try Self.broker([
      "durability=interval", "durability.interval.ms=20", "record.validation=header", "journal.cap.bytes=1g",
      "max.connections=2147483647", "max.connections.per.ip=5", "broker.rack=r1", "broker.id=4", "log.dirs=/a,/b",
      "listeners=PLAINTEXT://:9092,CONTROLLER://:9093", "controller.listener.names=CONTROLLER",
      "advertised.listeners=PLAINTEXT://example.org:19092",
    ])
    #expect(broker.storage.durability == .interval(milliseconds: 20))
    #expect(broker.storage.recordValidation == .header && broker.storage.journalCapBytes == 1 << 30)
    #expect(broker.network.maxConnections == .max && broker.network.maxConnectionsPerAddress == 5)
    #expect(broker.node.rack == "r1" && broker.node.nodeID == 4 && broker.node.dataFolder == "/a")
    #expect(broker.node.listeners.map(\.port) == [9092])
    #expect(broker.node.advertisedListeners.map(\.host) == ["example.org"])
  }

  @Test(
    arguments: [
      ["group.min.session.timeout.ms=7000", "group.max.session.timeout.ms=6999"],
      ["journal.checkpoint.bytes=2g", "journal.cap.bytes=1g"], ["journal.file.bytes=128m", "journal.cap.bytes=64m"],
      ["listeners=A://:1,A://:2"], ["advertised.listeners=OTHER://example.org:1"],
      ["log.cleaner.min.compaction.lag.ms=5", "log.cleaner.max.compaction.lag.ms=4"],
    ])
  func contradictions(_ flags: [String]) throws {
    let error = #expect(throws: SettingError.self) { try Self.broker(flags) }
    #expect(error?.reason == .conflict)
  }

  @Test func settingsOfAGroup() {
    let plain = GroupSettings([:], layers: BrokerLayers())
    #expect(plain.consumer == .init(sessionTimeoutMs: 45_000, heartbeatIntervalMs: 5000, assignmentIntervalMs: 1000))
    #expect(plain.share == plain.consumer && plain.streams == plain.consumer)
    #expect(plain.shareAutoOffsetReset == .latest && !plain.shareReadsCommitted && plain.shareRenewAcknowledge)
    #expect(plain.shareDeliveryCountLimit == 5 && plain.sharePartitionMaxRecordLocks == 2000)
    #expect(plain.shareRecordLockDurationMs == 30_000 && plain.streamsInitialRebalanceDelayMs == 3000)
    #expect(plain.streamsStandbyReplicas == 0)
    let chosen = GroupSettings(
      [
        "share.auto.offset.reset": "by_duration:PT1M", "share.isolation.level": "read_committed",
        "share.session.timeout.ms": "50000",
      ], layers: BrokerLayers())
    #expect(chosen.shareAutoOffsetReset == .youngerThan(milliseconds: 60_000) && chosen.shareReadsCommitted)
    #expect(chosen.share.sessionTimeoutMs == 50_000)
  }
}
