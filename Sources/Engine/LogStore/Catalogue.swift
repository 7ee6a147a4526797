package import ByteCodec
package import Units

/// What exists on this node: topics with their settings, settings of other resources, producer ids given out.
///
/// A pure value: `apply` is the only thing that changes it, live and on replay. Each object remembers the journal
/// sequence of its last change, so that a reply can wait for what it shows.
package struct Catalogue {
  package struct Topic {
    package var description: TopicDescription
    package var lastChange: JournalSequence
  }

  package let clusterID: UniqueID
  package private(set) var topics: [UniqueID: Topic] = [:]
  package private(set) var settings: [ConfiguredResource: [String: String]] = [:]
  /// Producer ids below this may have been given out.
  package private(set) var producerIDEnd: Int64 = 0
  /// The last change of anything here.
  package private(set) var lastChange = JournalSequence.start
  /// Partitions of all topics together.
  package private(set) var partitionCount = 0
  private var ids: [String: UniqueID] = [:]
  /// Names with `.` and `_` taken for the same, which may not collide: metrics names could not tell them apart.
  private var foldedNames: [String: String] = [:]

  package init(clusterID: UniqueID) { self.clusterID = clusterID }

  package func topic(_ id: UniqueID) -> Topic? { topics[id] }
  package func topic(named name: String) -> Topic? { ids[name].flatMap { topics[$0] } }
  package func id(of name: String) -> UniqueID? { ids[name] }

  /// The existing topic whose name collides with `name` when dots and underscores count as equal, other than itself.
  package func collision(with name: String) -> String? {
    guard let other = foldedNames[Self.fold(name)], other != name else { return nil }
    return other
  }

  /// All topics by name.
  package var topicsByName: [Topic] { topics.values.sorted { $0.description.name < $1.description.name } }

  package mutating func apply(_ record: ControlRecord, at sequence: JournalSequence) {
    switch record {
    case .topicCreated(let description):
      topics[description.id] = Topic(description: description, lastChange: sequence)
      ids[description.name] = description.id
      foldedNames[Self.fold(description.name)] = description.name
      partitionCount += Int(description.partitionCount)
    case .topicDeleted(let id):
      guard let topic = topics.removeValue(forKey: id)?.description else { return }
      if ids[topic.name] == id { ids[topic.name] = nil }
      if foldedNames[Self.fold(topic.name)] == topic.name { foldedNames[Self.fold(topic.name)] = nil }
      partitionCount -= Int(topic.partitionCount)
    case .partitionsAdded(let id, let count):
      guard let before = topics[id]?.description.partitionCount else { return }
      topics[id]?.description.partitionCount = count
      topics[id]?.lastChange = sequence
      partitionCount += Int(count) - Int(before)
    case .topicSettingsChanged(let id, let overrides):
      topics[id]?.description.overrides = overrides
      topics[id]?.lastChange = sequence
    case .settingsChanged(let resource, let overrides):
      settings[resource] = overrides.isEmpty ? nil : overrides
    case .producerIDsReserved(let end):
      producerIDEnd = max(producerIDEnd, end)
    case .logStartMoved, .segmentsSwapped, .producersExpired, .abortedForgotten:
      return
    }
    lastChange = sequence
  }

  private static func fold(_ name: String) -> String {
    String(decoding: name.utf8.map { $0 == UInt8(ascii: ".") ? UInt8(ascii: "_") : $0 }, as: UTF8.self)
  }

  /// The whole catalogue; equal catalogues have equal bytes.
  package func encode(to writer: inout ByteWriter) {
    writer.writeUUID(clusterID)
    writer.writeInt64(producerIDEnd)
    writer.writeList(topics.values.sorted { $0.description.id < $1.description.id }) { writer, topic in
      topic.description.encode(to: &writer)
    }
    writer.writeList(settings.sorted { $0.key < $1.key }) { writer, pair in
      pair.key.encode(to: &writer)
      writer.writeOverrides(pair.value)
    }
  }

  /// A catalogue as of `sequence`.
  package init(from reader: inout ByteReader, at sequence: JournalSequence) throws(WireError) {
    clusterID = try reader.readUUID()
    let producerIDEnd = try reader.readInt64()
    for topic in try reader.readList(
      minimumSize: 28, { reader throws(WireError) in try TopicDescription(from: &reader) })
    {
      apply(.topicCreated(topic), at: sequence)
    }
    let count = Int(try reader.readInt32())
    try reader.admit(count: count, minimumSize: 9, stride: 64)
    for _ in 0..<count {
      let resource = try ConfiguredResource(from: &reader)
      apply(.settingsChanged(resource, overrides: try reader.readOverrides()), at: sequence)
    }
    apply(.producerIDsReserved(upTo: producerIDEnd), at: sequence)
  }
}
