import ByteCodec
package import Coordination
package import KafkaWire
package import LogStore
import Machine
package import RecordFormat
import Settings
import Units

extension Engine {
  /// The transactions, to look at: for the metrics.
  package var transactions: TransactionCoordinator { coordinators.transactions }

  /// Has the machine of transactions serve a request about `ids`; see `callGroups`.
  package func callTransactions(
    of ids: [String], decides: Bool, seesTopics: Bool, reply: @escaping CoordinatorReply,
    _ body: (inout TransactionCoordinator, Waiter, CoordinatorContext, inout Effects) -> Void
  ) -> CoordinatorCallOutcome {
    guard !decides || coordinatorsHaveRoom, canServe(ids, of: .transactionState) else { return .refused }
    let waiter = newWaiter(seesTopics: seesTopics, reply: reply)
    runTransactions { transactions, context, effects in body(&transactions, waiter, context, &effects) }
    return coordinators.waiting[waiter] == nil ? .answered : .waits(waiter)
  }

  func runTransactions(_ body: (inout TransactionCoordinator, CoordinatorContext, inout Effects) -> Void) {
    var effects = Effects()
    let context = coordinatorContext()
    body(&coordinators.transactions, context, &effects)
    perform(effects)
  }

  /// Before a batch of the transaction of `id` is stored in a partition: whether the partition is in the transaction,
  /// after it was added where `entry` says so. With the sequence that the answer waits for.
  package func enterTransaction(
    _ id: String, _ producer: ProducerIdentity, topic: String, partition: Int32, _ entry: TransactionEntry
  ) -> Decided<ErrorCode> {
    guard coordinatorsHaveRoom, canServe([id], of: .transactionState) else {
      return Decided(value: .coordinatorNotAvailable, sequence: .start)
    }
    var code = ErrorCode.none
    runTransactions { transactions, context, effects in
      code = transactions.enter(
        id, producer, [TransactionPartitions(topic: topic, indexes: [partition])], entry, context, into: &effects)
    }
    return Decided(value: code, sequence: coordinators.marks.lastChange(of: [.transaction(id)]))
  }

  /// The same for the offsets of `group`, whose topic is made where there is none yet.
  package func enterTransaction(
    _ id: String, _ producer: ProducerIdentity, offsetsOf group: String, _ entry: TransactionEntry
  ) -> Decided<ErrorCode> {
    guard coordinatorsHaveRoom, let partition = internalPartition(of: group, in: .consumerOffsets) else {
      return Decided(value: .coordinatorNotAvailable, sequence: .start)
    }
    return enterTransaction(
      id, producer, topic: InternalTopic.consumerOffsets.rawValue, partition: partition.key.index, entry)
  }

  // MARK: Ends

  /// Ends a transaction: its state, its markers and the offsets that count from now on are one unit of the journal.
  func store(_ end: TransactionEnd) {
    var unit = Unit(marks: end.write.marks)
    if let partition = internalPartition(of: end.write.owner, in: end.write.topic) {
      unit.batches += batches(of: end.write, in: partition)
    }
    let marker = TransactionMarker(end.committed ? .commit : .abort, coordinatorEpoch: 0)
    #if PLANTED_BUGS
      var end = end
      if PlantedBug.is(.markerLost), end.partitions.count == 1 { end.partitions[0].indexes.removeLast() }
      if PlantedBug.is(.markerEpochNotRaised), end.isBumped { end.producer.epoch -= 1 }
    #endif
    for topic in end.partitions {
      guard let id = catalogue.id(of: topic.topic) else { continue }
      for index in topic.indexes {
        _ = add(marker, of: end.producer, isBumped: end.isBumped, id, index, to: &unit)
      }
    }
    if let id = catalogue.id(of: InternalTopic.consumerOffsets.rawValue) {
      for index in end.offsetShards {
        // What the log does not say must not be in the state either.
        let verdict = add(marker, of: end.producer, isBumped: end.isBumped, id, index, to: &unit)
        guard verdict == .append else { continue }
        endOffsets(of: end.producer, index, committed: end.committed, &unit)
      }
    }
    finish(unit)
  }

  /// Writes a marker that an operator asks for, to end what no coordinator knows of.
  package func writeMarker(
    _ marker: TransactionMarker, of producer: ProducerIdentity, isBumped: Bool, in partition: PartitionLog
  ) -> Decided<ProducerTable.MarkerVerdict>? {
    guard coordinatorsHaveRoom else { return nil }
    var unit = Unit(marks: [])
    let key = partition.key
    let verdict = add(marker, of: producer, isBumped: isBumped, key.topic, key.index, to: &unit)
    guard verdict == .append else {
      return verdict.map { Decided(value: $0, sequence: partition.lastChange) }
    }
    if catalogue.topic(key.topic)?.description.name == InternalTopic.consumerOffsets.rawValue {
      endOffsets(of: producer, key.index, committed: marker.kind == .commit, &unit)
    }
    finish(unit)
    return Decided(value: .append, sequence: store.decided)
  }

  /// What is gathered for one unit of the journal.
  private struct Unit {
    var marks: [CoordinatorMark]
    var batches: [TogetherBatch] = []
    /// What the groups decided besides records.
    var effects = Effects()

    init(marks: [CoordinatorMark]) { self.marks = marks }
  }

  /// Adds a marker for one partition; nil where that is gone, and nothing where its producer has moved on.
  private func add(
    _ marker: TransactionMarker, of producer: ProducerIdentity, isBumped: Bool, _ topic: UniqueID, _ index: Int32,
    to unit: inout Unit
  ) -> ProducerTable.MarkerVerdict? {
    guard let partition = store.partition(PartitionKey(topic: topic, index: index)) else { return nil }
    let verdict = partition.producers.verdict(
      onMarkerOf: producer.id, epoch: producer.epoch, isBumped: isBumped, coordinatorEpoch: marker.coordinatorEpoch)
    guard verdict == .append,
      let batch = try? marker.batch(
        at: Offset(0), partitionLeaderEpoch: store.epoch, producerID: producer.id, producerEpoch: producer.epoch,
        timestamp: store.trustedNow().time),
      let header = try? RecordBatchHeader(batch.bytes)
    else { return verdict }
    unit.batches.append(TogetherBatch(batch, header, to: partition, rules: appendRules(topicSettings(topic))))
    return .append
  }

  private func endOffsets(of producer: ProducerIdentity, _ index: Int32, committed: Bool, _ unit: inout Unit) {
    let context = coordinatorContext()
    var effects = Effects()
    coordinators.groups.transactionEnded(
      producer: producer, partition: index, committed: committed, context, into: &effects)
    for write in effects.writes {
      unit.marks += write.marks
      if let partition = internalPartition(of: write.owner, in: write.topic) {
        unit.batches += batches(of: write, in: partition)
      }
    }
    unit.effects.timers += effects.timers
    unit.effects.replies += effects.replies
  }

  private func finish(_ unit: Unit) {
    storeTogether(unit.batches)
    for mark in unit.marks { coordinators.marks.changed(mark, at: store.decided) }
    perform(unit.effects)
  }
}
