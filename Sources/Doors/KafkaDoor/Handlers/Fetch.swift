import Broker
import ByteCodec
import Compression
import KafkaWire
import LogStore
import Machine
import Reactor
import RecordFormat
import Settings
import Units

/// Fetch 4-18 (KIP-74 first batch whole, KIP-227 sessions, KIP-320 epochs, KIP-516 topic ids). Only consumers are served:
/// there are no replicas, and one that says it is gets TOPIC_AUTHORIZATION_FAILED.
///
/// What an answer says follows from what is durable, and from nothing else. So an offset beyond the durable end is out of
/// range even when records are about to be there: nobody can know of them yet, and they may still vanish.
extension KafkaDoor {
  func fetch(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(FetchRequest.self)
    let now = loop.now
    let usesIDs = request.version >= 13
    let isReplica = message.replicaId >= 0 || message.replicaState.replicaId >= 0
    let asked = sessions.requested(
      id: isReplica ? 0 : message.sessionId, epoch: isReplica ? -1 : message.sessionEpoch,
      partitions: message.wishes, forgotten: message.forgottenKeys, usesIDs: usesIDs, now: now)
    let pending: PendingFetch
    switch asked {
    case .failure(let error): return .reply(FetchResponse(errorCode: error.code.rawValue), after: .start)
    case .success(let visit): pending = PendingFetch(visit, request.withoutBody)
    }
    pending.readsCommitted = message.isolationLevel == 1
    var entries: [FetchPlan.Entry] = []
    for place in pending.visit.partitions.indices {
      let target = isReplica ? .refused(.topicAuthorizationFailed) : target(place, pending)
      pending.targets.append(target)
      if case .log(let log) = target {
        let wish = pending.visit.partitions[place].wish
        entries.append(.init(partition: log, offset: Offset(wish.offset), maxBytes: max(0, Int(wish.maxBytes))))
      }
    }
    let limit = min(
      max(Int(message.maxBytes), 0), Int(engine.settings.network.fetchMaxBytes), answersLimit / DoorLimits.fetchShare)
    var plan = FetchPlan(
      entries: entries, minBytes: min(Int(message.minBytes), limit), maxBytes: limit,
      deadline: now.advanced(byMs: Int64(max(message.maxWaitMs, 0))), readsCommitted: pending.readsCommitted,
      answersAtOnce: entries.isEmpty || entries.count < pending.targets.count)
    plan.takesRanges = request.version >= Self.leastVersionOfZstd
    plan.mayHaveLittle = request.connection.takesItsAnswers
    request.connection.parkedFetch = engine.fetch(plan) { [unowned self] results in
      pending.request.connection.parkedFetch = nil
      finish(pending, results)
    }
    return .later
  }

  /// What stands behind the partition at `place`, as far as it can be said before reading.
  private func target(_ place: Int, _ pending: PendingFetch) -> FetchTarget {
    let key = pending.visit.partitions[place].key
    let wish = pending.visit.partitions[place].wish
    let usesIDs = pending.visit.usesIDs
    guard let topic = usesIDs ? engine.store.topic(key.topicID) : engine.store.topic(named: key.topic) else {
      pending.sees(engine.catalogueChange)
      guard usesIDs else { return .refused(.unknownTopicOrPartition) }
      let heir = pending.visit.partitions[place].knownName.flatMap { engine.store.topic(named: $0) }
      return .refused(heir == nil ? .unknownTopicId : .inconsistentTopicId)
    }
    pending.sees(topic.lastChange)
    if usesIDs { pending.visit.partitions[place].knownName = topic.description.name }
    guard let log = engine.store.partition(PartitionKey(topic: topic.description.id, index: key.index)) else {
      return .refused(.unknownTopicOrPartition)
    }
    if wish.leaderEpoch >= 0, wish.leaderEpoch != engine.store.epoch {
      return .refused(wish.leaderEpoch < engine.store.epoch ? .fencedLeaderEpoch : .unknownLeaderEpoch)
    }
    if wish.lastFetchedEpoch >= 0 {
      guard wish.lastFetchedEpoch <= engine.store.epoch,
        let end = log.epochs.end(of: wish.lastFetchedEpoch, current: engine.store.epoch, logEnd: log.durable.end)
      else { return .refused(.offsetOutOfRange) }
      if end.epoch < wish.lastFetchedEpoch || end.end.value < wish.offset { return .diverging(log, end) }
    }
    return isInRange(wish.offset, of: log, pending) ? .log(log) : .refused(.offsetOutOfRange)
  }

  private func isInRange(_ offset: Int64, of log: PartitionLog, _ pending: PendingFetch) -> Bool {
    guard offset >= log.durableStart.value, offset <= log.durable.end.value else { return false }
    guard offset < log.start.value else { return true }
    // Records that are being removed can no longer be read; saying so waits until their removal is durable.
    pending.sees(log.lastChange)
    return false
  }

  private func finish(_ pending: PendingFetch, _ results: [FetchedPartition]) {
    let request = pending.request
    var rest = results[...]
    var answers: [FetchResponse.Response.Partition] = []
    var shown: [FetchSessions.Shown] = []
    var ranges: [FileRange] = []
    answers.reserveCapacity(pending.targets.count)
    shown.reserveCapacity(pending.targets.count)
    for (place, target) in pending.targets.enumerated() {
      let index = pending.visit.partitions[place].key.index
      let answer: FetchResponse.Response.Partition
      switch target {
      case .refused(let code): answer = .failed(index, code)
      case .diverging(let log, let end):
        var diverging = FetchResponse.Response.Partition(positionsOf: log, index, pending.readsCommitted)
        diverging.divergingEpoch = .init(epoch: end.epoch, endOffset: end.end.value)
        answer = diverging
      case .log(let log):
        let result = rest.popFirst()
        answer = read(result, of: log, place, pending)
        if answer.recordsGap > 0, case .range(let range, _, _) = result { ranges.append(range) }
      }
      answers.append(answer)
      shown.append(
        FetchSessions.Shown(
          hasRecords: answer.recordsGap > 0 || !(answer.records?.isEmpty ?? true),
          hasNews: answer.errorCode != 0 || answer.divergingEpoch.epoch >= 0, highWatermark: answer.highWatermark,
          logStart: answer.logStartOffset))
    }
    var response = FetchResponse()
    switch sessions.answered(pending.visit, shown, now: loop.now, random: engine.entropy.next()) {
    case .refused(let code): response.errorCode = code.rawValue
    case .all(let id):
      response.sessionId = id
      for place in answers.indices { response.add(answers[place], of: pending.visit.partitions[place].key) }
    case .some(let id, let news):
      response.sessionId = id
      for place in news { response.add(answers[place], of: pending.visit.partitions[place].key) }
    }
    // Partitions with records are in every answer, in the order in which they were read.
    request.connection.answer(request, response, filling: response.errorCode == 0 ? ranges : [], after: pending.after)
  }

  /// What reading gave, unless the partition has changed under a fetch that waited.
  private func read(
    _ result: FetchedPartition?, of log: PartitionLog, _ place: Int, _ pending: PendingFetch
  ) -> FetchResponse.Response.Partition {
    let partition = pending.visit.partitions[place]
    guard engine.store.partition(log.key) === log else {
      pending.sees(engine.catalogueChange)
      return .failed(partition.key.index, pending.visit.usesIDs ? .unknownTopicId : .unknownTopicOrPartition)
    }
    guard isInRange(partition.wish.offset, of: log, pending) else {
      return .failed(partition.key.index, .offsetOutOfRange)
    }
    var answer = FetchResponse.Response.Partition(positionsOf: log, partition.key.index, pending.readsCommitted)
    switch result {
    case .batches(let bytes, let aborted):
      guard pending.request.version >= Self.leastVersionOfZstd || !Self.holdsZstd(bytes) else {
        return .failed(partition.key.index, .unsupportedCompressionType)
      }
      answer.records = bytes
      if pending.readsCommitted { answer.abortedTransactions = aborted.map(\.named) }
    case .range(let range, _, let aborted):
      answer.recordsGap = range.count
      if pending.readsCommitted { answer.abortedTransactions = aborted.map(\.named) }
    case .damaged(let reason):
      notice("a fetch of \(log.key.folder) at \(partition.wish.offset) failed: \(reason)")
      return .failed(partition.key.index, .kafkaStorageError)
    case nil: break
    }
    return answer
  }

  /// Clients that speak Fetch below this version do not know zstd (KIP-110): what they get is looked through.
  private static let leastVersionOfZstd: Int16 = 10

  private static func holdsZstd(_ bytes: ByteSlice) -> Bool {
    var walk = RecordBatchWalk(bytes)
    while let batch = try? walk.next() {
      if batch.header.attributes.codec == .zstd { return true }
    }
    return false
  }
}

/// A fetch that is being read or is parked.
private final class PendingFetch {
  let request: Request
  var visit: FetchSessions.Visit
  var targets: [FetchTarget] = []
  var readsCommitted = false
  private(set) var after = JournalSequence.start

  init(_ visit: FetchSessions.Visit, _ request: Request) {
    self.visit = visit
    self.request = request
  }

  /// The answer shows an object that last changed at `sequence`.
  func sees(_ sequence: JournalSequence) { after = max(after, sequence) }
}

/// What stands behind a partition that was asked for.
private enum FetchTarget {
  case log(PartitionLog)
  case diverging(PartitionLog, EpochHistory.End)
  case refused(ErrorCode)
}

extension FetchRequest {
  fileprivate var wishes: [FetchSessions.Partition] {
    var wishes: [FetchSessions.Partition] = []
    for topic in topics {
      for partition in topic.partitions {
        wishes.append(
          FetchSessions.Partition(
            .init(topicID: topic.topicId, topic: topic.topic, index: partition.partition),
            .init(
              offset: partition.fetchOffset, maxBytes: partition.partitionMaxBytes,
              leaderEpoch: partition.currentLeaderEpoch, lastFetchedEpoch: partition.lastFetchedEpoch)))
      }
    }
    return wishes
  }

  fileprivate var forgottenKeys: [FetchSessions.Key] {
    forgottenTopicsData.flatMap { topic in
      topic.partitions.map { .init(topicID: topic.topicId, topic: topic.topic, index: $0) }
    }
  }
}

extension FetchResponse {
  /// Adds a partition's answer, under its topic where that was the last one.
  fileprivate mutating func add(_ answer: Response.Partition, of key: FetchSessions.Key) {
    if let last = responses.last, last.topicId == key.topicID, last.topic == key.topic {
      responses[responses.count - 1].partitions.append(answer)
    } else {
      responses.append(.init(topicId: key.topicID, topic: key.topic, partitions: [answer]))
    }
  }
}

extension AbortedTransaction {
  fileprivate var named: FetchResponse.Response.Partition.AbortedTransaction {
    .init(producerId: producerID, firstOffset: first.value)
  }
}

extension FetchResponse.Response.Partition {
  /// An error carries no positions.
  /// The list of aborted transactions is empty where there is no partition, and null where there is one, as Kafka has it.
  fileprivate static func failed(_ index: Int32, _ code: ErrorCode) -> FetchResponse.Response.Partition {
    let isNowhere = code == .unknownTopicOrPartition || code == .unknownTopicId
    return .init(
      partitionIndex: index, errorCode: code.rawValue, highWatermark: -1, lastStableOffset: -1, logStartOffset: -1,
      abortedTransactions: isNowhere ? [] : nil, records: .empty)
  }

  /// The answer of a partition that can be read, without records.
  fileprivate init(positionsOf log: PartitionLog, _ index: Int32, _ readsCommitted: Bool) {
    self.init(
      partitionIndex: index, highWatermark: log.durable.end.value, lastStableOffset: log.stableEnd.value,
      logStartOffset: log.durableStart.value, abortedTransactions: readsCommitted ? [] : nil, records: .empty)
  }
}
