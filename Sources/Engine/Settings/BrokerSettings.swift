/// The effective settings of the broker that the server itself needs, typed. Times are milliseconds, sizes bytes.
package struct BrokerSettings: Sendable, Equatable {
  /// Who the node is and where it listens.
  package let node: NodeSettings
  /// What topics get that do not say.
  package let topics: TopicDefaults
  /// Work of the background.
  package let upkeep: UpkeepSettings
  /// Limits of connections and requests.
  package let network: NetworkSettings
  /// Limits of groups and offsets.
  package let groups: GroupLimits
  /// Limits of producers and transactions.
  package let transactions: TransactionSettings
  /// The journal and its promise.
  package let storage: StorageSettings

  /// The settings that `layers` amount to, or the first contradiction among them.
  package init(_ layers: BrokerLayers) throws(SettingError) {
    let reader = SettingReader(layers: layers)
    node = try NodeSettings(reader)
    topics = try TopicDefaults(reader)
    upkeep = try UpkeepSettings(reader)
    network = try NetworkSettings(reader)
    groups = try GroupLimits(reader)
    transactions = try TransactionSettings(reader)
    storage = try StorageSettings(reader)
    try check()
    try TopicSettings(layers).check()
  }

  private func check() throws(SettingError) {
    try ascending(
      "group.min.session.timeout.ms", Int64(groups.minSessionTimeoutMs), "group.max.session.timeout.ms",
      Int64(groups.maxSessionTimeoutMs))
    try ascending(
      "journal.checkpoint.bytes", storage.journalCheckpointBytes, "journal.cap.bytes", storage.journalCapBytes)
    try ascending("journal.file.bytes", storage.journalFileBytes, "journal.cap.bytes", storage.journalCapBytes)
    guard Set(node.listeners.map(\.name)).count == node.listeners.count else {
      throw SettingError(.conflict, "listeners has two listeners of the same name")
    }
    let known = Set(node.listeners.map(\.name))
    for advertised in node.advertisedListeners where !known.contains(advertised.name) {
      throw SettingError(
        .conflict, "advertised.listeners names \(SettingText.shown(advertised.name)), which listeners does not have")
    }
  }

  private func ascending(
    _ name: String, _ low: Int64, _ other: String, _ high: Int64
  ) throws(SettingError) {
    guard low <= high else { throw SettingError(.conflict, "\(name) (\(low)) is larger than \(other) (\(high))") }
  }
}

extension BrokerLayers {
  /// Refuses layers that contradict themselves.
  func check() throws(SettingError) { _ = try BrokerSettings(self) }
}

/// Who the node is and where it is found.
package struct NodeSettings: Sendable, Equatable {
  /// `node.id`.
  package let nodeID: Int32
  /// The data folder.
  package let dataFolder: String
  /// Without those of controllers, which this server does not need.
  package let listeners: [Listener]
  /// Empty means the address a client came by.
  package let advertisedListeners: [Listener]
  /// `broker.rack`; nil when nobody named one.
  package let rack: String?
  /// Allows listening beyond this machine without authentication and TLS.
  package let isInsecureAllowed: Bool
  /// host:port of console and metrics; empty turns them off.
  package let consoleListener: String

  init(_ reader: SettingReader) throws(SettingError) {
    nodeID = try reader.int("node.id")
    let folders = try reader.list("log.dirs")
    let folder = folders.isEmpty ? try reader.list("log.dir").first : folders.first
    guard let folder else { throw SettingError(.missingValue, "log.dirs names no data folder") }
    dataFolder = folder
    let controllers = Set(try reader.list("controller.listener.names").map { $0.uppercased() })
    func addresses(_ elements: [String]) -> [Listener] {
      elements.compactMap { Listener($0) }.filter { !controllers.contains($0.name) }
    }
    listeners = addresses(try reader.list("listeners"))
    advertisedListeners = addresses(try reader.list("advertised.listeners"))
    if case .text(let text) = reader.layers.value(of: "broker.rack") { rack = text } else { rack = nil }
    isInsecureAllowed = try reader.boolean("insecure")
    consoleListener = try reader.text("console.listener")
  }
}

/// What topics get that do not say.
package struct TopicDefaults: Sendable, Equatable {
  /// `num.partitions`.
  package let partitions: Int32
  /// `default.replication.factor`.
  package let replicationFactor: Int32
  /// `auto.create.topics.enable`.
  package let autoCreate: Bool
  /// `delete.topic.enable`.
  package let isDeletionAllowed: Bool
  /// Partitions of all topics together.
  package let maxPartitions: Int32
  /// Refuse replication factors above 1.
  package let isReplicationFactorStrict: Bool
  /// `offsets.topic.num.partitions`.
  package let offsetsTopicPartitions: Int32
  /// `transaction.state.log.num.partitions`.
  package let transactionTopicPartitions: Int32
  /// `share.coordinator.state.topic.num.partitions`.
  package let shareStateTopicPartitions: Int32
  /// Partitions in one answer of DescribeTopicPartitions.
  package let maxDescribedPartitions: Int32

  init(_ reader: SettingReader) throws(SettingError) {
    partitions = try reader.int("num.partitions")
    replicationFactor = try reader.int("default.replication.factor")
    autoCreate = try reader.boolean("auto.create.topics.enable")
    isDeletionAllowed = try reader.boolean("delete.topic.enable")
    maxPartitions = try reader.int("max.partitions")
    isReplicationFactorStrict = try reader.boolean("replication.factor.strict")
    offsetsTopicPartitions = try reader.int("offsets.topic.num.partitions")
    transactionTopicPartitions = try reader.int("transaction.state.log.num.partitions")
    shareStateTopicPartitions = try reader.int("share.coordinator.state.topic.num.partitions")
    maxDescribedPartitions = try reader.int("max.request.partition.size.limit")
  }
}
