import ByteCodec
package import KafkaWire

/// One record of an internal topic: what a coordinator's durable state is made of.
///
/// A machine decides records and applies them with the same `replay` that rebuilds it after a restart. Keys and values
/// are Kafka's own layouts, so that foreign tools can read them.
package struct CoordinatorRecord: Equatable, Sendable {
  package var key: [UInt8]
  /// Nil deletes what the key names.
  package var value: [UInt8]?

  package init(key: [UInt8], value: [UInt8]?) {
    self.key = key
    self.value = value
  }

  /// A record of layout `type`: its key (the type's number before the key's fields), and its value at `version`, the
  /// version's number before its fields.
  package init(type: Int16, key: some WireMessage, value: (some WireMessage)?, version: Int16) {
    var writer = ByteWriter()
    writer.writeInt16(type)
    key.encode(to: &writer, version: 0)
    self.key = writer.takeArray()
    guard let value else {
      self.value = nil
      return
    }
    writer.writeInt16(version)
    value.encode(to: &writer, version: version)
    self.value = writer.takeArray()
  }
}

/// The topics that hold coordinators' records.
package enum InternalTopic: String, CaseIterable, Sendable {
  case consumerOffsets = "__consumer_offsets"
  case transactionState = "__transaction_state"

  /// The partition of `partitionCount` that holds the records of `name`: a group id, or a transactional id. Kafka's rule,
  /// because tools compute it too: Java's hash of the UTF-16 units, its sign cleared.
  package static func partition(of name: String, of partitionCount: Int32) -> Int32 {
    guard partitionCount > 0 else { return 0 }
    var hash: Int32 = 0
    for unit in name.utf16 { hash = hash &* 31 &+ Int32(unit) }
    let positive = hash == .min ? 0 : abs(hash)
    return positive % partitionCount
  }
}
