import ByteCodec
import KafkaWire
package import Units

/// A transactional id: who may use it, and the transaction it has open.
///
/// There is no state between open and ended: on one node the decision, the markers and the offsets are one write.
package struct Transaction: Equatable, Sendable {
  /// Names and numbers as in `__transaction_state`.
  package enum State: Int8, Sendable, CaseIterable {
    case empty = 0
    case ongoing = 1
    case completeCommit = 4
    case completeAbort = 5

    package var name: String {
      switch self {
      case .empty: "Empty"
      case .ongoing: "Ongoing"
      case .completeCommit: "CompleteCommit"
      case .completeAbort: "CompleteAbort"
      }
    }
  }

  package internal(set) var producer: ProducerIdentity
  /// Whose place `producer` took by a request that may be repeated: the same id with the epoch before, or the id whose
  /// epochs were exhausted. -1 where no repetition is to be expected, because another instance was fenced.
  package internal(set) var previousProducerID: Int64 = -1
  package internal(set) var timeoutMs: Int32
  package internal(set) var state = State.empty
  package internal(set) var partitions: [String: Set<Int32>] = [:]
  package internal(set) var updated: Timestamp
  /// When the last transaction began; -1 before the first.
  package internal(set) var started = Timestamp(milliseconds: -1)
  /// The generation of the protocol that ended the last transaction: 2 raises the epoch with each end (KIP-890).
  package internal(set) var version: Int16 = 0

  /// The last epoch that is given out. The one behind it serves to fence its holder.
  package static let lastEpoch = Int16.max - 1

  init(producer: ProducerIdentity, timeoutMs: Int32, updated: Timestamp) {
    self.producer = producer
    self.timeoutMs = timeoutMs
    self.updated = updated
  }

  package var isExhausted: Bool { producer.epoch >= Self.lastEpoch }

  /// About what it takes in memory under `id`: texts as they are, and their places in tables.
  func bytes(_ id: String) -> Int {
    partitions.reduce(Self.ownBytes + 2 * id.utf8.count) {
      $0 + Self.topicBytes + $1.key.utf8.count + Self.partitionBytes * $1.value.count
    }
  }

  private static let ownBytes = 400
  private static let topicBytes = 160
  private static let partitionBytes = 16

  var partitionCount: Int { partitions.values.reduce(0) { $0 + $1.count } }

  /// Whether `other` is what led to `producer`: the sender has not seen the reply.
  func isPrevious(_ other: ProducerIdentity) -> Bool {
    guard other.id == previousProducerID else { return false }
    if other.id == producer.id { return Int(other.epoch) + 1 == Int(producer.epoch) }
    return producer.epoch == 0 && other.epoch >= Self.lastEpoch
  }

  /// Partitions by topic name, in order.
  var sortedPartitions: [TransactionPartitions] {
    partitions.sorted { $0.key < $1.key }.map { TransactionPartitions(topic: $0.key, indexes: $0.value.sorted()) }
  }
}

extension Transaction {
  /// The layout's number, and the version that values are written with.
  static let recordType: Int16 = 0
  static let valueVersion: Int16 = 1

  func record(of id: String) -> CoordinatorRecord {
    let list = sortedPartitions.map {
      TransactionLogValue.TransactionPartition(topic: $0.topic, partitionIds: $0.indexes)
    }
    return CoordinatorRecord(
      type: Self.recordType, key: TransactionLogKey(transactionalId: id),
      value: TransactionLogValue(
        producerId: producer.id, producerEpoch: producer.epoch, transactionTimeoutMs: timeoutMs,
        transactionStatus: state.rawValue, transactionPartitions: state == .empty ? nil : list,
        transactionLastUpdateTimestampMs: updated.milliseconds, transactionStartTimestampMs: started.milliseconds,
        previousProducerId: previousProducerID, nextProducerId: -1, clientTransactionVersion: version),
      version: Self.valueVersion)
  }

  /// The tombstone of `id`.
  static func tombstone(of id: String) -> CoordinatorRecord {
    CoordinatorRecord(
      type: recordType, key: TransactionLogKey(transactionalId: id), value: TransactionLogValue?.none, version: 0)
  }

  /// The id that a record is about, and what it says; nil for one of another layout.
  static func parse(_ record: CoordinatorRecord) -> (id: String, transaction: Transaction?)? {
    var key = ByteReader(ByteSlice(copying: record.key))
    guard let type = try? key.readInt16(), type == recordType,
      let name = try? TransactionLogKey(from: &key, version: 0)
    else { return nil }
    guard let bytes = record.value else { return (name.transactionalId, nil) }
    var reader = ByteReader(ByteSlice(copying: bytes))
    guard let version = try? reader.readInt16(), TransactionLogValue.versions.contains(version),
      let value = try? TransactionLogValue(from: &reader, version: version),
      let state = State(rawValue: value.transactionStatus)
    else { return nil }
    var found = Transaction(
      producer: ProducerIdentity(id: value.producerId, epoch: value.producerEpoch),
      timeoutMs: value.transactionTimeoutMs,
      updated: Timestamp(milliseconds: value.transactionLastUpdateTimestampMs))
    found.previousProducerID = value.previousProducerId
    found.state = state
    found.started = Timestamp(milliseconds: value.transactionStartTimestampMs)
    found.version = value.clientTransactionVersion
    for topic in value.transactionPartitions ?? [] {
      found.partitions[topic.topic, default: []].formUnion(topic.partitionIds)
    }
    return (name.transactionalId, found)
  }
}
