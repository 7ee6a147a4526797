package import ByteCodec

/// What a member of a group of protocol type `consumer` says that it wants: the bytes that JoinGroup carries. Version 0 has
/// topics and user data, 1 adds partitions owned (KIP-429), 2 the generation (KIP-792), 3 the rack (KIP-881).
package struct ConsumerSubscription: Equatable, Sendable {
  package var topics: [String]
  package var userData: [UInt8]?
  package var owned: [TopicPartitions]
  package var generation: Int32
  package var rack: String?

  package init(
    topics: [String], userData: [UInt8]? = nil, owned: [TopicPartitions] = [], generation: Int32 = -1,
    rack: String? = nil
  ) {
    self.topics = topics
    self.userData = userData
    self.owned = owned
    self.generation = generation
    self.rack = rack
  }

  /// The newest version written; a newer one is read as far as it is known.
  package static let newest: Int16 = 3

  /// Reads a subscription with its version in front.
  package init(_ bytes: [UInt8]) throws(WireError) {
    var reader = ByteReader(bytes.span.bytes)
    let version = try reader.readInt16()
    guard version >= 0 else { throw .unsupportedVersion }
    topics = try reader.values(false)
    userData = try reader.optionalOctets(false)
    owned = version >= 1 ? try reader.topicPartitions() : []
    generation = version >= 2 ? try reader.readInt32() : -1
    rack = version >= 3 ? try reader.optionalText(false) : nil
  }

  /// The bytes at `version`, which is held to those known.
  package func encoded(version: Int16 = ConsumerSubscription.newest) -> [UInt8] {
    let version = min(max(version, 0), Self.newest)
    var writer = ByteWriter()
    writer.writeInt16(version)
    writer.values(topics, false)
    writer.optionalOctets(userData, false)
    if version >= 1 { writer.write(owned) }
    if version >= 2 { writer.writeInt32(generation) }
    if version >= 3 { writer.optionalText(rack, false) }
    return writer.takeArray()
  }
}

/// What a member of such a group was given: the bytes that SyncGroup carries.
package struct ConsumerAssignment: Equatable, Sendable {
  package var partitions: [TopicPartitions]
  package var userData: [UInt8]?

  package init(partitions: [TopicPartitions], userData: [UInt8]? = nil) {
    self.partitions = partitions
    self.userData = userData
  }

  /// The newest version; all have the same fields.
  package static let newest: Int16 = 3

  /// Reads an assignment with its version in front. No bytes at all mean nothing was given.
  package init(_ bytes: [UInt8]) throws(WireError) {
    partitions = []
    guard !bytes.isEmpty else { return }
    var reader = ByteReader(bytes.span.bytes)
    guard try reader.readInt16() >= 0 else { throw .unsupportedVersion }
    partitions = try reader.topicPartitions()
    userData = try reader.optionalOctets(false)
  }

  /// The bytes at `version`, which is held to those known.
  package func encoded(version: Int16 = ConsumerAssignment.newest) -> [UInt8] {
    var writer = ByteWriter()
    writer.writeInt16(min(max(version, 0), Self.newest))
    writer.write(partitions)
    writer.optionalOctets(userData, false)
    return writer.takeArray()
  }
}

/// Partitions of one topic.
package struct TopicPartitions: Equatable, Sendable {
  package var topic: String
  package var partitions: [Int32]

  package init(topic: String, partitions: [Int32]) {
    self.topic = topic
    self.partitions = partitions
  }
}

extension ByteReader {
  fileprivate mutating func topicPartitions() throws(WireError) -> [TopicPartitions] {
    let count = Int(try readInt32())
    guard count >= 0 else { throw .badLength }
    try admit(count: count, minimumSize: 6, stride: MemoryLayout<TopicPartitions>.stride)
    var list: [TopicPartitions] = []
    list.reserveCapacity(count)
    for _ in 0..<count { list.append(TopicPartitions(topic: try text(false), partitions: try values(false))) }
    return list
  }
}

extension ByteWriter {
  fileprivate mutating func write(_ list: [TopicPartitions]) {
    writeInt32(Int32(clamping: list.count))
    for entry in list {
      text(entry.topic, false)
      values(entry.partitions, false)
    }
  }
}
