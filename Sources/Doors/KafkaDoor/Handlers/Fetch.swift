import Broker
import ByteCodec
import KafkaWire
import LogStore
import Machine
import Settings
import Units

/// Fetch 4-18 (KIP-74 first batch whole, KIP-227 sessions, KIP-320 epochs, KIP-516 topic ids). Sessions are not kept:
/// every answer has session id 0, which is legal at any time.
extension KafkaDoor {
  func fetch(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(FetchRequest.self)
    var targets: [FetchTarget] = []
    for topic in message.topics {
      let found = request.version >= 13 ? engine.catalogue.topic(topic.topicId) : engine.catalogue.topic(named: topic.topic)
      for partition in topic.partitions {
        targets.append(target(topic, partition, found, usesIDs: request.version >= 13))
      }
    }
    if targets.contains(where: { $0.error != .none }) { meters.failed(.fetch) }
    let limit = Int(min(message.maxBytes, engine.settings.network.fetchMaxBytes))
    let plan = FetchPlan(
      entries: targets.compactMap { target in
        target.partition.map { .init(partition: $0, offset: target.offset, maxBytes: target.maxBytes) }
      },
      minBytes: min(Int(message.minBytes), limit), maxBytes: limit,
      deadline: engine.clock.now().advanced(byMs: Int64(max(message.maxWaitMs, 0))),
      readsCommitted: message.isolationLevel == 1, answersAtOnce: targets.contains { $0.error != .none })
    let connection = request.connection
    connection.parkedFetch = engine.fetch(plan) { [self] results in
      connection.parkedFetch = nil
      connection.answer(
        request, fetched(targets, results, readsCommitted: plan.readsCommitted), after: visible(targets))
    }
    return .later
  }

  /// The answer waits for changes it shows: log starts, and topics that are gone.
  private func visible(_ targets: [FetchTarget]) -> JournalSequence {
    targets.contains { $0.partition == nil } ? engine.catalogue.lastChange : .start
  }

  private func target(
    _ topic: FetchRequest.Topic, _ asked: FetchRequest.Topic.Partition, _ found: Catalogue.Topic?, usesIDs: Bool
  ) -> FetchTarget {
    var target = FetchTarget(
      topicID: topic.topicId, topicName: topic.topic, index: asked.partition, offset: Offset(asked.fetchOffset),
      maxBytes: max(0, Int(asked.partitionMaxBytes)))
    guard let found else {
      target.error = usesIDs ? .unknownTopicId : .unknownTopicOrPartition
      return target
    }
    guard let log = engine.store.partition(PartitionKey(topic: found.description.id, index: asked.partition)) else {
      target.error = .unknownTopicOrPartition
      return target
    }
    if asked.currentLeaderEpoch >= 0, asked.currentLeaderEpoch != engine.store.epoch {
      target.error = asked.currentLeaderEpoch < engine.store.epoch ? .fencedLeaderEpoch : .unknownLeaderEpoch
      return target
    }
    if asked.lastFetchedEpoch >= 0,
      let end = log.epochs.end(of: asked.lastFetchedEpoch, current: engine.store.epoch, logEnd: log.durable.end),
      end.epoch < asked.lastFetchedEpoch || end.end.value < asked.fetchOffset
    {
      target.diverging = .init(epoch: end.epoch, endOffset: end.end.value)
      target.partition = log
      target.maxBytes = 0
      return target
    }
    guard target.offset >= log.durableStart, target.offset <= log.durable.end else {
      target.error = .offsetOutOfRange
      return target
    }
    target.partition = log
    return target
  }

  private func fetched(
    _ targets: [FetchTarget], _ results: [FetchedPartition], readsCommitted: Bool
  ) -> FetchResponse {
    var response = FetchResponse()
    var rest = results[...]
    for target in targets {
      var answer = FetchResponse.Response.Partition(partitionIndex: target.index, records: .empty)
      if let partition = target.partition {
        answer.highWatermark = partition.durable.end.value
        answer.lastStableOffset = partition.stableEnd.value
        answer.logStartOffset = partition.durableStart.value
        answer.abortedTransactions = readsCommitted ? [] : nil
        if let diverging = target.diverging { answer.divergingEpoch = diverging }
        switch rest.popFirst() {
        case .batches(let bytes): answer.records = target.diverging == nil ? bytes : .empty
        case .damaged(let reason):
          log("fetch of \(partition.key.folder) at \(target.offset.value): \(reason)")
          answer = .failed(target.index, .kafkaStorageError)
        case nil: break
        }
      } else {
        answer = .failed(target.index, target.error)
      }
      if response.responses.last?.topicId == target.topicID, response.responses.last?.topic == target.topicName {
        response.responses[response.responses.count - 1].partitions.append(answer)
      } else {
        response.responses.append(.init(topicId: target.topicID, topic: target.topicName, partitions: [answer]))
      }
    }
    return response
  }
}

/// One partition of a Fetch: what was asked, and what stands in the way.
struct FetchTarget {
  let topicID: UniqueID
  let topicName: String
  let index: Int32
  let offset: Offset
  var maxBytes: Int
  var partition: PartitionLog?
  var error = ErrorCode.none
  var diverging: FetchResponse.Response.Partition.DivergingEpoch?
}

extension FetchResponse.Response.Partition {
  /// An error carries no positions.
  fileprivate static func failed(_ index: Int32, _ code: ErrorCode) -> FetchResponse.Response.Partition {
    .init(
      partitionIndex: index, errorCode: code.rawValue, highWatermark: -1, lastStableOffset: -1, logStartOffset: -1,
      records: .empty)
  }
}
