package import ByteCodec
package import Coordination
package import LogStore
package import Units

/// The state of all coordinators, and how far in the internal topics it reaches: what a checkpoint carries, so that a
/// start reads only the records behind it.
package struct CoordinatorSnapshot: Equatable {
  /// The name of the attachment, and the form of its content: raised whenever older programs would misread it.
  package static let name = "coordinators"
  package static let version: UInt16 = 1

  /// Everything before this offset of the partition is in the snapshot.
  package struct Covered: Equatable, Sendable {
    package var partition: PartitionKey
    package var end: Offset

    package init(partition: PartitionKey, end: Offset) {
      self.partition = partition
      self.end = end
    }
  }

  package var covered: [Covered]
  /// Records whose replay, in this order, gives the state.
  package var writes: [CoordinatorWrite]

  package init(covered: [Covered], writes: [CoordinatorWrite]) {
    self.covered = covered
    self.writes = writes
  }

  package func encoded() -> ByteSlice {
    var writer = ByteWriter(capacity: 4_096)
    writer.writeInt32(Int32(truncatingIfNeeded: covered.count))
    for entry in covered {
      writer.writeUUID(entry.partition.topic)
      writer.writeInt32(entry.partition.index)
      writer.writeInt64(entry.end.value)
    }
    writer.writeInt32(Int32(truncatingIfNeeded: writes.count))
    for write in writes {
      writer.writeUInt8(write.topic == .consumerOffsets ? 0 : 1)
      writer.writeSized(Array(write.owner.utf8))
      writer.writeInt64(write.producer?.id ?? -1)
      writer.writeInt16(write.producer?.epoch ?? -1)
      writer.writeInt32(Int32(truncatingIfNeeded: write.records.count))
      for record in write.records {
        writer.writeSized(record.key)
        writer.writeSized(record.value)
      }
    }
    return writer.takeSlice()
  }

  package init(_ content: ByteSlice) throws(WireError) {
    var reader = ByteReader(content)
    var covered: [Covered] = []
    let partitions = Int(try reader.readInt32())
    try reader.admit(count: partitions, minimumSize: 28, stride: MemoryLayout<Covered>.stride)
    for _ in 0..<partitions {
      let topic = try reader.readUUID()
      let index = try reader.readInt32()
      covered.append(
        Covered(partition: PartitionKey(topic: topic, index: index), end: Offset(try reader.readInt64())))
    }
    var writes: [CoordinatorWrite] = []
    let count = Int(try reader.readInt32())
    try reader.admit(count: count, minimumSize: 19, stride: MemoryLayout<CoordinatorWrite>.stride)
    for _ in 0..<count { writes.append(try Self.readWrite(&reader)) }
    try reader.finish()
    self.init(covered: covered, writes: writes)
  }

  private static func readWrite(_ reader: inout ByteReader) throws(WireError) -> CoordinatorWrite {
    let topic: InternalTopic
    switch try reader.readUInt8() {
    case 0: topic = .consumerOffsets
    case 1: topic = .transactionState
    default: throw .badValue
    }
    guard let owner = try reader.readSized() else { throw .unexpectedNull }
    let producer = ProducerIdentity(id: try reader.readInt64(), epoch: try reader.readInt16())
    let count = Int(try reader.readInt32())
    try reader.admit(count: count, minimumSize: 8, stride: MemoryLayout<CoordinatorRecord>.stride)
    var records: [CoordinatorRecord] = []
    records.reserveCapacity(count)
    for _ in 0..<count {
      guard let key = try reader.readSized() else { throw .unexpectedNull }
      records.append(CoordinatorRecord(key: key, value: try reader.readSized()))
    }
    return CoordinatorWrite(
      topic: topic, owner: String(decoding: owner, as: UTF8.self), records: records, marks: [],
      producer: producer.id < 0 ? nil : producer)
  }
}

/// The coordinators as of one moment: copies that share their memory with the living ones until those change. To make
/// records of them takes time in proportion to all groups, their members and offsets, so a lane does it.
package struct CoordinatorImage: Sendable {
  package var covered: [CoordinatorSnapshot.Covered]
  package var groups: GroupCoordinator
  package var transactions: TransactionCoordinator

  package init(
    covered: [CoordinatorSnapshot.Covered], groups: GroupCoordinator, transactions: TransactionCoordinator
  ) {
    self.covered = covered
    self.groups = groups
    self.transactions = transactions
  }

  package var snapshot: CoordinatorSnapshot {
    CoordinatorSnapshot(covered: covered, writes: groups.snapshot() + transactions.snapshot())
  }

  package var attachment: PendingAttachment {
    PendingAttachment(name: CoordinatorSnapshot.name, version: CoordinatorSnapshot.version) { snapshot.encoded() }
  }
}

extension ByteWriter {
  /// Bytes behind their length in 32 bits; -1 stands for none.
  fileprivate mutating func writeSized(_ bytes: [UInt8]?) {
    guard let bytes else { return writeInt32(-1) }
    writeInt32(Int32(truncatingIfNeeded: bytes.count))
    writeBytes(bytes)
  }
}

extension ByteReader {
  fileprivate mutating func readSized() throws(WireError) -> [UInt8]? {
    let length = Int(try readInt32())
    guard length >= -1 else { throw .badLength }
    return length < 0 ? nil : try readBytes(length)
  }
}
