import Broker
import ByteCodec
import KafkaWire
import LogStore
import Reactor
import RecordFormat
import Settings
import Units

/// ListOffsets 1-11: by timestamp, and the special ones -1 latest, -2 earliest, -3 greatest timestamp (KIP-734), -4
/// earliest local, -5 latest tiered, -6 earliest pending upload (KIP-1005, KIP-1023); nothing is tiered here.
///
/// Searches by time are spread over turns, since each may decompress a batch.
extension KafkaDoor {
  /// The version that brought a special timestamp.
  private static let firstVersions: [Int64: Int16] = [-3: 7, -4: 8, -5: 9, -6: 11]

  func listOffsets(_ request: Request) throws(WireError) -> Answer {
    let message = try request.decode(ListOffsetsRequest.self)
    let answer = PendingOffsets(message, request.withoutBody, self)
    var seen: Set<PartitionKey> = []
    var seenNames: Set<String> = []
    for (topicAt, topic) in message.topics.enumerated() {
      let found = engine.catalogue.topic(named: topic.name)
      answer.sees(found?.lastChange ?? engine.catalogueChange)
      for (partitionAt, asked) in topic.partitions.enumerated() {
        let place = (topicAt, partitionAt)
        guard let found else {
          let isNew = seenNames.insert("\(topic.name)-\(asked.partitionIndex)").inserted
          answer.fail(place, isNew ? .unknownTopicOrPartition : .invalidRequest)
          continue
        }
        let key = PartitionKey(topic: found.description.id, index: asked.partitionIndex)
        guard seen.insert(key).inserted else {
          answer.fail(place, .invalidRequest)
          continue
        }
        guard let partition = engine.store.partition(key) else {
          answer.fail(place, .unknownTopicOrPartition)
          continue
        }
        if asked.currentLeaderEpoch >= 0, asked.currentLeaderEpoch != engine.store.epoch {
          let isOld = asked.currentLeaderEpoch < engine.store.epoch
          answer.fail(place, isOld ? .fencedLeaderEpoch : .unknownLeaderEpoch)
          continue
        }
        look(up: asked.timestamp, in: partition, place, answer)
      }
    }
    answer.goOn()
    return .later
  }

  /// Whether another search may begin in this turn; else `goOn` is called when it may, behind those who wait already.
  fileprivate func mayLookUp(orElse goOn: @escaping () -> Void) -> Bool {
    if hasTimeToLookUp, lookups.isResuming || lookups.waiting.isEmpty {
      lookups.begun += 1
      return true
    }
    lookups.waiting.append(goOn)
    return false
  }

  private var hasTimeToLookUp: Bool {
    lookups.begun < DoorLimits.lookupsPerTurn
      && engine.expandedBytes &- lookups.expandedBefore <= DoorLimits.expandedBytesAtOnce
  }

  /// At the end of a turn: those who wait go on in the next one, in their order.
  func goOnLookingUp() {
    lookups.begun = 0
    lookups.expandedBefore = engine.expandedBytes
    guard !lookups.waiting.isEmpty, !lookups.isScheduled else { return }
    lookups.isScheduled = true
    loop.schedule(at: loop.now) { [self] in
      lookups.isScheduled = false
      lookups.isResuming = true
      while hasTimeToLookUp, !lookups.waiting.isEmpty { lookups.waiting.removeFirst()() }
      lookups.isResuming = false
    }
  }

  private func look(up timestamp: Int64, in partition: PartitionLog, _ place: (Int, Int), _ answer: PendingOffsets) {
    if timestamp < -6 || answer.request.version < Self.firstVersions[timestamp] ?? 0 {
      return answer.fail(place, .unsupportedVersion)
    }
    let epoch = engine.store.epoch
    switch timestamp {
    case -1:
      answer.give(place, answer.isCommitted ? partition.stableEnd : partition.durable.end, .none, epoch)
    case -2, -4:
      answer.give(place, partition.durableStart, .none, partition.epochs.epoch(at: partition.durableStart) ?? epoch)
    case -5, -6: answer.give(place, Offset(-1), .none, -1)
    default:
      let sought: TimestampSought = timestamp == -3 ? .latest : .atOrAfter(Timestamp(milliseconds: timestamp))
      answer.lookUps.append(.init(place: place, partition: partition, sought: sought))
    }
  }
}

/// The searches by time of all requests.
struct LookupTurn {
  /// Begun in this turn.
  var begun = 0
  /// What had come out of compressed batches when it began.
  var expandedBefore = 0
  /// Those who wait for a turn that has time for them.
  var waiting: [() -> Void] = []
  /// Their next turn is due.
  var isScheduled = false
  /// It is theirs now.
  var isResuming = false
}

/// A ListOffsets whose searches are under way, a few at a time.
private final class PendingOffsets {
  struct LookUp {
    let place: (Int, Int)
    let partition: PartitionLog
    let sought: TimestampSought
  }

  let request: Request
  let isCommitted: Bool
  /// Searches that have not begun.
  var lookUps: [LookUp] = []
  private let door: KafkaDoor
  private var response: ListOffsetsResponse
  private var after = JournalSequence.start
  /// Searches that have begun and not ended.
  private var open = 0
  private var isGoingOn = false
  /// The next search begins in the next turn.
  private var isPutOff = false

  init(_ message: ListOffsetsRequest, _ request: Request, _ door: KafkaDoor) {
    self.request = request
    self.door = door
    isCommitted = message.isolationLevel == 1
    response = ListOffsetsResponse(
      topics: message.topics.map { topic in
        .init(name: topic.name, partitions: topic.partitions.map { .init(partitionIndex: $0.partitionIndex) })
      })
  }

  /// The answer shows an object that last changed at `sequence`.
  func sees(_ sequence: JournalSequence) { after = max(after, sequence) }

  func fail(_ place: (Int, Int), _ code: ErrorCode) {
    response.topics[place.0].partitions[place.1].errorCode = code.rawValue
  }

  func give(_ place: (Int, Int), _ offset: Offset, _ timestamp: Timestamp, _ epoch: Int32) {
    response.topics[place.0].partitions[place.1].offset = offset.value
    response.topics[place.0].partitions[place.1].timestamp = timestamp.milliseconds
    response.topics[place.0].partitions[place.1].leaderEpoch = epoch
  }

  /// Begins searches while few are under way; answers when all have ended, or drops them when nobody is left to answer.
  func goOn() {
    // A search that ends at once comes back here: the loop below goes on, instead of a call within a call.
    guard !isGoingOn else { return }
    isGoingOn = true
    while open < DoorLimits.lookupsPerRequest, !isPutOff, !lookUps.isEmpty, request.connection.socket.isOpen {
      guard door.mayLookUp(orElse: { [self] in nextTurnBegan() }), let next = lookUps.popLast() else {
        isPutOff = true
        break
      }
      open += 1
      door.engine.lookUp(next.sought, in: next.partition) { [self] found in
        open -= 1
        ended(next, found)
        goOn()
      }
    }
    isGoingOn = false
    if open == 0, lookUps.isEmpty { request.connection.answer(request, response, after: after) }
  }

  private func nextTurnBegan() {
    isPutOff = false
    goOn()
  }

  private func ended(_ lookUp: LookUp, _ found: LookupResult) {
    let partition = lookUp.partition
    let end = isCommitted ? partition.stableEnd : partition.durable.end
    // A log start on its way is as good as there for a search: its answer waits for it.
    if partition.start > partition.durableStart { sees(partition.lastChange) }
    switch found {
    case .found(let record) where record.offset < end:
      let epoch = partition.epochs.epoch(at: record.offset) ?? door.engine.store.epoch
      give(lookUp.place, record.offset, record.timestamp, epoch)
    case .found, .nothing: give(lookUp.place, Offset(-1), .none, -1)
    case .damaged(let reason):
      door.notice("a search by time in \(partition.key.folder) failed: \(reason)")
      fail(lookUp.place, .kafkaStorageError)
    }
  }
}
