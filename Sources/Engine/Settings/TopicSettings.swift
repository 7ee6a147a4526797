/// What happens to old data of a topic. Empty keeps everything.
package struct CleanupPolicy: OptionSet, Sendable, Hashable {
  /// The policies as bits.
  package let rawValue: UInt8
  /// The policies as bits.
  /// The policies that `rawValue` has bits for.
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Whole segments go by age and size.
  package static let delete = CleanupPolicy(rawValue: 1)
  /// The last value of each key stays.
  package static let compact = CleanupPolicy(rawValue: 2)
}

/// The codec a topic's batches are stored with, and its effort.
package enum CompressionSetting: Equatable, Sendable {
  /// As the producer sent them.
  case producer
  case uncompressed
  /// -1 leaves the effort to the library.
  case gzip(level: Int32)
  case snappy
  case lz4(level: Int32)
  case zstd(level: Int32)
}

/// Whose clock dates a topic's records.
package enum TimestampType: Equatable, Sendable {
  case createTime
  case logAppendTime
}

/// The effective settings of one topic, ready for use: overrides over the broker's layers over defaults.
package struct TopicSettings: Equatable, Sendable {
  /// `cleanup.policy`.
  package private(set) var cleanupPolicy: CleanupPolicy = .delete
  /// Age at which data goes; -1 is never.
  package private(set) var retentionMs: Int64 = -1
  /// Bytes a partition keeps; negative is no limit.
  package private(set) var retentionBytes: Int64 = -1
  /// Size at which a segment is closed; at least 1.
  package private(set) var segmentBytes: Int32 = .max
  /// `segment.ms`.
  package private(set) var segmentMs: Int64 = .max
  /// `segment.jitter.ms`.
  package private(set) var segmentJitterMs: Int64 = 0
  /// Largest index of a segment.
  package private(set) var segmentIndexBytes: Int32 = .max
  /// `index.interval.bytes`.
  package private(set) var indexIntervalBytes: Int32 = 4096
  /// Largest batch as stored, header included.
  package private(set) var maxMessageBytes: Int32 = .max
  /// `message.timestamp.type`.
  package private(set) var messageTimestampType: TimestampType = .createTime
  /// `message.timestamp.before.max.ms`; `Int64.max` is no limit.
  package private(set) var messageTimestampBeforeMaxMs: Int64 = .max
  /// `message.timestamp.after.max.ms`.
  package private(set) var messageTimestampAfterMaxMs: Int64 = .max
  /// Records between forced syncs; `Int64.max` is never.
  package private(set) var flushMessages: Int64 = .max
  /// `flush.ms`; `Int64.max` is never.
  package private(set) var flushMs: Int64 = .max
  /// Shown to clients; counts as met.
  package private(set) var minInsyncReplicas: Int32 = 1
  /// `min.cleanable.dirty.ratio`, 0 to 1.
  package private(set) var minCleanableDirtyRatio: Double = 0.5
  /// `min.compaction.lag.ms`.
  package private(set) var minCompactionLagMs: Int64 = 0
  /// `max.compaction.lag.ms`.
  package private(set) var maxCompactionLagMs: Int64 = .max
  /// `delete.retention.ms`.
  package private(set) var deleteRetentionMs: Int64 = 0
  /// `file.delete.delay.ms`.
  package private(set) var fileDeleteDelayMs: Int64 = 0
  /// `preallocate`; space is reserved ahead in any case.
  package private(set) var preallocate = false
  /// `unclean.leader.election.enable`, to be shown.
  package private(set) var uncleanLeaderElection = false

  private var codec = "producer"
  private var gzipLevel: Int32 = -1
  private var lz4Level: Int32 = 9
  private var zstdLevel: Int32 = 3
  /// A segment size below the usual minimum, which wins when it is set.
  private var internalSegmentBytes: Int32?

  /// The settings of a topic without overrides.
  package init(_ layers: BrokerLayers) {
    for setting in SettingCatalogue.topic {
      guard let value = layers.value(of: setting, overriddenBy: [:], as: .topic) else { continue }
      take(setting.name, value)
    }
  }

  /// The settings of a topic with `overrides` as they were stored. Names and values this version does not know are
  /// passed over: what was accepted once must not stop a start.
  package init(_ overrides: [String: String], over base: TopicSettings) {
    self = base
    for (name, text) in overrides {
      guard let setting = SettingCatalogue.definition(name, of: .topic),
        let value = try? SettingValue(text, for: setting)
      else { continue }
      take(name, value)
    }
    if let internalSegmentBytes { segmentBytes = internalSegmentBytes }
  }

  /// The settings of a topic with `overrides` from outside, checked.
  package init(checking overrides: [String: String], layers: BrokerLayers) throws(SettingError) {
    let entries = overrides.sorted { $0.key < $1.key }.map { (name: $0.key, value: String?.some($0.value)) }
    self.init(try layers.replacing(with: entries, of: .topic), over: TopicSettings(layers))
  }

  /// The codec and effort of stored batches.
  package var compression: CompressionSetting {
    switch codec {
    case "uncompressed": .uncompressed
    case "gzip": .gzip(level: gzipLevel)
    case "snappy": .snappy
    case "lz4": .lz4(level: lz4Level)
    case "zstd": .zstd(level: zstdLevel)
    default: .producer
    }
  }

  /// Refuses settings that contradict each other.
  func check() throws(SettingError) {
    guard minCompactionLagMs <= maxCompactionLagMs else {
      throw SettingError(
        .conflict,
        "min.compaction.lag.ms (\(minCompactionLagMs)) is larger than max.compaction.lag.ms (\(maxCompactionLagMs))")
    }
  }

  private mutating func take(_ name: String, _ value: SettingValue) {
    switch value {
    case .integer(let number): take(name, number)
    case .list(let elements):
      if name == "cleanup.policy" { cleanupPolicy = Self.policy(elements) }
    case .text(let text):
      if name == "compression.type" { codec = text }
      if name == "message.timestamp.type" {
        messageTimestampType = text == "LogAppendTime" ? .logAppendTime : .createTime
      }
    case .number(let number):
      if name == "min.cleanable.dirty.ratio" { minCleanableDirtyRatio = number }
    case .boolean(let flag):
      if name == "preallocate" { preallocate = flag }
      if name == "unclean.leader.election.enable" { uncleanLeaderElection = flag }
    }
  }

  private mutating func take(_ name: String, _ number: Int64) {
    let small = Int32(clamping: number)
    switch name {
    case "retention.ms": retentionMs = number
    case "retention.bytes": retentionBytes = number
    case "segment.bytes": segmentBytes = small
    case "internal.segment.bytes": internalSegmentBytes = small
    case "segment.ms": segmentMs = number
    case "segment.jitter.ms": segmentJitterMs = number
    case "segment.index.bytes": segmentIndexBytes = small
    case "index.interval.bytes": indexIntervalBytes = small
    case "max.message.bytes": maxMessageBytes = small
    case "message.timestamp.before.max.ms": messageTimestampBeforeMaxMs = number
    case "message.timestamp.after.max.ms": messageTimestampAfterMaxMs = number
    case "flush.messages": flushMessages = number
    case "flush.ms": flushMs = number
    case "min.insync.replicas": minInsyncReplicas = small
    case "min.compaction.lag.ms": minCompactionLagMs = number
    case "max.compaction.lag.ms": maxCompactionLagMs = number
    case "delete.retention.ms": deleteRetentionMs = number
    case "file.delete.delay.ms": fileDeleteDelayMs = number
    case "compression.gzip.level": gzipLevel = small
    case "compression.lz4.level": lz4Level = small
    case "compression.zstd.level": zstdLevel = small
    default: break
    }
  }

  private static func policy(_ elements: [String]) -> CleanupPolicy {
    var policy: CleanupPolicy = []
    if elements.contains("delete") { policy.insert(.delete) }
    if elements.contains("compact") { policy.insert(.compact) }
    return policy
  }
}
