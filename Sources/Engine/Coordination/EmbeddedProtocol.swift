package import ByteCodec
import KafkaWire

/// Partitions of a topic, by its name: as members of the classic protocol speak of them.
package struct NamedPartitions: Equatable, Sendable {
  package var topic: String
  package var partitions: [Int32]

  package init(topic: String, partitions: [Int32]) {
    self.topic = topic
    self.partitions = partitions
  }

  fileprivate init(from reader: inout ByteReader) throws(WireError) {
    topic = try reader.readText(try EmbeddedProtocol.length(&reader))
    let count = Int(try reader.readInt32())
    guard count >= 0 else { throw .badLength }
    try reader.admit(count: count, minimumSize: 4, stride: MemoryLayout<Int32>.stride)
    partitions = []
    partitions.reserveCapacity(count)
    for _ in 0..<count { partitions.append(try reader.readInt32()) }
  }

  fileprivate func encode(to writer: inout ByteWriter) {
    EmbeddedProtocol.write(topic, to: &writer)
    writer.writeInt32(Int32(clamping: partitions.count))
    for partition in partitions { writer.writeInt32(partition) }
  }
}

/// What members of the protocol type `consumer` tell each other inside the bytes of JoinGroup and SyncGroup, which a
/// classic group hands on unread. Versions 0 to 3; a newer one is read as 3, as its fields may only be added at the end.
package enum EmbeddedProtocol {
  package static let name = "consumer"
  static let newest: Int16 = 3

  /// The version that opens the bytes.
  package static func version(of bytes: [UInt8]) throws(WireError) -> Int16 {
    var reader = ByteReader(bytes.span.bytes)
    let version = try reader.readInt16()
    guard version >= 0 else { throw .unsupportedVersion }
    return min(version, newest)
  }

  fileprivate static func length(_ reader: inout ByteReader) throws(WireError) -> Int {
    let length = Int(try reader.readInt16())
    guard length >= 0 else { throw .unexpectedNull }
    return length
  }

  fileprivate static func write(_ text: String, to writer: inout ByteWriter) {
    writer.writeInt16(Int16(clamping: text.utf8.count))
    writer.writeText(text)
  }

  fileprivate static func userData(_ reader: inout ByteReader) throws(WireError) -> [UInt8]? {
    let length = Int(try reader.readInt32())
    return length < 0 ? nil : try reader.readBytes(length)
  }

  fileprivate static func write(_ data: [UInt8]?, to writer: inout ByteWriter) {
    guard let data else { return writer.writeInt32(-1) }
    writer.writeInt32(Int32(clamping: data.count))
    writer.writeBytes(data)
  }

  fileprivate static func partitions(_ reader: inout ByteReader) throws(WireError) -> [NamedPartitions] {
    let count = Int(try reader.readInt32())
    guard count >= 0 else { throw .badLength }
    try reader.admit(count: count, minimumSize: 6, stride: MemoryLayout<NamedPartitions>.stride)
    var list: [NamedPartitions] = []
    for _ in 0..<count { list.append(try NamedPartitions(from: &reader)) }
    return list
  }

  fileprivate static func write(_ list: [NamedPartitions], to writer: inout ByteWriter) {
    writer.writeInt32(Int32(clamping: list.count))
    for topic in list { topic.encode(to: &writer) }
  }
}

/// What a classic member subscribes to.
package struct EmbeddedSubscription: Equatable, Sendable {
  package var topics: [String] = []
  package var userData: [UInt8]?
  /// What it owns while it joins, from version 1 on: a cooperative member keeps its partitions.
  package var owned: [NamedPartitions] = []
  /// Of version 2 on; -1 is none.
  package var generation: Int32 = -1
  /// Of version 3 on.
  package var rack: String?

  package init() {}

  package init(_ bytes: [UInt8]) throws(WireError) {
    let version = try EmbeddedProtocol.version(of: bytes)
    var reader = ByteReader(bytes.span.bytes)
    try reader.skip(2)
    let count = Int(try reader.readInt32())
    guard count >= 0 else { throw .badLength }
    try reader.admit(count: count, minimumSize: 2, stride: MemoryLayout<String>.stride)
    for _ in 0..<count { topics.append(try reader.readText(try EmbeddedProtocol.length(&reader))) }
    userData = try EmbeddedProtocol.userData(&reader)
    if version >= 1 { owned = try EmbeddedProtocol.partitions(&reader) }
    if version >= 2 { generation = try reader.readInt32() }
    if version >= 3 {
      let length = Int(try reader.readInt16())
      if length >= 0 { rack = try reader.readText(length) }
    }
  }

  /// The bytes at `version`.
  package func encoded(version: Int16) -> [UInt8] {
    var writer = ByteWriter()
    writer.writeInt16(version)
    writer.writeInt32(Int32(clamping: topics.count))
    for topic in topics { EmbeddedProtocol.write(topic, to: &writer) }
    EmbeddedProtocol.write(userData, to: &writer)
    if version >= 1 { EmbeddedProtocol.write(owned, to: &writer) }
    if version >= 2 { writer.writeInt32(generation) }
    if version >= 3 {
      if let rack { EmbeddedProtocol.write(rack, to: &writer) } else { writer.writeInt16(-1) }
    }
    return writer.takeArray()
  }
}

/// What a classic member is given.
package struct EmbeddedAssignment: Equatable, Sendable {
  package var partitions: [NamedPartitions] = []
  package var userData: [UInt8]?

  package init() {}

  /// No bytes at all are an empty assignment: a member that the leader gave nothing.
  package init(_ bytes: [UInt8]) throws(WireError) {
    if bytes.isEmpty { return }
    _ = try EmbeddedProtocol.version(of: bytes)
    var reader = ByteReader(bytes.span.bytes)
    try reader.skip(2)
    partitions = try EmbeddedProtocol.partitions(&reader)
    userData = try EmbeddedProtocol.userData(&reader)
  }

  /// The bytes at `version`.
  package func encoded(version: Int16) -> [UInt8] {
    var writer = ByteWriter()
    writer.writeInt16(version)
    EmbeddedProtocol.write(partitions, to: &writer)
    EmbeddedProtocol.write(userData, to: &writer)
    return writer.takeArray()
  }
}

extension TopicLookup {
  /// The partitions by topic id; those of unknown topics are left out.
  func identified(_ list: [NamedPartitions]) -> [TopicPartition] {
    list.flatMap { one in
      topic(named: one.topic).map { facts in
        one.partitions.map { TopicPartition(topic: facts.id, partition: $0) }
      } ?? []
    }
  }

  /// The partitions by topic name; those of unknown topics are left out.
  func named(_ partitions: some Sequence<TopicPartition>) -> [NamedPartitions] {
    partitions.byTopic().compactMap { one in
      topic(one.topic).map { NamedPartitions(topic: $0.name, partitions: one.partitions) }
    }
  }
}
