import Broker
import ByteCodec
import Compression
import Coordination
import KafkaWire
import LogStore
import Machine
import RecordFormat
import Settings
import Units

/// Produce 3-13 (KIP-98 idempotence, KIP-467 record errors, KIP-516 topic ids). acks 1 and -1 mean the same on one node:
/// synced. acks 0 gets no answer; an error closes the connection instead, so that the client notices.
///
/// Batches that take long (compressed anew, long and compressed, or behind others that expanded to much) are prepared on
/// the codec lane, and the request is executed when all of its batches are; nothing behind it on its connection starts
/// before.
///
/// A transactional batch is stored only in a partition of its transaction: version 12 adds the partition (KIP-890), older
/// ones must have added it. A partition named twice gets its
/// batches in the order named, each with an answer.
extension KafkaDoor {
  func produce(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(ProduceRequest.self)
    guard let prepared = prepared(message, request) else { return .later }
    return produce(message, request, prepared: prepared)
  }

  /// Executes a Produce. `prepared` has the batches that were seen to elsewhere, by their place in the request.
  func produce(_ message: ProduceRequest, _ request: Request, prepared: [BatchIntake.Outcome?]) -> Answer {
    var place = 0
    var response = ProduceResponse()
    var after = JournalSequence.start
    var failure: ErrorCode?
    let usesIDs = request.version >= 13
    let refusal: ErrorCode? = -1...1 ~= message.acks ? nil : .invalidRequiredAcks
    response.responses.reserveCapacity(message.topicData.count)
    for topic in message.topicData {
      let route = produceRoutes.route(of: topic, version: request.version, engine)
      var answer = ProduceResponse.Response(topicId: topic.topicId, name: topic.name)
      answer.partitionResponses.reserveCapacity(topic.partitionData.count)
      for data in topic.partitionData {
        var outcome: ProducedPartition
        if let refusal {
          outcome = ProducedPartition(refusal)
        } else if let route, !route.isInternal {
          outcome = produce(
            data.records, prepared.indices.contains(place) ? prepared[place] : nil, by: route, data.index,
            version: request.version, transactionalID: message.transactionalId)
        } else if route != nil {
          outcome = ProducedPartition(.invalidTopicException)
        } else {
          outcome = ProducedPartition(usesIDs ? .unknownTopicId : .unknownTopicOrPartition)
        }
        place += 1
        outcome.response.index = data.index
        if outcome.response.errorCode != 0 {
          failure = failure ?? ErrorCode(rawValue: outcome.response.errorCode)
          // Whatever was looked at to refuse it: the topic, its settings or those of the broker.
          outcome.after = max(outcome.after, engine.catalogueChange)
        }
        answer.partitionResponses.append(outcome.response)
        after = max(after, outcome.after)
      }
      response.responses.append(answer)
    }
    guard message.acks == 0 else { return .reply(response, after: after) }
    guard let failure else { return .silence }
    return .close("a Produce with acks 0 failed with \(failure), which only closing can tell")
  }

  private func produce(
    _ records: ByteSlice?, _ prepared: BatchIntake.Outcome?, by route: ProduceRoute, _ index: Int32, version: Int16,
    transactionalID: String?
  ) -> ProducedPartition {
    guard let partition = route.partition(index) else {
      return ProducedPartition(.unknownTopicOrPartition)
    }
    let batch: ByteSlice
    let header: RecordBatchHeader
    let ready =
      prepared
      ?? route.rules.intake(records ?? .empty, now: engine.clock.wallClock(), version: version)
      .run(compressor: compressor, scratch: decompressor)
    switch ready {
    case .ready(let bytes, let found): (batch, header) = (bytes, found)
    case .refused(let reason, let errors):
      var refused = ProducedPartition(reason, errors)
      // Where single records are at fault, the answer also says where the log starts.
      if !errors.isEmpty {
        refused.response.logStartOffset = partition.durableStart.value
        refused.after = partition.lastChange
      }
      return refused
    }
    guard batch.count <= route.rules.segmentBytes else { return ProducedPartition(.recordListTooLarge) }
    guard engine.store.failure == nil else { return ProducedPartition(.kafkaStorageError) }
    if header.isTransactional {
      let entered = enter(header, transactionalID, route.topic.description.name, index, version: version)
      guard entered.value == .none else {
        // Retriable for every client of this API, unlike the codes of coordinators.
        var refused = ProducedPartition(entered.value == .coordinatorNotAvailable ? .notEnoughReplicas : entered.value)
        refused.after = entered.sequence
        return refused
      }
    }
    var outcome = ProducedPartition(.none)
    outcome.response.logStartOffset = partition.durableStart.value
    outcome.after = max(route.topic.lastChange, partition.lastChange)
    var rules = route.appendRules
    rules.beginsAtZero = header.isTransactional && version >= 12
    switch engine.append(batch, header: header, to: partition, rules: rules) {
    case .stored(let base, let sequence):
      outcome.response.baseOffset = base.value
      if header.usesLogAppendTime { outcome.response.logAppendTimeMs = header.maxTimestamp.milliseconds }
      outcome.after = sequence
    case .duplicate(let original):
      outcome.response.baseOffset = original.baseOffset.value
      outcome.response.logAppendTimeMs = original.timestamp.milliseconds
    case .outOfOrderSequence(let expected):
      outcome.refuse(
        .outOfOrderSequenceNumber, "sequence \(header.baseSequence) came where \(expected) was expected")
    case .full:
      outcome.refuse(.kafkaStorageError, "the disk is full: delete records or topics, or make room")
    case .staleEpoch(let current):
      outcome.refuse(.invalidProducerEpoch, "epoch \(header.producerEpoch) is older than \(current)")
    case .transactionOpen:
      outcome.refuse(.invalidTxnState, "the producer has a transaction open here, which the batch is no part of")
    case .tooManyAborted:
      outcome.refuse(.notEnoughReplicas, "too many aborted transactions are remembered here; try again later")
    case .tooManyProducers:
      // Retriable for every client, unlike the storage errors that make some look for another leader.
      outcome.refuse(.notEnoughReplicas, "too many idempotent producers are remembered already; try again later")
    }
    return outcome
  }

  /// Whether a transactional batch may be stored as far as its transaction is concerned.
  private func enter(
    _ header: RecordBatchHeader, _ id: String?, _ topic: String, _ index: Int32, version: Int16
  ) -> Decided<ErrorCode> {
    guard let id else { return Decided(value: .transactionalIdAuthorizationFailed, sequence: .start) }
    let producer = ProducerIdentity(id: header.producerID, epoch: header.producerEpoch)
    return engine.enterTransaction(id, producer, topic: topic, partition: index, .produce(version: version))
  }
}

/// The answer for one partition, and what it waits for.
struct ProducedPartition: Error {
  var response: ProduceResponse.Response.PartitionResponse
  var after = JournalSequence.start

  init(_ code: ErrorCode) {
    response = .init(errorCode: code.rawValue, baseOffset: code == .none ? 0 : -1, logAppendTimeMs: -1)
    response.logStartOffset = -1
  }

  init(_ reason: RefusalReason, _ errors: [RecordError]) {
    self.init(ErrorCode(rawValue: reason.kind.rawValue))
    response.recordErrors = errors.map { .init(batchIndex: $0.index, batchIndexErrorMessage: "\($0.reason)") }
    response.errorMessage = "\(reason)"
  }

  mutating func refuse(_ code: ErrorCode, _ reason: String) {
    response.errorCode = code.rawValue
    response.baseOffset = -1
    response.errorMessage = reason
  }
}
